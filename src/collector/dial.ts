import type { X509Certificate } from "node:crypto";
import { lookup as lookUpName } from "node:dns/promises";
import { type Socket, connect as connectTcp, isIP } from "node:net";
import { type ConnectionOptions, type SecureContext, connect as connectTls, createSecureContext } from "node:tls";
import { describeError } from "../lib/errors.ts";
import { expiryMs } from "../lib/peer-certificate.ts";
import { isAbort, orAborted, withDeadline } from "../lib/signals.ts";
import { CollectorUnreachableError } from "./errors.ts";
import { TlsWire } from "./tls-wire.ts";

/** Where a connection goes, and how long it may take. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  /** Undefined: plain TCP. */
  readonly tls: ConnectionOptions | undefined;
  /** SHA-256, lower case and without colons. Where there are any, they replace authority, name and dates. */
  readonly fingerprints?: readonly string[];
  readonly timeouts: { readonly connectMs: number };
  /** Told at each connection over TLS when the collector's certificate expires. */
  readonly onCertificate?: ((expiresMs: number) => void) | undefined;
  /** The system's own when left out. */
  readonly lookUp?: (host: string) => Promise<readonly string[]>;
}

/** A connection that stands. */
export interface Line {
  /** What is written to and read from. */
  readonly socket: Socket;
  /** The TCP connection below TLS; without TLS the same. */
  readonly tcp: Socket;
  /** What the collector has shown; Node gives it only once for each connection (24.21). */
  readonly certificate: X509Certificate | undefined;
}

/** What was found out about a target. */
interface Known {
  readonly addresses: readonly string[];
  readonly sinceMs: number;
  /** The one that answered last; it is tried first. */
  readonly good: string | undefined;
}

/** While connections succeed, a name is looked up again after this. After a failure it is at once. */
const KNOWN_MS = 30_000;

const known = new WeakMap<DialTarget, Known>();

/**
 * Tries all addresses of the host in turn, the one that answered last first. Rejects with `BRIDGE_COLLECTOR_UNREACHABLE`,
 * or the signal's reason.
 */
export async function dial(target: DialTarget, signal: AbortSignal): Promise<Line> {
  const { host, port, timeouts } = target;
  const where = `${bracketed(host)}:${port}`;
  const failures: string[] = [];
  let cause: unknown;
  try {
    const addresses = await addressesOf(target, signal);
    // A dead address must not eat up the time of the others.
    const limitMs = timeouts.connectMs / Math.min(addresses.length, MAX_SHARES);
    for (const address of addresses) {
      try {
        const line = await reach(target, address, limitMs, signal);
        known.set(target, { ...(known.get(target) ?? { addresses, sinceMs: performance.now() }), good: address });
        return line;
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        cause = error;
        failures.push(address === host ? describeError(error) : `${address}: ${describeError(error)}`);
      }
    }
  } catch (error) {
    if (isAbort(error, signal)) throw error;
    cause = error;
    failures.push(describeError(error));
  }
  expire(target);
  throw new CollectorUnreachableError(`no connection to ${where}: ${failures.join("; ")}`, { cause });
}

const MAX_SHARES = 3;

async function addressesOf(target: DialTarget, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(target.host) !== 0) return [target.host];
  const past = known.get(target);
  const addresses =
    past !== undefined && performance.now() - past.sinceMs < KNOWN_MS ? past.addresses : await lookUp(target, signal);
  const good = past?.good;
  if (good === undefined || !addresses.includes(good)) return addresses;
  return [good, ...addresses.filter((address) => address !== good)];
}

async function lookUp(target: DialTarget, signal: AbortSignal): Promise<readonly string[]> {
  const { host, timeouts, lookUp: ask = lookUpAll } = target;
  const past = known.get(target);
  using deadline = withDeadline(signal, timeouts.connectMs);
  try {
    const addresses = await orAborted(ask(host), deadline.signal);
    if (addresses.length === 0) throw new Error(`${host} has no address`);
    known.set(target, { addresses, sinceMs: performance.now(), good: past?.good });
    return addresses;
  } catch (error) {
    signal.throwIfAborted();
    // No answer is not "no such host": a collector that stands need not wait for its name server.
    if (past !== undefined && !(error instanceof Error && "code" in error && error.code === "ENOTFOUND"))
      return past.addresses;
    throw error;
  }
}

export async function lookUpAll(host: string): Promise<readonly string[]> {
  return (await lookUpName(host, { all: true, order: "verbatim" })).map(({ address }) => address);
}

/** The addresses are kept, should the name server be gone as well. */
function expire(target: DialTarget): void {
  const past = known.get(target);
  if (past !== undefined) known.set(target, { ...past, sinceMs: -Infinity });
}

async function reach(target: DialTarget, address: string, limitMs: number, signal: AbortSignal): Promise<Line> {
  const { port, tls } = target;
  using deadline = withDeadline(signal, limitMs);
  const tcp = connectTcp({ host: address, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
  let socket: Socket = tcp;
  let certificate: X509Certificate | undefined;
  try {
    await stands(tcp, "connect", deadline.signal);
    if (tls !== undefined) {
      const secured = connectTls(tlsOptions(target, tcp, tls));
      socket = secured;
      await stands(secured, "secureConnect", deadline.signal);
      certificate = secured.getPeerX509Certificate();
      checkFingerprint(certificate, target.fingerprints);
      const expiresMs = expiryMs(certificate);
      if (expiresMs !== undefined) target.onCertificate?.(expiresMs);
    }
    return { socket, tcp, certificate };
  } catch (error) {
    for (const each of [socket, tcp]) {
      // A socket that was given up may still break, and then nobody wants to know.
      each.on("error", () => undefined);
      each.destroy();
    }
    signal.throwIfAborted();
    if (deadline.signal.aborted) throw new Error(`no connection within ${limitMs / 1000} s`, { cause: error });
    throw error;
  }
}

async function stands(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (): void => reject(new Error("the collector closed the connection"));
  socket.once(event, resolve);
  socket.once("error", reject);
  socket.once("close", onClose);
  try {
    await orAborted(promise, signal);
  } finally {
    socket.off(event, resolve);
    socket.off("error", reject);
    socket.off("close", onClose);
  }
}

function tlsOptions({ host, fingerprints = [] }: DialTarget, tcp: Socket, tls: ConnectionOptions): ConnectionOptions {
  // SNI takes names only (RFC 6066 section 3).
  const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined);
  return {
    ...tls,
    secureContext: contextOf(tls),
    socket: new TlsWire(tcp),
    host,
    ...(servername === undefined ? {} : { servername }),
    ...(fingerprints.length === 0 ? {} : { rejectUnauthorized: false }),
  };
}

const contexts = new WeakMap<ConnectionOptions, SecureContext>();

/**
 * Made once for a target: certificates and keys are not read again for each connection, of which a window has its own. That
 * is a third of what a handshake costs here (1.8 ms of CPU and 1.2; 2-core EPYC VM, 2026-11-30).
 */
function contextOf(tls: ConnectionOptions): SecureContext {
  const made = contexts.get(tls) ?? createSecureContext(tls);
  contexts.set(tls, made);
  return made;
}

function checkFingerprint(certificate: X509Certificate | undefined, fingerprints: readonly string[] = []): void {
  if (fingerprints.length === 0) return;
  const found = certificate?.fingerprint256.replaceAll(":", "").toLowerCase();
  if (found === undefined || !fingerprints.includes(found))
    throw new Error(`the certificate's SHA-256 fingerprint is ${found ?? "missing"}, which is not in tls.fingerprints`);
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Frames } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { Connection, type ConnectionTarget } from "./connection.ts";
import { type Line, dial, lookUpAll } from "./dial.ts";
import { CollectorStalledError } from "./errors.ts";

/** One thing that was tried. */
export interface ProbeStep {
  readonly step: "dns" | "connect" | "tls" | "close" | "deliver";
  readonly ok: boolean;
  readonly detail: string;
  readonly ms: number;
}

/**
 * What a collector does when its connection is ended: `answered` cleanly after ours, `early` before ours or before it had
 * read everything, `never`, or `broken` by a reset or an alert.
 */
export type CloseAnswer = "answered" | "early" | "never" | "broken";

export interface TlsFacts {
  readonly protocol: string;
  readonly subject: string;
  readonly issuer: string;
  readonly validTo: string;
  readonly daysLeft: number;
  readonly fingerprint: string;
}

export interface StreamProbe {
  readonly steps: readonly ProbeStep[];
  readonly tls: TlsFacts | undefined;
  readonly close: CloseAnswer | undefined;
}

export interface ProbeLimits {
  /** How long the connection stands before it is ended: a collector that ends it meanwhile is too early. */
  readonly standMs: number;
  /** How long the collector may take to answer the close. */
  readonly answerMs: number;
}

export const PROBE_LIMITS: ProbeLimits = { standMs: 1000, answerMs: 5000 };

/** Tries a TCP or TLS collector: name, connection, TLS, and what it does when a connection with a test message is ended. */
export async function probeStream(
  target: ConnectionTarget,
  message: Frames,
  signal: AbortSignal,
  limits: ProbeLimits = PROBE_LIMITS,
): Promise<StreamProbe> {
  const { steps, tls } = await probeConnection(target, signal);
  if (steps.some(({ ok }) => !ok)) return { steps, tls, close: undefined };
  const startedMs = performance.now();
  const { answer, detail } = await endOne(target, message, limits, signal);
  const step: ProbeStep = { step: "close", ok: answer === "answered", detail, ms: since(startedMs) };
  return { steps: [...steps, step], tls, close: answer };
}

/** Name, connection and TLS; sends nothing. */
export async function probeConnection(
  target: ConnectionTarget,
  signal: AbortSignal,
): Promise<{ readonly steps: readonly ProbeStep[]; readonly tls: TlsFacts | undefined }> {
  const steps: ProbeStep[] = [];
  if (isIP(target.host) === 0) {
    const named = await attempt("dns", async () => (await (target.lookUp ?? lookUpAll)(target.host)).join(", "));
    steps.push(named);
    if (!named.ok) return { steps, tls: undefined };
  }
  let tls: TlsFacts | undefined;
  const connected = await attempt(target.tls === undefined ? "connect" : "tls", async () => {
    const line = await dial(target, signal);
    try {
      tls = target.tls === undefined ? undefined : factsOf(line);
      const to = `${line.tcp.remoteAddress}:${line.tcp.remotePort}`;
      return tls === undefined ? to : `${tls.protocol}, ${tls.subject}, ${tls.daysLeft} days left`;
    } finally {
      letGo(line);
    }
  });
  // Whether it is TLS or the way there.
  if (target.tls !== undefined) {
    steps.push(
      await attempt("connect", async () => {
        if (!connected.ok) letGo(await dial({ ...target, tls: undefined }, signal));
        return `port ${target.port}`;
      }),
    );
  }
  const isReached = steps.every(({ ok }) => ok);
  return { steps: isReached ? [...steps, connected] : steps, tls };
}

async function attempt(step: ProbeStep["step"], work: () => Promise<string>): Promise<ProbeStep> {
  const startedMs = performance.now();
  try {
    return { step, ok: true, detail: await work(), ms: since(startedMs) };
  } catch (error) {
    return { step, ok: false, detail: describeError(error), ms: since(startedMs) };
  }
}

async function endOne(
  target: ConnectionTarget,
  { bytes }: Frames,
  { standMs, answerMs }: ProbeLimits,
  signal: AbortSignal,
): Promise<{ answer: CloseAnswer; detail: string }> {
  const timeouts = { ...target.timeouts, stallMs: answerMs, confirmMs: answerMs, watchMs: 100 };
  let connection: Connection | undefined;
  try {
    connection = await Connection.open({ ...target, timeouts }, signal);
    await connection.write(bytes);
    await stand(connection, standMs);
    if (!connection.isOpen)
      return { answer: "early", detail: "it ended the connection before ours: nothing is proven" };
    const endedMs = performance.now();
    await connection.finish();
    return { answer: "answered", detail: `our close was answered cleanly after ${since(endedMs)} ms` };
  } catch (error) {
    if (error instanceof CollectorStalledError)
      return { answer: "never", detail: `our close was not answered within ${answerMs / 1000} s` };
    const isEarly = describeError(error).includes("before");
    return { answer: isEarly ? "early" : "broken", detail: describeError(error) };
  } finally {
    connection?.destroy();
  }
}

async function stand(connection: Connection, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([enough, connection.settled.catch(() => undefined)]);
  clearTimeout(timer);
}

function factsOf({ socket, certificate }: Line): TlsFacts {
  if (certificate === undefined) throw new Error("the collector has shown no certificate");
  const validTo = new Date(certificate.validTo);
  return {
    protocol: (socket as TLSSocket).getProtocol() ?? "TLS",
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validTo: validTo.toISOString(),
    daysLeft: Math.floor((validTo.getTime() - Date.now()) / DAY_MS),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

const DAY_MS = 86_400_000;

/** Of `CN=…` and `O=…`, a line each. */
function nameOf(subject: string | undefined): string {
  const parts = new Map(
    (subject ?? "").split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  return parts.get("CN") ?? parts.get("O") ?? "no name";
}

function letGo({ socket, tcp }: Line): void {
  for (const each of [socket, tcp]) {
    each.on("error", () => undefined);
    each.destroy();
  }
}

function since(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}

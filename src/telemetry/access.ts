import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";

/** Where the telemetry listens, and who may ask. */
export interface TelemetryOptions {
  readonly host: string;
  readonly port: number;
  /** Reads the bearer token anew. Undefined: none is asked for. */
  readonly token?: (() => string) | undefined;
  readonly tls?: TelemetryTls | undefined;
}

export interface TelemetryTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** The authority of client certificates. Undefined: none is asked for. */
  readonly clientCa: Buffer | undefined;
}

/** `stranger`: did not show what is asked for. `misled`: a browser that follows a name which somebody pointed at us. */
export type Access = "allowed" | "stranger" | "misled";

/** A client certificate or the token, whichever is configured; either is enough. */
export function accessOf({ socket, headers }: IncomingMessage, { token, tls }: TelemetryOptions): Access {
  if (token === undefined && tls?.clientCa === undefined) return isOurName(headers.host) ? "allowed" : "misled";
  if (tls?.clientCa !== undefined && socket instanceof TLSSocket && socket.authorized) return "allowed";
  if (token === undefined) return "stranger";
  const given = secretIn(headers.authorization ?? "");
  return given !== undefined && isSame(given, token()) ? "allowed" : "stranger";
}

/** How a program and how a browser may show the token. */
export const CHALLENGES = ["Bearer", 'Basic realm="s1bridge: any name, the token as password", charset="UTF-8"'];

/** The token: as such, or as the password of any user, which is how browsers ask for it. */
function secretIn(authorization: string): string | undefined {
  const [scheme = "", given = ""] = authorization.split(" ", 2);
  switch (scheme.toLowerCase()) {
    case "bearer":
      return given;
    case "basic": {
      const pair = Buffer.from(given, "base64").toString("utf8");
      return pair.includes(":") ? pair.slice(pair.indexOf(":") + 1) : undefined;
    }
    default:
      return undefined;
  }
}

/** Takes as long for a text that is nearly right as for any other. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/**
 * Where no token is asked for, only this machine can ask; but a browser on it runs scripts of strangers, whose own name may be
 * made to lead here (DNS rebinding). They can not make it an address, or `localhost`.
 */
function isOurName(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1");
  return isIP(name) !== 0 || /^(?:.+\.)?localhost$/i.test(name);
}

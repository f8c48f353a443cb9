import { createHash, timingSafeEqual } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import type { Metrics } from "./metrics.ts";
import type { BridgeStatus } from "./status.ts";

export interface TelemetrySource {
  readonly metrics: Metrics;
  status(): Promise<BridgeStatus>;
  /** What does not move although it could, in words. */
  standstills(status: BridgeStatus): readonly string[];
}

const PAGES = "/livez /readyz /metrics /api/status";

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

/** Serves the probes, the metrics and the status. Resolves when it listens; rejects when it can not. */
export async function serveTelemetry(options: TelemetryOptions, source: TelemetrySource): Promise<Telemetry> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response, source, isAllowed(request, options)).catch((error: Error) => response.destroy(error));
  };
  const server =
    options.tls === undefined ? createServer(listener) : createTlsServer(tlsOptions(options.tls), listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return new Telemetry(server);
}

function tlsOptions({ cert, key, clientCa }: TelemetryTls): object {
  // A probe without a certificate is let in as far as `isAllowed` does.
  const client = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  return { cert, key, minVersion: "TLSv1.2", ...client };
}

/** A client certificate or the token, whichever is configured; either is enough. */
function isAllowed({ socket, headers }: IncomingMessage, { token, tls }: TelemetryOptions): boolean {
  if (token === undefined && tls?.clientCa === undefined) return true;
  if (tls?.clientCa !== undefined && socket instanceof TLSSocket && socket.authorized) return true;
  const [scheme = "", given = ""] = (headers.authorization ?? "").split(" ", 2);
  return token !== undefined && scheme.toLowerCase() === "bearer" && isSame(given, token());
}

/** Takes as long for a text that is nearly right as for any other. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

export class Telemetry {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  source: TelemetrySource,
  allowed: boolean,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    reply(response, 405, "text/plain", "GET only\n");
    return;
  }
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (!allowed && pathname !== "/livez" && pathname !== "/readyz") {
    response.setHeader("www-authenticate", "Bearer");
    reply(response, 401, "text/plain", "not without a token or client certificate\n");
    return;
  }
  switch (pathname) {
    case "/livez": {
      // A spool that does not answer leaves this without an answer, which is what a probe has to see.
      const stuck = source.standstills(await source.status());
      const words = allowed ? stuck.join("\n") : "stuck";
      reply(response, stuck.length === 0 ? 200 : 503, "text/plain", stuck.length === 0 ? "ok\n" : `${words}\n`);
      return;
    }
    case "/readyz": {
      const { reasons } = await source.status();
      const words = allowed ? reasons.join("\n") : "not ready";
      reply(response, reasons.length === 0 ? 200 : 503, "text/plain", reasons.length === 0 ? "ok\n" : `${words}\n`);
      return;
    }
    case "/metrics":
      reply(response, 200, source.metrics.registry.contentType, await source.metrics.text());
      return;
    case "/api/status":
      reply(response, 200, "application/json", `${JSON.stringify(await source.status(), undefined, 2)}\n`);
      return;
    default:
      reply(response, 404, "text/plain", `not here; there are ${PAGES}\n`);
  }
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": type.includes("charset") ? type : `${type}; charset=utf-8`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

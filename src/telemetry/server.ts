import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
  createServer,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Access, CHALLENGES, type TelemetryOptions, type TelemetryTls, accessOf } from "./access.ts";
import type { HistoryReport } from "./history.ts";
import type { Metrics } from "./metrics.ts";
import type { BridgeStatus } from "./status.ts";
import { PAGE_HEADERS, statusPage } from "./status-page.ts";
import { StatusStream } from "./status-stream.ts";

export interface TelemetrySource {
  readonly metrics: Metrics;
  status(): Promise<BridgeStatus>;
  /** The last hours of what the status has. */
  history(status: BridgeStatus): HistoryReport;
  /** What does not move although it could, in words. */
  standstills(status: BridgeStatus): readonly string[];
}

const PAGES = "/ /livez /readyz /metrics /api/status /api/status/stream /api/history";

/** Serves the probes, the metrics, the status and its page. Resolves when it listens; rejects when it can not. */
export async function serveTelemetry(options: TelemetryOptions, source: TelemetrySource): Promise<Telemetry> {
  const stream = new StatusStream(() => source.status());
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const access = accessOf(request, options);
    answer(request, response, { source, stream, access }).catch((error: Error) => response.destroy(error));
  };
  const server =
    options.tls === undefined ? createServer(listener) : createTlsServer(tlsOptions(options.tls), listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return new Telemetry(server, stream);
}

function tlsOptions({ cert, key, clientCa }: TelemetryTls): object {
  // A probe without a certificate is let in as far as `accessOf` does.
  const client = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  return { cert, key, minVersion: "TLSv1.2", ...client };
}

export class Telemetry {
  readonly #server: Server;
  readonly #stream: StatusStream;

  constructor(server: Server, stream: StatusStream) {
    this.#server = server;
    this.#stream = stream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.#stream.close();
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

interface Asked {
  readonly source: TelemetrySource;
  readonly stream: StatusStream;
  readonly access: Access;
}

async function answer(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    reply(response, 405, "text/plain", "GET only\n");
    return;
  }
  // `//` is no address of ours, and none at all.
  const pathname = URL.parse(request.url ?? "/", "http://localhost")?.pathname ?? "";
  const isProbe = pathname === "/livez" || pathname === "/readyz";
  if (asked.access === "stranger" && !isProbe) {
    reply(response, 401, "text/plain", "not without a token or client certificate\n", {
      "www-authenticate": CHALLENGES,
    });
  } else if (asked.access === "misled" && !isProbe) {
    reply(response, 403, "text/plain", "ask for 127.0.0.1 or localhost: any name could be made to lead here\n");
  } else {
    await answerPage(pathname, request, response, asked);
  }
}

async function answerPage(
  pathname: string,
  { method }: IncomingMessage,
  response: ServerResponse,
  { source, stream, access }: Asked,
): Promise<void> {
  const probe = (reasons: readonly string[], withheld: string): void => {
    const words = access === "allowed" ? reasons.join("\n") : withheld;
    reply(response, reasons.length === 0 ? 200 : 503, "text/plain", reasons.length === 0 ? "ok\n" : `${words}\n`);
  };
  switch (pathname) {
    case "/":
      reply(response, 200, "text/html", statusPage(), PAGE_HEADERS);
      return;
    case "/livez":
      // A spool that does not answer leaves this without an answer, which is what a probe has to see.
      probe(source.standstills(await source.status()), "stuck");
      return;
    case "/readyz":
      probe((await source.status()).reasons, "not ready");
      return;
    case "/metrics":
      reply(response, 200, source.metrics.registry.contentType, await source.metrics.text());
      return;
    case "/api/status":
      replyJson(response, await source.status(), 2);
      return;
    case "/api/history":
      replyJson(response, source.history(await source.status()));
      return;
    case "/api/status/stream":
      if (method === "HEAD") reply(response, 200, "text/event-stream", "");
      else if (!stream.open(response)) reply(response, 503, "text/plain", "too many look already\n");
      return;
    default:
      reply(response, 404, "text/plain", `not here; there are ${PAGES}\n`);
  }
}

function replyJson(response: ServerResponse, content: object, indent?: number): void {
  reply(response, 200, "application/json", `${JSON.stringify(content, undefined, indent)}\n`);
}

function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    "content-type": type.includes("charset") ? type : `${type}; charset=utf-8`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(body);
}

import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";
import type { BridgeStatus } from "./status.ts";

export interface TelemetrySource {
  readonly metrics: Metrics;
  status(): Promise<BridgeStatus>;
}

const PAGES = "/livez /readyz /metrics /api/status";

/** Serves the probes, the metrics and the status. Resolves when it listens; rejects when it can not. */
export async function serveTelemetry(
  listen: { readonly host: string; readonly port: number },
  source: TelemetrySource,
): Promise<Telemetry> {
  const server = createServer((request, response) => {
    answer(request, response, source).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return new Telemetry(server);
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

async function answer(request: IncomingMessage, response: ServerResponse, source: TelemetrySource): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    reply(response, 405, "text/plain", "GET only\n");
    return;
  }
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  switch (pathname) {
    case "/livez":
      reply(response, 200, "text/plain", "ok\n");
      return;
    case "/readyz": {
      const { reasons } = await source.status();
      reply(
        response,
        reasons.length === 0 ? 200 : 503,
        "text/plain",
        reasons.length === 0 ? "ok\n" : `${reasons.join("\n")}\n`,
      );
      return;
    }
    case "/metrics":
      reply(response, 200, source.metrics.registry.contentType, await source.metrics.registry.metrics());
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

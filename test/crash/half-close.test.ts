import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "vitest";
import type { Frames } from "../../src/bridge/ports.ts";
import { DEFAULT_TIMEOUTS } from "../../src/collector/connection.ts";
import { StreamCollector } from "../../src/collector/stream.ts";
import { makeCertificates } from "../support/tls.ts";

/**
 * The kernel of a process that is killed ends its connections cleanly when it has read what had come so far, and resets
 * them only when more comes. Our side then reads a clean end, and no error: shutdown() and read() do not tell the reset.
 */
describe("a window whose last message meets a collector that has just died", () => {
  test("is not confirmed over TCP", async () => {
    expect(await failureOver("tcp")).toMatchObject({ code: "BRIDGE_COLLECTOR_BROKEN" });
  });

  test("is not confirmed over TLS", async () => {
    expect(await failureOver("tls")).toMatchObject({ code: "BRIDGE_COLLECTOR_BROKEN" });
  });
});

/** The error of such a delivery; undefined when it was confirmed. */
async function failureOver(transport: "tcp" | "tls"): Promise<unknown> {
  using certificates = makeCertificates();
  const { cert, key } = certificates.server;
  const sockets: Socket[] = [];
  const server =
    transport === "tcp" ? createServer({ allowHalfOpen: true }) : createTlsServer({ cert, key, allowHalfOpen: true });
  // With TLS this is the connection below.
  server.on("connection", (socket: Socket) => sockets.push(socket));
  const reading = transport === "tcp" ? "connection" : "secureConnection";
  const received = new Promise<void>((resolve) => {
    server.on(reading, (socket: Socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => resolve());
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const tls = transport === "tcp" ? undefined : { ca: certificates.ca, servername: "localhost" };
  const collector = new StreamCollector({ host: "127.0.0.1", port, tls, timeouts: DEFAULT_TIMEOUTS, confirms: true });

  async function* window(): AsyncGenerator<Frames> {
    yield { bytes: Buffer.from("first\n"), count: 1 };
    await received;
    for (const socket of sockets) socket.destroy();
    yield { bytes: Buffer.from("second\n"), count: 1 };
  }

  const failure: unknown = await collector
    .deliver(window(), new AbortController().signal)
    .catch((error: unknown) => error);
  await collector.close();
  server.close();
  return failure;
}

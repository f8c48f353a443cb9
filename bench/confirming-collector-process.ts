import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";

/** A collector that keeps when it confirmed each message, by the id in its key. Asked anything, it tells. */
const confirmedMs: Record<string, number> = {};
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void read(socket));
await once(server.listen(0, "127.0.0.1"), "listening");
process.send?.({ address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
process.on("message", () => process.send?.(confirmedMs));
process.on("disconnect", () => process.exit(0));

async function read(socket: Socket): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  socket.end();
  const atMs = Date.now();
  for (const [, id = ""] of Buffer.concat(chunks)
    .toString("latin1")
    .matchAll(/S1eventKey=activities\/(\d+)/g)) {
    confirmedMs[id] ??= atMs;
  }
}

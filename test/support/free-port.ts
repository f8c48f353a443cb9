import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** Nobody listens here, and no program is ever given it by chance: a port that was free a moment ago may be another test's. */
export const REFUSING_PORT = 1;

/** A TCP port of the loopback that was free a moment ago, for programs that can not choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

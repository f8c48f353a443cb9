import { parentPort, workerData } from "node:worker_threads";
import { type Request, perform, toFailure } from "./protocol.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { SpoolStore, type StoreOptions, type StoredBlock } from "./store.ts";

/** The thread that owns the spool's database: SQLite is synchronous, and a commit waits for the disk. */

if (parentPort === null) throw new Error("spool/worker.ts runs as a worker thread only");
const port = parentPort;

try {
  const store = new SpoolStore(workerData as StoreOptions);
  port.postMessage({ end: store.end, positions: store.positions, forgotten: store.forgotten });
  port.on("message", (request: Request) => {
    try {
      const value = perform(store, request);
      port.postMessage({ id: request.id, value });
      if (isBlock(value)) releaseBuffer(value.body);
    } catch (error) {
      port.postMessage({ id: request.id, failure: toFailure(error) });
    }
    if (request.operation === "close") port.close();
  });
} catch (error) {
  port.postMessage({ failure: toFailure(error) });
}

/** What was posted has been copied. */
function isBlock(value: unknown): value is StoredBlock {
  return typeof value === "object" && value !== null && "body" in value;
}

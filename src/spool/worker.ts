import { once } from "node:events";
import { parentPort } from "node:worker_threads";
import { type Answer, type Opened, type Request, type ThreadOptions, perform, toFailure } from "./protocol.ts";
import { Queues } from "./queues.ts";
import { SpoolStore } from "./store.ts";

/**
 * The thread that owns the spool's database: SQLite is synchronous, and a commit waits for the disk. It also renders what
 * it reads, see rendered.ts. The first message has its options: it may have been begun before anybody knew them.
 */

if (parentPort === null) throw new Error("spool/worker.ts runs as a worker thread only");
const port = parentPort;

try {
  const [{ renderers, ...options }] = (await once(port, "message")) as [ThreadOptions];
  const store = SpoolStore.open(options);
  const queues = new Queues(store);
  await queues.begin({ renderers, router: options.router });
  const { end, positions, forgotten, salvaged, repairs } = store;
  tell({ end, positions, forgotten, salvaged, repairs });
  const fail = (id: number, error: unknown): void => tell({ id, failure: toFailure(store.explain(error)) });
  port.on("message", (request: Request) => {
    const { id, operation } = request;
    try {
      const value = perform(store, queues, request);
      // Only a change of the collectors takes its time; the others are answered in their order, and at once.
      if (value instanceof Promise) {
        value.then(
          (settled: unknown) => tell({ id, value: settled }),
          (error: unknown) => fail(id, error),
        );
      } else tell({ id, value });
    } catch (error) {
      fail(id, error);
    }
    if (operation === "close") port.close();
  });
} catch (error) {
  tell({ failure: toFailure(error) });
}

/** Messages are handed over, not copied. Short ones share their memory with others and have to be. */
function tell(message: Answer | Opened): void {
  const { bytes } = (("value" in message ? message.value : undefined) ?? {}) as { bytes?: Buffer };
  const isOwn = bytes !== undefined && bytes.length > Buffer.poolSize && bytes.buffer.byteLength === bytes.length;
  port.postMessage(message, isOwn ? [bytes.buffer as ArrayBuffer] : []);
}

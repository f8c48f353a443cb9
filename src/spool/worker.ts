import { parentPort, workerData } from "node:worker_threads";
import { type Answer, type Opened, type Request, type ThreadOptions, perform, toFailure } from "./protocol.ts";
import { RenderedQueue, type Renderer, type RendererSource } from "./rendered.ts";
import { SpoolStore } from "./store.ts";

/**
 * The thread that owns the spool's database: SQLite is synchronous, and a commit waits for the disk. It also renders what
 * it reads, see rendered.ts.
 */

if (parentPort === null) throw new Error("spool/worker.ts runs as a worker thread only");
const port = parentPort;

try {
  const { renderers, ...options } = workerData as ThreadOptions;
  const store = new SpoolStore(options);
  const queues = new Map<string, RenderedQueue>();
  for (const [collector, source] of Object.entries(renderers)) {
    queues.set(collector, new RenderedQueue(store, await loadRenderer(source)));
  }
  tell({ end: store.end, positions: store.positions, forgotten: store.forgotten });
  port.on("message", (request: Request) => {
    try {
      tell({ id: request.id, value: perform(store, queues, request) });
    } catch (error) {
      tell({ id: request.id, failure: toFailure(error) });
    }
    if (request.operation === "close") port.close();
  });
} catch (error) {
  tell({ failure: toFailure(error) });
}

async function loadRenderer({ module, options }: RendererSource): Promise<Renderer> {
  const { createRenderer } = (await import(module)) as { createRenderer: (options: unknown) => Renderer };
  return createRenderer(options);
}

/** Messages are handed over, not copied. Short ones share their memory with others and have to be. */
function tell(message: Answer | Opened): void {
  const { bytes } = (("value" in message ? message.value : undefined) ?? {}) as { bytes?: Buffer };
  const isOwn = bytes !== undefined && bytes.length > Buffer.poolSize && bytes.buffer.byteLength === bytes.length;
  port.postMessage(message, isOwn ? [bytes.buffer as ArrayBuffer] : []);
}

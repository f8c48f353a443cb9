import { parentPort, workerData } from "node:worker_threads";
import { type Answer, type Opened, type Request, type ThreadOptions, perform, toFailure } from "./protocol.ts";
import { type Router, UnpackedBlocks } from "./blocks.ts";
import { RenderedQueue, type Renderer, type ModuleSource } from "./rendered.ts";
import { SpoolStore } from "./store.ts";

/**
 * The thread that owns the spool's database: SQLite is synchronous, and a commit waits for the disk. It also renders what
 * it reads, see rendered.ts.
 */

if (parentPort === null) throw new Error("spool/worker.ts runs as a worker thread only");
const port = parentPort;

try {
  const { renderers, router, ...options } = workerData as ThreadOptions;
  const store = new SpoolStore(options);
  const blocks = new UnpackedBlocks(
    store,
    router === undefined ? undefined : await load<Router>("createRouter", router),
  );
  const queues = new Map<string, RenderedQueue>();
  for (const [collector, source] of Object.entries(renderers)) {
    const render = await load<Renderer>("createRenderer", source);
    queues.set(collector, new RenderedQueue(collector, { store, blocks, render, countsUnrouted: queues.size === 0 }));
  }
  const { end, positions, forgotten, salvaged, repairs } = store;
  tell({ end, positions, forgotten, salvaged, repairs });
  port.on("message", (request: Request) => {
    try {
      tell({ id: request.id, value: perform(store, queues, request) });
    } catch (error) {
      tell({ id: request.id, failure: toFailure(store.explain(error)) });
    }
    if (request.operation === "close") port.close();
  });
} catch (error) {
  tell({ failure: toFailure(error) });
}

async function load<T>(name: string, { module, options }: ModuleSource): Promise<T> {
  const { [name]: create } = (await import(module)) as Record<string, (options: unknown) => T>;
  if (create === undefined) throw new Error(`${module} has no ${name}`);
  return create(options);
}

/** Messages are handed over, not copied. Short ones share their memory with others and have to be. */
function tell(message: Answer | Opened): void {
  const { bytes } = (("value" in message ? message.value : undefined) ?? {}) as { bytes?: Buffer };
  const isOwn = bytes !== undefined && bytes.length > Buffer.poolSize && bytes.buffer.byteLength === bytes.length;
  port.postMessage(message, isOwn ? [bytes.buffer as ArrayBuffer] : []);
}

import { type Router, UnpackedBlocks } from "./blocks.ts";
import type { Forgotten } from "./places.ts";
import { type ModuleSource, type RenderedBatch, RenderedQueue, type Renderer } from "./rendered.ts";
import type { SpoolStore } from "./store.ts";

/** How each collector's messages are made, by its name, and which events it gets. */
export interface CollectorSources {
  readonly renderers: Readonly<Record<string, ModuleSource>>;
  /** Undefined when every collector gets everything. */
  readonly router: ModuleSource | undefined;
}

/** What became of the collectors. */
export interface ConfiguredCollectors {
  readonly positions: ReadonlyMap<string, number>;
  /** Those that are not configured any more. */
  readonly forgotten: readonly Forgotten[];
}

/** Each collector's view of the queue, in the spool's thread. They can be exchanged while the store is open. */
export class Queues {
  readonly #store: SpoolStore;
  #queues: ReadonlyMap<string, RenderedQueue> = new Map();

  constructor(store: SpoolStore) {
    this.#store = store;
  }

  /** For the collectors that the store was opened with. */
  async begin(sources: CollectorSources): Promise<void> {
    this.#queues = await this.#load(sources);
  }

  /** Everything is loaded first: a module that can not be loaded leaves all as it was. */
  async configure(sources: CollectorSources): Promise<ConfiguredCollectors> {
    const queues = await this.#load(sources);
    const forgotten = this.#store.registerCollectors([...queues.keys()]);
    this.#queues = queues;
    return { positions: this.#store.positions, forgotten };
  }

  read(collector: string, position: number, maxEvents: number): RenderedBatch | undefined {
    return this.#queues.get(collector)?.read(position, maxEvents);
  }

  async #load({ renderers, router }: CollectorSources): Promise<ReadonlyMap<string, RenderedQueue>> {
    const store = this.#store;
    const route = router === undefined ? undefined : await load<Router>("createRouter", router);
    const blocks = new UnpackedBlocks(store, route, Object.keys(renderers).length);
    const queues = new Map<string, RenderedQueue>();
    for (const [collector, source] of Object.entries(renderers)) {
      const render = await load<Renderer>("createRenderer", source);
      queues.set(collector, new RenderedQueue(collector, { store, blocks, render, countsUnrouted: queues.size === 0 }));
    }
    return queues;
  }
}

async function load<T>(name: string, { module, options }: ModuleSource): Promise<T> {
  const { [name]: create } = (await import(module)) as Record<string, (options: unknown) => T>;
  if (create === undefined) throw new Error(`${module} has no ${name}`);
  return create(options);
}

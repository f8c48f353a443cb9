import { type PastRouter, type Router, UnpackedBlocks } from "./blocks.ts";
import type { Forgotten } from "./places.ts";
import { type ModuleSource, type RenderedBatch, RenderedQueue, type Renderer } from "./rendered.ts";
import type { PastRoutes, RouterSource } from "./routes.ts";
import type { SpoolStore } from "./store.ts";

/** How each collector's messages are made, by its name, and which events it gets. */
export interface CollectorSources {
  readonly renderers: Readonly<Record<string, ModuleSource>>;
  /** Undefined when every collector gets everything, and always did. */
  readonly router?: RouterSource | undefined;
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
    this.#queues = await this.#made(await loaded(sources));
  }

  /** Everything is loaded first: a module that can not be loaded leaves all as it was. */
  async configure(sources: CollectorSources): Promise<ConfiguredCollectors> {
    const modules = await loaded(sources);
    const forgotten = this.#store.registerCollectors(Object.keys(sources.renderers), sources.router);
    this.#queues = await this.#made(modules);
    return { positions: this.#store.positions, forgotten };
  }

  read(collector: string, position: number | undefined, maxEvents: number): RenderedBatch | undefined {
    return this.#queues.get(collector)?.read(position, maxEvents);
  }

  async #made({ renderers, route, router }: Loaded): Promise<ReadonlyMap<string, RenderedQueue>> {
    const store = this.#store;
    const names = [...renderers.keys()];
    const past = router === undefined ? [] : await pastRouters(router, store.pastRoutes());
    const blocks = new UnpackedBlocks(store, { route, past, names });
    const [first] = names;
    return new Map(
      [...renderers].map(([collector, render]) => [
        collector,
        new RenderedQueue(collector, { store, blocks, render, countsUnrouted: collector === first }),
      ]),
    );
  }
}

interface Loaded {
  readonly renderers: ReadonlyMap<string, Renderer>;
  readonly route: Router | undefined;
  readonly router: RouterSource | undefined;
}

async function loaded({ renderers: sources, router }: CollectorSources): Promise<Loaded> {
  const renderers = new Map<string, Renderer>();
  // Collectors that want the same share one: it has tables and code of its own.
  const made = new Map<string, Promise<Renderer>>();
  for (const [collector, source] of Object.entries(sources)) {
    const alike = JSON.stringify(source);
    const renderer = made.get(alike) ?? load<Renderer>("createRenderer", source);
    made.set(alike, renderer);
    renderers.set(collector, await renderer);
  }
  const route = router === undefined || router.isAlike ? undefined : await load<Router>("createRouter", router);
  return { renderers, route, router };
}

async function pastRouters({ module }: RouterSource, past: readonly PastRoutes[]): Promise<PastRouter[]> {
  return await Promise.all(
    past.map(async ({ options, places }) => ({
      places,
      route: await load<Router>("createRouter", { module, options }),
    })),
  );
}

async function load<T>(name: string, { module, options }: ModuleSource): Promise<T> {
  const { [name]: create } = (await import(module)) as Record<string, (options: unknown) => T>;
  if (create === undefined) throw new Error(`${module} has no ${name}`);
  return create(options);
}

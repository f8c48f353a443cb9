import type { SecurityEvent } from "../event/event.ts";
import { describeError } from "../lib/errors.ts";
import { type BlockEvent, type UnpackedEvents, unpackBlock } from "./block.ts";
import type { StoredBlock } from "./queue.ts";
import { type PlacesThen, dueNow, reachOf } from "./routes.ts";
import type { SpoolStore } from "./store.ts";

/** Where an event goes. */
export interface Routing {
  readonly collectors: readonly string[];
  /** The site, account or console of the event, in words. */
  readonly belongsTo: string;
}

/** Decides by the record which collectors get an event. */
export type Router = (event: SecurityEvent) => Routing;

/** The routes of a time before, and where everybody was at its end. */
export interface PastRouter {
  readonly route: Router;
  readonly places: PlacesThen;
}

/** Who gets what. */
export interface Routes {
  /** Undefined: everybody gets everything. */
  readonly route: Router | undefined;
  readonly past: readonly PastRouter[];
  readonly names: readonly string[];
}

export interface UnpackedBlock extends UnpackedEvents {
  readonly block: StoredBlock;
  /** For each event; undefined when every collector gets everything. */
  readonly routings: readonly Routing[] | undefined;
}

/** Nobody has this name: an event for it is for none of the collectors, and not without one either. */
const NOBODY = "";

/** What was asked for by one collector goes to that one, and to no one that does not get such events. */
function narrowed(routing: Routing | undefined, collector: string): Routing {
  if (routing === undefined) return { collectors: [collector], belongsTo: "" };
  if (routing.collectors.length === 0) return routing;
  return { ...routing, collectors: routing.collectors.includes(collector) ? [collector] : [NOBODY] };
}

const NO_EVENTS: UnpackedEvents = { events: [], release: () => undefined };

const UNREADABLE: Routing = { collectors: [], belongsTo: "records that can not be read" };

/** Collectors that keep up with each other read the same blocks; each is up to a megabyte of text. */
const MAX_HELD_BLOCKS = 4;

/** The blocks that are being read, unpacked and routed once for all collectors. */
export class UnpackedBlocks {
  readonly #store: SpoolStore;
  readonly #routes: Routes;
  /** What lies before may be gone over again, see routes.ts. */
  readonly #reach: number;
  readonly #maxHeld: number;
  #held: readonly UnpackedBlock[] = [];

  constructor(store: SpoolStore, routes: Routes) {
    this.#store = store;
    this.#maxHeld = Math.max(1, Math.min(routes.names.length, MAX_HELD_BLOCKS));
    this.#routes = routes;
    this.#reach = reachOf(routes.past);
  }

  /** The block that holds the position; undefined at the end of the queue. */
  at(position: number): UnpackedBlock | undefined {
    const held = this.#held.find(({ block }) => position >= block.position && position < block.end);
    if (held !== undefined) return held;
    const block = this.#store.read(position);
    if (block === undefined) return undefined;
    const unpacked = this.#unpack(block);
    for (const { release } of this.#held.slice(this.#maxHeld - 1)) release();
    this.#held = [unpacked, ...this.#held.slice(0, this.#maxHeld - 1)];
    return unpacked;
  }

  #typeNames({ console, feed }: StoredBlock): ReadonlyMap<number, string> | undefined {
    return feed === "activities" ? this.#store.typeNames(console) : undefined;
  }

  #unpack(block: StoredBlock): UnpackedBlock {
    const { events, release } = this.#events(block);
    const { route } = this.#routes;
    const now = route && events.map((event) => this.#route(route, block, event));
    const routings = block.position < this.#reach ? this.#overAgain(block, events, now) : now;
    const { onlyFor } = block;
    if (onlyFor === undefined) return { block, events, release, routings };
    return { block, events, release, routings: events.map((_, at) => narrowed(routings?.[at], onlyFor)) };
  }

  /** What is gone over again goes to those who did not have it. Nowhere is counted once, and not here. */
  #overAgain(block: StoredBlock, events: readonly BlockEvent[], now: readonly Routing[] | undefined): Routing[] {
    const { past, names } = this.#routes;
    const ends = past.map(({ places }) => places);
    return events.map((event, at) => {
      const routing = now?.[at] ?? { collectors: names, belongsTo: "" };
      const before = past.map(({ route }) => this.#route(route, block, event).collectors);
      const due = dueNow(block.position + at, [...before, routing.collectors], ends);
      return { ...routing, collectors: due.length === 0 ? [NOBODY] : due };
    });
  }

  /** Routing is total; should it fail all the same, the event is set aside: better nowhere than with the wrong one. */
  #route(router: Router, block: StoredBlock, event: BlockEvent): Routing {
    try {
      return router(event);
    } catch (error) {
      const reason = `can not be routed: ${describeError(error)}`;
      this.#store.keepDeadLetters(block, [{ reason, text: event.text }]);
      return UNREADABLE;
    }
  }

  /** None where a block is lost. Throws when it is there and damaged: the store is opened again, without it. */
  #events(block: StoredBlock): UnpackedEvents {
    if (block.body === undefined) return NO_EVENTS;
    try {
      const unpacked = unpackBlock(block.body, { ...block, typeNames: this.#typeNames(block) });
      if (unpacked.events.length > block.end - block.position) throw new Error("it reaches into the next one");
      return unpacked;
    } catch (error) {
      throw this.#store.damagedBlock(block.position, error);
    }
  }
}

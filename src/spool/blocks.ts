import type { SecurityEvent } from "../event/event.ts";
import { describeError } from "../lib/errors.ts";
import { type BlockEvent, unpackBlock } from "./block.ts";
import type { StoredBlock } from "./queue.ts";
import type { SpoolStore } from "./store.ts";

/** Where an event goes. */
export interface Routing {
  readonly collectors: readonly string[];
  /** The site, account or console of the event, in words. */
  readonly belongsTo: string;
}

/** Decides by the record which collectors get an event. */
export type Router = (event: SecurityEvent) => Routing;

export interface UnpackedBlock {
  readonly block: StoredBlock;
  /** None when the block is lost. */
  readonly events: readonly BlockEvent[];
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

const UNREADABLE: Routing = { collectors: [], belongsTo: "records that can not be read" };

/** Collectors that keep up with each other read the same blocks; each is up to a megabyte of text. */
const MAX_HELD_BLOCKS = 4;

/** The blocks that are being read, unpacked and routed once for all collectors. */
export class UnpackedBlocks {
  readonly #store: SpoolStore;
  readonly #router: Router | undefined;
  readonly #maxHeld: number;
  #held: readonly UnpackedBlock[] = [];

  constructor(store: SpoolStore, router: Router | undefined, collectors: number) {
    this.#store = store;
    this.#maxHeld = Math.max(1, Math.min(collectors, MAX_HELD_BLOCKS));
    this.#router = router;
  }

  /** The block that holds the position; undefined at the end of the queue. */
  at(position: number): UnpackedBlock | undefined {
    const held = this.#held.find(({ block }) => position >= block.position && position < block.end);
    if (held !== undefined) return held;
    const block = this.#store.read(position);
    if (block === undefined) return undefined;
    const unpacked = this.#unpack(block);
    this.#held = [unpacked, ...this.#held.slice(0, this.#maxHeld - 1)];
    return unpacked;
  }

  #typeNames({ console, feed }: StoredBlock): ReadonlyMap<number, string> | undefined {
    return feed === "activities" ? this.#store.typeNames(console) : undefined;
  }

  #unpack(block: StoredBlock): UnpackedBlock {
    const events = this.#events(block);
    const router = this.#router;
    const routings = router && events.map((event) => this.#route(router, block, event));
    const { onlyFor } = block;
    if (onlyFor === undefined) return { block, events, routings };
    return { block, events, routings: events.map((_, at) => narrowed(routings?.[at], onlyFor)) };
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
  #events(block: StoredBlock): BlockEvent[] {
    if (block.body === undefined) return [];
    try {
      const events = unpackBlock(block.body, { ...block, typeNames: this.#typeNames(block) });
      if (events.length > block.end - block.position) throw new Error("it reaches into the next one");
      return events;
    } catch (error) {
      throw this.#store.damagedBlock(block.position, error);
    }
  }
}

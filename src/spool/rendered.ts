import type { SecurityEvent } from "../event/event.ts";
import { describeError } from "../lib/errors.ts";
import type { BatchFacts, FeedKey, Unrouted } from "../bridge/ports.ts";
import type { BlockEvent } from "./block.ts";
import type { UnpackedBlock, UnpackedBlocks } from "./blocks.ts";
import { Output } from "./output.ts";
import type { StoredBlock } from "./queue.ts";
import type { SpoolStore } from "./store.ts";

/** Writes the message of an event with its framing. Throws with nothing written. */
export type Renderer = (event: SecurityEvent, output: Output) => void;

/** Where the spool's thread finds what it must not know: a module and the options for what it makes. */
export interface ModuleSource {
  readonly module: string;
  readonly options: unknown;
}

/** Events as messages. What could not be read or rendered is in `damaged`, and kept. */
export interface RenderedBatch extends BatchFacts {
  readonly bytes: Buffer;
  readonly count: number;
  readonly times: Float64Array;
}

/**
 * One collector's view of the queue. It renders in the spool's thread, beside the database that mostly waits for the
 * disk, so that unpacking, mapping and encoding do not take turns with the pages that come in.
 */
export class RenderedQueue {
  readonly #collector: string;
  readonly #store: SpoolStore;
  readonly #blocks: UnpackedBlocks;
  readonly #render: Renderer;
  readonly #countsUnrouted: boolean;
  /** Of what was read last; undefined when nothing is behind it, or nothing was read. */
  #end: number | undefined;

  constructor(collector: string, { store, blocks, render, countsUnrouted }: QueueParts) {
    this.#collector = collector;
    this.#store = store;
    this.#blocks = blocks;
    this.#render = render;
    this.#countsUnrouted = countsUnrouted;
  }

  /**
   * The collector's events from `position` to the end of its block, at most `maxEvents`; undefined at the end of the queue.
   * Without a position: behind what was read last.
   */
  read(position: number | undefined, maxEvents: number): RenderedBatch | undefined {
    const from = position ?? this.#end;
    this.#end = undefined;
    const batch = from === undefined ? undefined : this.#read(from, maxEvents);
    this.#end = batch?.end;
    return batch;
  }

  #read(position: number, maxEvents: number): RenderedBatch | undefined {
    const unpacked = this.#blocks.at(position);
    if (unpacked === undefined) return undefined;
    const { block, events, routings } = unpacked;
    const first = position - block.position;
    if (first >= events.length) {
      const damaged = block.isDropped === true ? 0 : block.end - position;
      if (damaged > 0) this.#store.passOver(this.#collector, position, block.end);
      return { ...NOTHING, end: block.end, damaged, ...originIfKnown(block) };
    }
    if (routings === undefined) {
      const taken = events.slice(first, first + maxEvents);
      return { ...this.#renderAll(block, taken), end: position + taken.length, unrouted: NOWHERE };
    }
    const { taken, last, unrouted } = this.#pick({ events, routings, first, maxEvents });
    return { ...this.#renderAll(block, taken), end: block.position + last, unrouted };
  }

  /** The events that are for this collector, and where looking for them ended. */
  #pick({ events, routings, first, maxEvents }: Stretch): Picked {
    const taken: BlockEvent[] = [];
    const unrouted: Record<string, number> = {};
    let at = first;
    for (; at < events.length && taken.length < maxEvents; at++) {
      const [event, routing] = [events[at], routings[at]];
      if (event === undefined || routing === undefined) continue;
      if (routing.collectors.includes(this.#collector)) taken.push(event);
      else if (this.#countsUnrouted && routing.collectors.length === 0)
        unrouted[routing.belongsTo] = (unrouted[routing.belongsTo] ?? 0) + 1;
    }
    return { taken, last: at, unrouted };
  }

  #renderAll(block: StoredBlock, events: readonly BlockEvent[]): Omit<RenderedBatch, "end" | "unrouted"> {
    const times: number[] = [];
    const unmapped: string[] = [];
    for (const event of events) {
      try {
        this.#render(event, OUTPUT);
        times.push(event.time);
      } catch (error) {
        // Mapping is total; should it fail all the same, one event is set aside and the others go on.
        const reason = `can not be mapped: ${describeError(error)}`;
        unmapped.push(reason);
        this.#store.keepDeadLetters(block, [{ reason, text: event.text }]);
      }
    }
    const newest = events.at(-1)?.time;
    return {
      bytes: OUTPUT.take(),
      count: times.length,
      newest,
      damaged: unmapped.length,
      ...(unmapped.length === 0 ? {} : { unmapped }),
      origin: originOf(block),
      times: Float64Array.from(times),
    };
  }
}

/** One for the whole thread, which renders one batch at a time. */
const OUTPUT = new Output();

/** Where a block is lost, nobody knows whose it was. */
function originIfKnown(block: StoredBlock): { origin?: FeedKey } {
  return block.body === undefined ? {} : { origin: originOf(block) };
}

function originOf({ console, feed }: StoredBlock): FeedKey {
  return { console, feed };
}

const NOWHERE: Unrouted = {};
const NOTHING = { bytes: Buffer.alloc(0), count: 0, newest: undefined, unrouted: NOWHERE, times: new Float64Array() };

/** What a queue is made of. */
export interface QueueParts {
  readonly store: SpoolStore;
  readonly blocks: UnpackedBlocks;
  readonly render: Renderer;
  /** One of the collectors counts what goes to none of them. */
  readonly countsUnrouted: boolean;
}

interface Stretch extends Pick<UnpackedBlock, "events"> {
  readonly routings: NonNullable<UnpackedBlock["routings"]>;
  readonly first: number;
  readonly maxEvents: number;
}

interface Picked {
  readonly taken: readonly BlockEvent[];
  /** Within the block, behind the last event that was looked at. */
  readonly last: number;
  readonly unrouted: Unrouted;
}

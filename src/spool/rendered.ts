import type { SecurityEvent } from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import { describeError } from "../lib/errors.ts";
import { type BlockEvent, unpackBlock } from "./block.ts";
import type { SpoolStore, StoredBlock } from "./store.ts";

/** Makes an event a message with its framing. */
export type Renderer = (event: SecurityEvent) => string;

/** Where the spool's thread finds the renderer of a collector: a module with `createRenderer(options)`. */
export interface RendererSource {
  readonly module: string;
  readonly options: unknown;
}

/** Events as messages. What could not be read or rendered is in `damaged`, and kept. */
export interface RenderedBatch {
  readonly bytes: Buffer;
  readonly count: number;
  readonly end: number;
  readonly newest: Micros | undefined;
  readonly damaged: number;
}

interface Held {
  readonly block: StoredBlock;
  /** None when the block is damaged. */
  readonly events: readonly BlockEvent[];
}

/**
 * One collector's view of the queue. It renders in the spool's thread, beside the database that mostly waits for the
 * disk, so that unpacking, mapping and encoding do not take turns with the pages that come in. Holds one block.
 */
export class RenderedQueue {
  readonly #store: SpoolStore;
  readonly #render: Renderer;
  #held: Held | undefined;

  constructor(store: SpoolStore, render: Renderer) {
    this.#store = store;
    this.#render = render;
  }

  /** The events from `position` to the end of its block, at most `maxEvents`; undefined at the end of the queue. */
  read(position: number, maxEvents: number): RenderedBatch | undefined {
    const held = this.#hold(position);
    if (held === undefined) return undefined;
    const { block, events } = held;
    const first = position - block.position;
    if (events.length === 0) return { ...NOTHING, end: block.position + block.count, damaged: block.count - first };
    return this.#renderAll(block, events.slice(first, first + maxEvents), position);
  }

  #hold(position: number): Held | undefined {
    const held = this.#held?.block;
    if (held !== undefined && position >= held.position && position < held.position + held.count) return this.#held;
    const block = this.#store.read(position);
    this.#held = block === undefined ? undefined : { block, events: this.#unpack(block) };
    return this.#held;
  }

  /** None when the bytes are damaged: what can be read is delivered, and this block is kept for whoever wants to try. */
  #unpack(block: StoredBlock): BlockEvent[] {
    try {
      return unpackBlock(block.body, block);
    } catch {
      this.#store.keepDamaged(block.position);
      return [];
    }
  }

  #renderAll(block: StoredBlock, events: readonly BlockEvent[], position: number): RenderedBatch {
    let text = "";
    let damaged = 0;
    for (const event of events) {
      try {
        text += this.#render(event);
      } catch (error) {
        // Mapping is total; should it fail all the same, one event is set aside and the others go on.
        damaged += 1;
        this.#store.keepDeadLetters(block, [
          { reason: `can not be mapped: ${describeError(error)}`, text: event.text },
        ]);
      }
    }
    const newest = events.at(-1)?.time;
    return { bytes: Buffer.from(text), count: events.length - damaged, end: position + events.length, newest, damaged };
  }
}

const NOTHING = { bytes: Buffer.alloc(0), count: 0, newest: undefined };

import type { Batch, SpoolReader } from "../bridge/ports.ts";
import type { SecurityEvent } from "../event/event.ts";
import { unpackBlock } from "./block.ts";
import { SpoolUnusableError } from "./errors.ts";
import type { SpoolThread } from "./thread.ts";

/** What a reader needs of the spool that it reads. */
export interface ReaderHost {
  readonly thread: SpoolThread;
  /** The position of the next event. */
  readonly end: () => number;
  readonly untilAppended: (signal: AbortSignal) => Promise<void>;
  readonly onRelease: () => void;
}

/** One collector's way through the queue. Holds one block. */
export class ThreadedReader implements SpoolReader {
  readonly #collector: string;
  readonly #host: ReaderHost;
  #position: number;
  #held: { readonly from: number; readonly events: readonly SecurityEvent[] } = { from: 0, events: [] };

  constructor(collector: string, position: number, host: ReaderHost) {
    this.#collector = collector;
    this.#host = host;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  async read(position: number, maxEvents: number, signal: AbortSignal): Promise<Batch> {
    while (position >= this.#host.end()) await this.#host.untilAppended(signal);
    const damaged = await this.#hold(position);
    if (damaged > 0) return { events: [], end: position + damaged, damaged };
    const first = position - this.#held.from;
    const events = this.#held.events.slice(first, first + maxEvents);
    return { events, end: position + events.length, damaged: 0 };
  }

  async release(position: number): Promise<void> {
    await this.#host.thread.ask("release", this.#collector, position);
    this.#position = Math.max(this.#position, position);
    this.#host.onRelease();
  }

  /** Brings the block of `position` into memory; gives how many of its events are damaged from there on. */
  async #hold(position: number): Promise<number> {
    if (position >= this.#held.from && position < this.#held.from + this.#held.events.length) return 0;
    const block = await this.#host.thread.ask("read", position);
    if (block === undefined) {
      throw new SpoolUnusableError(
        `the spool has no block for position ${position}, though it ends at ${this.#host.end()}`,
      );
    }
    try {
      this.#held = { from: block.position, events: await unpackBlock(block.body, block) };
      return 0;
    } catch {
      // What can be read is delivered; this block is kept for whoever wants to try, and its events are counted.
      await this.#host.thread.ask("keepDamaged", block.position);
      return block.position + block.count - position;
    }
  }
}

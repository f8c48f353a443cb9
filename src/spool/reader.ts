import type { Batch, SpoolReader } from "../bridge/ports.ts";
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

/** One collector's way through the queue. */
export class ThreadedReader implements SpoolReader {
  readonly #collector: string;
  readonly #host: ReaderHost;
  #position: number;

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
    const batch = await this.#host.thread.ask("read", this.#collector, position, maxEvents);
    if (batch === undefined) {
      throw new SpoolUnusableError(
        `the spool has no block for position ${position}, though it ends at ${this.#host.end()}`,
      );
    }
    const { bytes, count, ...rest } = batch;
    // What comes from another thread is a plain Uint8Array.
    return { frames: { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), count }, ...rest };
  }

  async release(position: number): Promise<void> {
    await this.#host.thread.ask("release", this.#collector, position);
    this.#position = Math.max(this.#position, position);
    this.#host.onRelease();
  }
}

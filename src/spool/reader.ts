import type { Batch, SpoolReader } from "../bridge/ports.ts";
import { SpoolUnusableError, SpoolWriteError } from "./errors.ts";
import type { SpoolThread } from "./thread.ts";

/** What a reader needs of the spool that it reads. */
export interface ReaderHost {
  readonly thread: SpoolThread;
  /** The position of the next event. */
  readonly end: () => number;
  readonly untilAppended: (signal: AbortSignal) => Promise<void>;
  readonly onRelease: (position: number) => void;
}

/** How soon a release that the disk has refused is tried again. */
const RETRY_MS = 1000;

/** One collector's way through the queue. */
export class ThreadedReader implements SpoolReader {
  readonly #collector: string;
  readonly #host: ReaderHost;
  #position: number;
  /** Set while the disk has refused to store how far the collector is. */
  #retry: NodeJS.Timeout | undefined;
  #ahead: { readonly position: number; readonly batch: Promise<Batch> } | undefined;

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
    const batch = await this.#take(position, maxEvents);
    // The rest of the window is rendered while this part is sent, and the next while it is confirmed.
    const rest = maxEvents - batch.frames.count - batch.damaged;
    if (batch.end < this.#host.end()) this.#readAhead(batch.end, rest > 0 ? rest : maxEvents);
    return batch;
  }

  async release(position: number): Promise<Error | undefined> {
    try {
      await this.#host.thread.ask("release", this.#collector, position);
    } catch (error) {
      if (!(error instanceof SpoolWriteError)) throw error;
      this.#position = Math.max(this.#position, position);
      this.#releaseLater();
      return error;
    }
    this.#position = Math.max(this.#position, position);
    this.#host.onRelease(this.#position);
    return undefined;
  }

  /** What stands behind the collector by then is stored as well. */
  #releaseLater(): void {
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      // Anything else than another refusal is told to whoever asks the spool next.
      this.release(this.#position).catch(() => undefined);
    }, RETRY_MS).unref();
  }

  async #take(position: number, maxEvents: number): Promise<Batch> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const batch = ahead?.position === position ? await ahead.batch : undefined;
    return batch !== undefined && batch.frames.count <= maxEvents ? batch : await this.#ask(position, maxEvents);
  }

  #readAhead(position: number, maxEvents: number): void {
    const batch = this.#ask(position, maxEvents);
    // A failure is told to whoever reads here next, if anybody does.
    batch.catch(() => undefined);
    this.#ahead = { position, batch };
  }

  async #ask(position: number, maxEvents: number): Promise<Batch> {
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
}

import type { Batch, SpoolReader } from "../bridge/ports.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
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

/**
 * So many bytes are rendered ahead of what is sent, and the batch that is being rendered then: the spool's thread goes on
 * while a window is confirmed, and the next one is sent as fast as the collector reads it.
 */
const AHEAD_BYTES = 512 << 10;

/** How soon a release that the disk has refused is tried again. */
const RETRY_MS = 1000;

/** One collector's way through the queue. */
export class ThreadedReader implements SpoolReader {
  readonly #collector: string;
  readonly #host: ReaderHost;
  #position: number;
  /** Set while the disk has refused to store how far the collector is. */
  #retry: NodeJS.Timeout | undefined;
  readonly #ahead: Ahead;

  constructor(collector: string, position: number, host: ReaderHost) {
    this.#collector = collector;
    this.#host = host;
    this.#position = position;
    this.#ahead = new Ahead((at, maxEvents) => this.#ask(at, maxEvents), host.end);
  }

  get position(): number {
    return this.#position;
  }

  async read(position: number, maxEvents: number, signal: AbortSignal): Promise<Batch> {
    while (position >= this.#host.end()) await this.#host.untilAppended(signal);
    return await this.#ahead.take(position, maxEvents);
  }

  ready(position: number): number {
    return this.#ahead.ready(position);
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

/** The batches behind the one that was read last: the rest of its window, and then the next one, if that is as large. */
class Ahead {
  readonly #ask: (position: number, maxEvents: number) => Promise<Batch>;
  readonly #end: () => number;
  /** One behind the other. */
  #ready: Placed[] = [];
  #asked: { readonly position: number; readonly batch: Promise<Batch> } | undefined;
  /** Behind the batch that was taken last. */
  #taken = -1;
  /** How many events the window has room for, behind what is ready. */
  #room = 0;
  #windowEvents = 0;

  constructor(ask: (position: number, maxEvents: number) => Promise<Batch>, end: () => number) {
    this.#ask = ask;
    this.#end = end;
  }

  ready(position: number): number {
    const [first] = this.#ready;
    return first?.position === position ? eventsOf(first.batch) : 0;
  }

  async take(position: number, maxEvents: number): Promise<Batch> {
    if (this.#ready.length === 0 && this.#asked?.position === position) await this.#asked.batch;
    if (this.#ready[0]?.position !== position || this.ready(position) > maxEvents) this.#forget();
    const batch = this.#ready.shift()?.batch ?? (await this.#ask(position, maxEvents));
    const rest = maxEvents - eventsOf(batch);
    // More than was left of the window before: another has begun.
    if (maxEvents > this.#room) this.#windowEvents = maxEvents;
    this.#room = this.#ready.reduce((room, next) => this.#roomBehind(room, next.batch), rest);
    // A collector that is away asks for the same again and again, and would have more made than it can take.
    if (position === this.#taken) this.#goOn(batch.end);
    this.#taken = batch.end;
    return batch;
  }

  #goOn(behind: number): void {
    const position = this.#ready.at(-1)?.batch.end ?? behind;
    const bytes = this.#ready.reduce((sum, { batch }) => sum + batch.frames.bytes.length, 0);
    if (this.#asked !== undefined || bytes >= AHEAD_BYTES || position >= this.#end()) return;
    const asked = { position, batch: this.#ask(position, this.#room > 0 ? this.#room : this.#windowEvents) };
    this.#asked = asked;
    asked.batch.then(
      (batch) => {
        if (this.#asked !== asked) {
          releaseBuffer(batch.frames.bytes);
          return;
        }
        this.#asked = undefined;
        this.#ready.push({ position, batch });
        this.#room = this.#roomBehind(this.#room, batch);
        this.#goOn(batch.end);
      },
      () => {
        // A failure is told to whoever waits for it; nobody else has to know: it is asked again.
        if (this.#asked === asked) this.#asked = undefined;
      },
    );
  }

  #roomBehind(room: number, batch: Batch): number {
    return (room > 0 ? room : this.#windowEvents) - eventsOf(batch);
  }

  #forget(): void {
    for (const { batch } of this.#ready.splice(0)) releaseBuffer(batch.frames.bytes);
    this.#asked = undefined;
  }
}

interface Placed {
  readonly position: number;
  readonly batch: Batch;
}

function eventsOf({ frames, damaged }: Batch): number {
  return frames.count + damaged;
}

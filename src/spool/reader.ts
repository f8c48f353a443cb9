import type { Batch, SpoolReader } from "../bridge/ports.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { SpoolUnusableError, SpoolWriteError } from "./errors.ts";
import type { SpoolThread } from "./thread.ts";

/** What a reader needs of the spool that it reads. */
export interface ReaderHost {
  readonly thread: SpoolThread;
  /** The position of the next event. */
  readonly end: () => number;
  /** How many collectors there are. */
  readonly collectors: () => number;
  readonly untilAppended: (signal: AbortSignal) => Promise<void>;
  readonly onRelease: (position: number) => void;
}

/**
 * So many bytes are rendered ahead of what is sent, for all collectors together, and for each the batch that is being rendered
 * then: the spool's thread goes on while a window is confirmed, and the next one is sent as fast as the collector reads it.
 */
const AHEAD_BYTES = 1 << 20;

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
    this.#ahead = new Ahead((at, maxEvents) => this.#ask(at, maxEvents), host);
  }

  get position(): number {
    return this.#position;
  }

  async read(position: number, maxEvents: number, signal: AbortSignal): Promise<Batch> {
    while (position >= this.#host.end()) await this.#host.untilAppended(signal);
    const batch = await this.#ahead.take(position, maxEvents);
    if (batch !== undefined) return batch;
    throw new SpoolUnusableError(
      `the spool has no block for position ${position}, though it ends at ${this.#host.end()}`,
    );
  }

  upcoming(position: number): Promise<number> {
    return this.#ahead.upcoming(position);
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

  /** Without a position: behind what was asked for last. Undefined at the end of the queue. */
  async #ask(position: number | undefined, maxEvents: number): Promise<Batch | undefined> {
    const batch = await this.#host.thread.ask("read", this.#collector, position, maxEvents);
    if (batch === undefined) return undefined;
    const { bytes, count, ...rest } = batch;
    // What comes from another thread is a plain Uint8Array.
    const frames = {
      bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      count,
      behind: Math.max(0, this.#host.end() - batch.end),
    };
    return { frames, ...rest };
  }
}

/** So many are asked for at once: while the answer to one is on its way, the spool's thread makes the next, or another collector's. */
const ASKED_BY_ONE = 2;
const ASKED_BY_EACH = 1;

/** The batches behind the one that was read last: the rest of its window, and then the next one, if that is as large. */
class Ahead {
  readonly #ask: (position: number | undefined, maxEvents: number) => Promise<Batch | undefined>;
  readonly #host: Pick<ReaderHost, "end" | "collectors">;
  /** One behind the other. */
  #ready: Placed[] = [];
  /** The answers that are to come, in their order; another list once they are of no use any more. */
  #asked: Promise<unknown>[] = [];
  /** Behind what is ready, or was taken last. */
  #behind = -1;
  /** How many events the window has room for, behind what is ready. */
  #room = 0;
  #windowEvents = 0;
  /** Of the last batch: what the next ones will have. */
  #usual = 0;

  constructor(
    ask: (position: number | undefined, maxEvents: number) => Promise<Batch | undefined>,
    host: Pick<ReaderHost, "end" | "collectors">,
  ) {
    this.#ask = ask;
    this.#host = host;
  }

  /** How many events the batch has that is being made for this position; 0 when none is. */
  async upcoming(position: number): Promise<number> {
    if (this.#ready.length === 0 && this.#behind === position) await this.#asked[0];
    const [first] = this.#ready;
    return first?.position === position ? eventsOf(first.batch) : 0;
  }

  async take(position: number, maxEvents: number): Promise<Batch | undefined> {
    const upcoming = await this.upcoming(position);
    const follows = (this.#ready[0]?.position ?? this.#behind) === position;
    if (!follows || upcoming > maxEvents) this.#forget();
    const batch = this.#ready.shift()?.batch ?? (await this.#ask(position, maxEvents));
    if (batch === undefined) return undefined;
    // More than was left of the window before: another has begun.
    if (maxEvents > this.#room) this.#windowEvents = maxEvents;
    this.#room = maxEvents - eventsOf(batch);
    this.#usual = eventsOf(batch);
    for (const next of this.#ready) this.#room = this.#roomBehind(eventsOf(next.batch));
    if (this.#ready.length === 0 && this.#asked.length === 0) this.#behind = batch.end;
    // A collector that is away asks for the same again and again, and would have more made than it can take.
    if (follows) this.#goOn();
    return batch;
  }

  #goOn(): void {
    const collectors = this.#host.collectors();
    const bytes = this.#ready.reduce((sum, { batch }) => sum + batch.frames.bytes.length, 0);
    if (bytes * collectors >= AHEAD_BYTES) return;
    const most = collectors === 1 ? ASKED_BY_ONE : ASKED_BY_EACH;
    let position = this.#behind + this.#asked.length * this.#usual;
    let room = this.#asked.reduce((left) => this.#roomBehind(this.#usual, left), this.#room);
    while (this.#asked.length < most && position < this.#host.end()) {
      this.#askFor(room > 0 ? room : this.#windowEvents);
      position += this.#usual;
      room = this.#roomBehind(this.#usual, room);
    }
  }

  #askFor(maxEvents: number): void {
    const list = this.#asked;
    const asked = this.#ask(list.length === 0 ? this.#behind : undefined, maxEvents).then(
      (batch) => {
        if (this.#asked !== list) {
          if (batch !== undefined) releaseBuffer(batch.frames.bytes);
          return;
        }
        void list.shift();
        if (batch === undefined) return;
        this.#ready.push({ position: this.#behind, batch });
        this.#behind = batch.end;
        this.#room = this.#roomBehind(eventsOf(batch));
        this.#usual = eventsOf(batch);
        this.#goOn();
      },
      () => {
        // Whoever wants it asks again, and is told.
        if (this.#asked === list) this.#asked = [];
      },
    );
    list.push(asked);
  }

  #roomBehind(events: number, room = this.#room): number {
    return (room > 0 ? room : this.#windowEvents) - events;
  }

  #forget(): void {
    for (const { batch } of this.#ready.splice(0)) releaseBuffer(batch.frames.bytes);
    this.#asked = [];
    this.#behind = -1;
  }
}

interface Placed {
  readonly position: number;
  readonly batch: Batch;
}

function eventsOf({ frames, damaged }: Batch): number {
  return frames.count + damaged;
}

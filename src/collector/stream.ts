import type { Collector, Frames } from "../bridge/ports.ts";
import { orAborted } from "../lib/signals.ts";
import { Connection, type ConnectionTarget } from "./connection.ts";

/** Connections that were opened ahead and are not wanted are let go after this: a middle-box may have forgotten them. */
const AHEAD_MS = 2000;

/**
 * So many at most are opened ahead. One is enough while windows last longer than it takes to open the next; small windows
 * over TLS, where that takes a tenth of a second and more, need several. There is none for which no events are known, but
 * for the next window while one follows the other.
 */
const MOST_AHEAD = 16;

/**
 * After a window that had to wait for one there are as many as windows follow each other while one is opened, and twice as
 * many as before at least; one less after so many windows in a row that would have found another one ready: to wait for one
 * costs more than to keep one.
 */
const SPARED = 50;

/**
 * A collector takes only so many connections (syslog-ng 10, if it is not told otherwise). For each that it refuses there is one
 * less, and one more only after so many windows.
 */
const REFUSED = 10;

export interface StreamOptions extends ConnectionTarget {
  /** False: a window is released when the kernel has taken it, and the connection lasts (`confirm: none`). */
  readonly confirms: boolean;
}

/**
 * A syslog collector over TCP or TLS, confirmed by half-close: each window has a connection of its own. While windows
 * follow each other the next connection is opened as soon as one is used, and more of them when a window has to wait for
 * its handshake all the same.
 */
export class StreamCollector implements Collector {
  readonly #options: StreamOptions;
  readonly #closed = new AbortController();
  /** Opened ahead, the oldest first. */
  #ahead: Ahead[] = [];
  #wantedAhead = 1;
  /** Windows in a row that would have found another connection ready. */
  #spared = 0;
  /** Windows since the collector refused a connection that was opened ahead, and took others. */
  #sinceRefused = Infinity;
  #aheadTimer: NodeJS.Timeout | undefined;
  #lastConfirmedMs = -Infinity;
  /** How many events the last window had. */
  #lastEvents = 0;
  /** When the last window got its connection, and how long it took to open the last one. */
  #takenMs = 0;
  #openingMs = 0;
  /** What is still being closed: a stop waits for it. */
  #lettingGo: Promise<unknown> | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  async deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void> {
    let connection: Connection | undefined;
    let events = 0;
    const giveUp = (): void => connection?.destroy();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      for await (const frames of window) {
        connection ??= await this.#take(frames, signal);
        await connection.write(frames.bytes);
        events += frames.count;
      }
      if (connection !== undefined) await this.#confirm(connection);
      this.#lastEvents = events;
    } catch (error) {
      connection?.destroy();
      // The collector may be gone, and what was begun beside the window with it: no refusal, and nothing to try next.
      this.#lastConfirmedMs = -Infinity;
      void this.#letGo();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#letGo();
  }

  async #confirm(connection: Connection): Promise<void> {
    if (this.#options.confirms) {
      await connection.finish();
      this.#lastConfirmedMs = performance.now();
    } else {
      await connection.flush();
      this.#ahead = [new Ahead(Promise.resolve(connection))];
    }
  }

  /** A connection for a window that begins with these: one that was opened ahead if any still stands. */
  async #take({ count, behind = 0 }: Frames, signal: AbortSignal): Promise<Connection> {
    const busy = performance.now() - this.#lastConfirmedMs < AHEAD_MS;
    clearTimeout(this.#aheadTimer);
    if (busy) this.#learn();
    const taken = this.#takeAhead(signal);
    // A collector that has confirmed nothing lately may be gone: it is tried once at a time.
    if (!busy) await taken;
    // What is behind the first of a window is partly its own.
    const usual = Math.max(count, this.#lastEvents);
    const windowsBehind = Math.max(busy ? 1 : 0, Math.ceil((behind + count - usual) / usual));
    if (this.#options.confirms) this.#openAhead(Math.min(this.#wantedAhead, windowsBehind));
    const connection = await taken;
    this.#takenMs = performance.now();
    // From now on: it may take as long to open one.
    if (this.#ahead.length > 0) this.#aheadTimer = setTimeout(() => void this.#letGo(), AHEAD_MS);
    return connection;
  }

  async #takeAhead(signal: AbortSignal): Promise<Connection> {
    for (let next = this.#ahead.shift(); next !== undefined; next = this.#ahead.shift()) {
      const connection = await this.#openedInTime(next, signal);
      if (connection?.isOpen === true) return connection;
      if (connection === undefined) {
        this.#wantedAhead = Math.max(0, this.#wantedAhead - 1);
        this.#sinceRefused = 0;
      }
    }
    return await this.#open(signal);
  }

  async #openedInTime(next: Ahead, signal: AbortSignal): Promise<Connection | undefined> {
    try {
      return await orAborted(next.opened, signal);
    } catch (error) {
      // It is let go of with the others.
      this.#ahead.unshift(next);
      throw error;
    }
  }

  async #open(signal: AbortSignal): Promise<Connection> {
    const startedMs = performance.now();
    const connection = await Connection.open(this.#options, signal);
    this.#openingMs = performance.now() - startedMs;
    return connection;
  }

  #learn(): void {
    const [next, another] = this.#ahead;
    this.#sinceRefused += 1;
    this.#spared = another?.isReady === true ? this.#spared + 1 : 0;
    if (next?.isReady !== true) this.#wantMore(next !== undefined);
    else if (this.#spared >= SPARED) {
      this.#wantedAhead = Math.max(1, this.#wantedAhead - 1);
      this.#spared = 0;
    }
  }

  #wantMore(isOneComing: boolean): void {
    if (this.#sinceRefused < REFUSED) return;
    let wanted = this.#wantedAhead + 1;
    if (this.#sinceRefused === Infinity) {
      const meanwhile = Math.ceil(this.#openingMs / (performance.now() - this.#takenMs));
      wanted = Math.max(meanwhile, isOneComing ? 2 * this.#wantedAhead : 1);
    } else this.#sinceRefused = 0;
    this.#wantedAhead = Math.min(MOST_AHEAD, wanted);
  }

  #openAhead(count: number): void {
    while (this.#ahead.length < count) this.#ahead.push(new Ahead(this.#open(this.#closed.signal)));
  }

  /** Closes what is open, and what is being opened as soon as it is: a collector logs a handshake that is broken off. */
  async #letGo(): Promise<void> {
    clearTimeout(this.#aheadTimer);
    this.#wantedAhead = 1;
    this.#sinceRefused = Infinity;
    const gone = this.#ahead.splice(0).map(async ({ opened }) => await (await opened)?.close());
    await (this.#lettingGo = Promise.all([this.#lettingGo, ...gone]));
  }
}

/** A connection that was opened before anybody has asked for it. */
class Ahead {
  /** Undefined when that failed: whatever is wrong shows when the next window opens its own. */
  readonly opened: Promise<Connection | undefined>;
  isReady = false;

  constructor(opening: Promise<Connection>) {
    this.opened = opening.catch(() => undefined).finally(() => (this.isReady = true));
  }
}

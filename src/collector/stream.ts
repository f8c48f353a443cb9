import type { Collector, Frames } from "../bridge/ports.ts";
import { orAborted } from "../lib/signals.ts";
import { Connection, type ConnectionTarget } from "./connection.ts";

/** Connections that were opened ahead and are not wanted are let go after this: a middle-box may have forgotten them. */
const AHEAD_MS = 2000;

/**
 * So many at most are opened ahead. One is enough while windows last longer than it takes to open the next; small windows
 * over TLS, where that takes a tenth of a second and more, need several.
 */
const MOST_AHEAD = 16;

/**
 * Twice as many after a window that had to wait for one, one less after so many windows in a row that would have found another
 * one ready: to wait for one costs more than to keep one.
 */
const SPARED = 50;

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
  #aheadTimer: NodeJS.Timeout | undefined;
  #lastConfirmedMs = -Infinity;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  async deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void> {
    let connection: Connection | undefined;
    const giveUp = (): void => connection?.destroy();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      for await (const { bytes } of window) {
        connection ??= await this.#take(signal);
        await connection.write(bytes);
      }
      if (connection !== undefined) await this.#confirm(connection);
    } catch (error) {
      connection?.destroy();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#aheadTimer);
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

  /** A connection for a window: one that was opened ahead if any still stands. */
  async #take(signal: AbortSignal): Promise<Connection> {
    const busy = performance.now() - this.#lastConfirmedMs < AHEAD_MS;
    clearTimeout(this.#aheadTimer);
    const connection = (await this.#takeAhead(signal)) ?? (await Connection.open(this.#options, signal));
    if (busy) this.#openAhead();
    return connection;
  }

  async #takeAhead(signal: AbortSignal): Promise<Connection | undefined> {
    for (let next = this.#ahead.shift(); next !== undefined; next = this.#ahead.shift()) {
      this.#learn(next);
      const connection = await orAborted(next.opened, signal);
      if (connection?.isOpen === true) return connection;
    }
    return undefined;
  }

  #learn(taken: Ahead): void {
    this.#spared = this.#ahead[0]?.isReady === true ? this.#spared + 1 : 0;
    if (!taken.isReady) this.#wantedAhead = Math.min(MOST_AHEAD, 2 * this.#wantedAhead);
    else if (this.#spared === SPARED) {
      this.#wantedAhead = Math.max(1, this.#wantedAhead - 1);
      this.#spared = 0;
    }
  }

  #openAhead(): void {
    while (this.#ahead.length < this.#wantedAhead)
      this.#ahead.push(new Ahead(Connection.open(this.#options, this.#closed.signal)));
    this.#aheadTimer = setTimeout(() => void this.#letGo(), AHEAD_MS);
  }

  async #letGo(): Promise<void> {
    this.#wantedAhead = 1;
    await Promise.all(this.#ahead.splice(0).map(async ({ opened }) => await (await opened)?.close()));
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

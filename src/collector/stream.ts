import type { Collector, Frames } from "../bridge/ports.ts";
import { orAborted } from "../lib/signals.ts";
import { Connection, type ConnectionTarget } from "./connection.ts";

/** A connection that was opened ahead and is not wanted is let go after this: a middle-box may have forgotten it. */
const AHEAD_MS = 2000;

export interface StreamOptions extends ConnectionTarget {
  /** False: a window is released when the kernel has taken it, and the connection lasts (`confirm: none`). */
  readonly confirms: boolean;
}

/**
 * A syslog collector over TCP or TLS, confirmed by half-close: each window has a connection of its own. While windows
 * follow each other the next connection is opened as soon as one is used, so that no window waits for a handshake.
 */
export class StreamCollector implements Collector {
  readonly #options: StreamOptions;
  readonly #closed = new AbortController();
  #ahead: Promise<Connection | undefined> | undefined;
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
    await (await this.#ahead)?.close();
  }

  async #confirm(connection: Connection): Promise<void> {
    if (this.#options.confirms) {
      await connection.finish();
      this.#lastConfirmedMs = performance.now();
    } else {
      await connection.flush();
      this.#ahead = Promise.resolve(connection);
    }
  }

  /** A connection for a window: the one opened ahead if it still stands. */
  async #take(signal: AbortSignal): Promise<Connection> {
    const busy = performance.now() - this.#lastConfirmedMs < AHEAD_MS;
    clearTimeout(this.#aheadTimer);
    const ahead = this.#ahead === undefined ? undefined : await orAborted(this.#ahead, signal);
    this.#ahead = undefined;
    const connection = ahead?.isOpen === true ? ahead : await Connection.open(this.#options, signal);
    if (busy) this.#openAhead();
    return connection;
  }

  #openAhead(): void {
    // Whatever is wrong with it shows when the next window asks for a connection.
    const ahead = Connection.open(this.#options, this.#closed.signal).catch(() => undefined);
    this.#ahead = ahead;
    this.#aheadTimer = setTimeout(() => {
      if (this.#ahead === ahead) this.#ahead = undefined;
      void ahead.then((connection) => connection?.close());
    }, AHEAD_MS);
  }
}

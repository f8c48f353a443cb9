import type { Collector, Frames } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { Notice } from "../lib/notice.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { orAborted, withDeadline } from "../lib/signals.ts";
import { Connection, type ConnectionTarget } from "./connection.ts";
import { CollectorUnreachableError } from "./errors.ts";
import { RelpSession, type RelpWindow } from "./relp-session.ts";

export interface RelpOptions extends ConnectionTarget {
  /** False: a window is released when the kernel has taken it (`confirm: none`). */
  readonly confirms: boolean;
  readonly window: RelpWindow;
  /** Our name in the session: name and version. */
  readonly software: string;
}

/**
 * What may be unanswered at once: enough for 20,000 messages a second over a round trip of 0.1 s. Beyond 1,000 more brings
 * nothing on a short way (69,000/s to rsyslog's imrelp with 1,000 as with 5,000; 2-core Xeon VM, 2026-11-21).
 */
export const RELP_WINDOW: RelpWindow = { maxTransactions: 2000, maxBytes: 4 << 20 };

/** How long a collector may take to answer the end of the session. */
const CLOSE_MS = 500;

/**
 * A collector that speaks RELP, such as rsyslog's imrelp. One session lasts over all windows; a window is confirmed when
 * each of its messages has been answered with 200. Its frames are octet-counted.
 */
export class RelpCollector implements Collector {
  readonly #options: RelpOptions;
  #session: RelpConnection | undefined;

  constructor(options: RelpOptions) {
    this.#options = options;
  }

  async deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void> {
    let session: RelpConnection | undefined;
    try {
      for await (const { bytes } of window) {
        session ??= await this.#take(signal);
        await session.send(bytes, signal);
      }
      await (this.#options.confirms ? session?.answered(signal) : session?.flush(signal));
    } catch (error) {
      session?.destroy();
      signal.throwIfAborted();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  /** The session of the window before, if it still stands. */
  async #take(signal: AbortSignal): Promise<RelpConnection> {
    if (this.#session?.isOpen !== true) {
      this.#session?.destroy();
      this.#session = await RelpConnection.open(this.#options, signal);
    }
    return this.#session;
  }
}

/** A RELP session on its connection. */
class RelpConnection {
  readonly #connection: Connection;
  readonly #session: RelpSession;
  /** Told at each answer, and at the end. */
  readonly #heard = new Notice();
  #failure: Error | undefined;

  private constructor(connection: Connection, session: RelpSession) {
    this.#connection = connection;
    this.#session = session;
    connection.converse({
      onData: (chunk) => {
        session.receive(chunk);
        this.#heard.tell();
      },
      onFailure: (error) => {
        this.#failure = error;
        this.#heard.tell();
      },
      unanswered: () => session.unanswered,
    });
  }

  /** Resolves when the collector has accepted the session. */
  static async open(options: RelpOptions, signal: AbortSignal): Promise<RelpConnection> {
    const connection = await Connection.open(options, signal);
    const made = new RelpConnection(connection, new RelpSession(options.window, options.software));
    using deadline = withDeadline(signal, options.timeouts.connectMs);
    try {
      await connection.write(made.#session.open());
      await made.#until(() => made.#session.state !== "opening", deadline.signal);
      return made;
    } catch (error) {
      connection.destroy();
      signal.throwIfAborted();
      const { host, port, timeouts } = options;
      const why = deadline.signal.aborted
        ? `no answer within ${timeouts.connectMs / 1000} s; is it a RELP receiver?`
        : describeError(error);
      // Nothing was sent yet, whatever the reason.
      throw new CollectorUnreachableError(`no RELP session with ${host}:${port}: ${why}`, { cause: error });
    }
  }

  get isOpen(): boolean {
    return this.#connection.isOpen && this.#session.state === "open";
  }

  /** Resolves when all is written; waits for answers where the window is full. */
  async send(counted: Buffer, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < counted.length;) {
      await this.#until(() => this.#session.hasRoom, signal);
      const { bytes, end } = this.#session.send(counted, at);
      await orAborted(this.#connection.write(bytes), signal);
      at = end;
    }
    releaseBuffer(counted);
  }

  /** Resolves when every message has its answer. */
  answered(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#session.unanswered === 0, signal);
  }

  /** Resolves when the kernel has taken everything. */
  flush(signal: AbortSignal): Promise<void> {
    return orAborted(this.#connection.flush(), signal);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  async close(): Promise<void> {
    using patience = withDeadline(NEVER, CLOSE_MS);
    try {
      if (this.isOpen) {
        await this.#connection.write(this.#session.close());
        await this.#until(() => this.#session.state === "closed", patience.signal);
      }
    } catch {
      // It is gone, or does not answer: nothing depends on it.
    }
    await this.#connection.close();
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure;
      if (condition()) return;
      await this.#heard.wait(signal);
    }
  }
}

const NEVER = new AbortController().signal;

import type { Collector, Frames } from "../bridge/ports.ts";
import { Notice } from "../lib/notice.ts";
import { orAborted } from "../lib/signals.ts";
import { Connection, type ConnectionTarget } from "./connection.ts";
import { CollectorUnconfirmedError } from "./errors.ts";
import { ResendLedger, type ResendWindow } from "./resend-ledger.ts";

export interface ResendOptions extends ConnectionTarget {
  readonly resend: ResendWindow;
}

/** How often it is looked at what may be released. */
const LOOK_MS = 250;

/**
 * A syslog collector behind something that answers the close itself, such as a load balancer (`confirm: window`). One
 * connection lasts. What the peer's kernel has acknowledged is kept for a while longer, for it may not be read yet; any
 * end of the connection, a clean one as well, has all of that sent again.
 */
export class ResendCollector implements Collector {
  readonly confirmsAsItGoes = true;
  readonly #options: ResendOptions;

  constructor(options: ResendOptions) {
    this.#options = options;
  }

  async deliver(
    window: AsyncIterable<Frames>,
    signal: AbortSignal,
    onConfirmed: (chunks: number) => void = () => undefined,
  ): Promise<void> {
    const frames = window[Symbol.asyncIterator]();
    let released = 0;
    for (let next = await orAborted(frames.next(), signal); next.done !== true;) {
      const run = await ResendRun.open(this.#options, signal, (chunks) => onConfirmed(released + chunks));
      try {
        next = await run.send(next.value, frames, signal);
      } finally {
        await run.close(signal);
      }
      released += run.released;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One connection, from its first chunk to its end. */
class ResendRun {
  readonly #connection: Connection;
  readonly #ledger: ResendLedger;
  readonly #timer: NodeJS.Timeout;
  /** Told when the connection has failed, and when there is more to send. */
  readonly #news = new Notice();

  private constructor(connection: Connection, resend: ResendWindow, onReleased: (chunks: number) => void) {
    this.#connection = connection;
    this.#ledger = new ResendLedger(resend);
    this.#timer = setInterval(() => onReleased(this.#look()), Math.min(LOOK_MS, resend.maxMs));
    connection.settled.catch(() => this.#news.tell());
  }

  static async open(
    options: ResendOptions,
    signal: AbortSignal,
    onReleased: (chunks: number) => void,
  ): Promise<ResendRun> {
    return new ResendRun(await Connection.open(options, signal), options.resend, onReleased);
  }

  /** Chunks that are released, from the first of this connection on. */
  get released(): number {
    return this.#ledger.released;
  }

  /**
   * Sends until the window ends, or the connection does while nothing is in doubt; resolves with what comes next then.
   * Rejects when the connection fails otherwise, also while nothing is there to send: what was sent before may be lost.
   */
  async send(
    first: Frames,
    frames: AsyncIterator<Frames>,
    signal: AbortSignal,
  ): Promise<IteratorResult<Frames, unknown>> {
    for (let chunk = first; ;) {
      await orAborted(this.#connection.write(chunk.bytes, this.#ledger.write()), signal);
      const next = frames.next();
      const came = await this.#nextOrFailure(next, signal);
      if (came?.done === true) {
        this.#look();
        if (this.#ledger.open > 0) throw new CollectorUnconfirmedError(STOPPED);
      }
      if (came === undefined && this.#ledger.open > 0) await this.#connection.settled;
      if (came === undefined || came.done === true) return await orAborted(next, signal);
      chunk = came.value;
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    if (this.#connection.isOpen && !signal.aborted) await this.#connection.close();
    else this.#connection.destroy();
  }

  /** Undefined when the connection has failed before something came. */
  async #nextOrFailure(
    next: Promise<IteratorResult<Frames, unknown>>,
    signal: AbortSignal,
  ): Promise<IteratorResult<Frames, unknown> | undefined> {
    const state: { came?: IteratorResult<Frames, unknown>; failure?: Error } = {};
    next
      .then(
        (came) => Object.assign(state, { came }),
        (failure: unknown) => Object.assign(state, { failure }),
      )
      .finally(() => this.#news.tell());
    while (state.came === undefined && state.failure === undefined && this.#connection.isOpen) {
      await this.#news.wait(signal);
    }
    if (state.failure !== undefined) throw state.failure;
    return state.came;
  }

  #look(): number {
    return this.#ledger.release(this.#connection.acknowledgedBytes, performance.now());
  }
}

const STOPPED = "stopped before the resend window had passed: what it holds is sent again by the next start";

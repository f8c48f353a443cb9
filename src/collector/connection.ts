import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../lib/errors.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { type DialTarget, type Line, dial } from "./dial.ts";
import { CollectorBrokenError, CollectorStalledError, CollectorUnreachableError } from "./errors.ts";
import { TcpEnd, type Verdict } from "./tcp-end.ts";
import { type Endpoints, forgetsClosed, isListed, unacknowledgedBytes } from "./tx-queue.ts";

/**
 * One connection to a collector, and what its end means.
 *
 *     connecting ──▶ open ──finish()──▶ closing ──peer's clean end──▶ confirmed
 *          │           │                   │
 *          └───────────┴───────────────────┴──error, reset, end too early, stall──▶ failed
 *
 * A syslog receiver has no words to answer with. But rsyslog and syslog-ng, over TCP and TLS, answer our half-close with
 * theirs only after they have read everything, and a process that dies with unread data makes its kernel send a reset. So
 * a clean end of the peer, after our own end and with every byte acknowledged, confirms all that was written.
 */
export interface ConnectionTarget extends DialTarget {
  readonly timeouts: ConnectionTimeouts;
}

export interface ConnectionTimeouts {
  readonly connectMs: number;
  /** Without any progress for this long, a connection with unacknowledged data is dead. */
  readonly stallMs: number;
  /** How long the peer may take to answer the close, after its kernel has acknowledged everything. */
  readonly confirmMs: number;
  /** How often that is looked at; 1 s when left out. */
  readonly watchMs?: number;
}

/** A protocol in which the collector answers, on a connection that lasts. */
export interface Conversation {
  /** May throw: then the connection has failed with that error. */
  readonly onData: (chunk: Buffer) => void;
  readonly onFailure: (error: Error) => void;
  /** How many answers are still to come; they are waited for no longer than `confirmMs` without any. */
  readonly unanswered: () => number;
}

export const DEFAULT_TIMEOUTS: ConnectionTimeouts = { connectMs: 10_000, stallMs: 15_000, confirmMs: 60_000 };

const WATCH_MS = 1000;

/** When a connection that lasts is probed, so that whoever forgets idle connections on the way does not forget it. */
const KEEP_ALIVE_MS = 30_000;

/** Counts as a byte. */
const FIN = 1;

/** How long a collector may take to answer our close_notify before the FIN follows. */
const LATE_END_MS = 2000;

/** How long the collector may take to answer the end of a connection that was not used. */
const CLOSE_MS = 500;

/**
 * A TLS connection carries nothing until it has stood for this long, or for as long as it took to open. Over TLS 1.3 the
 * collector looks at our certificate after our side of the handshake is done; one that refuses it may read what came
 * with it and then end the connection cleanly, which would look like a confirmation (measured with rsyslog's gtls driver:
 * 10 of 15 times). Its refusal needs one round trip; the handshake took two.
 */
const TLS_SETTLE_MS = 100;

export class Connection {
  readonly #socket: Socket;
  /** Below TLS; without TLS the same. */
  readonly #tcp: Socket;
  readonly #end: TcpEnd;
  readonly #timeouts: ConnectionTimeouts;
  readonly #endpoints: Endpoints;
  /** Whether the kernel's table knows the connection: then it must know it at the end as well. */
  readonly #isListed: boolean;
  readonly #settled: Promise<void>;
  #settle: { readonly confirm: () => void; readonly fail: (error: Error) => void };
  #failure: Error | undefined;
  #finished = false;
  #acknowledgedBytes = 0;
  #lateEnd: NodeJS.Timeout | undefined;
  #conversation: Conversation | undefined;
  #wake: (() => void) | undefined;

  private constructor({ socket, tcp }: Line, timeouts: ConnectionTimeouts) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.#end = new TcpEnd(tcp);
    this.#timeouts = timeouts;
    this.#endpoints = {
      address: tcp.localAddress ?? "",
      localPort: tcp.localPort ?? 0,
      remotePort: tcp.remotePort ?? 0,
    };
    this.#isListed = isListed(this.#endpoints);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#settled = promise;
    this.#settle = { confirm: resolve, fail: reject };
    // The failure is told by whatever is awaited next; an idle connection may fail unseen.
    promise.catch(() => undefined);
    this.#listen();
  }

  /** Tries all addresses of the host in turn. Rejects with `BRIDGE_COLLECTOR_UNREACHABLE`, or the signal's reason. */
  static async open(options: ConnectionTarget, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const connection = new Connection(await dial(options, signal), options.timeouts);
    if (options.tls !== undefined) await connection.#settleTls(performance.now() - startedMs, signal);
    return connection;
  }

  /** False once the peer has ended or broken the connection. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Rejects when the connection fails, resolves when it is confirmed. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Bytes on the wire that the collector's kernel has acknowledged; where there is no /proc, that ours has taken. */
  get acknowledgedBytes(): number {
    const taken = this.#tcp.bytesWritten - this.#tcp.writableLength;
    // A connection that has nothing under way is not looked up again.
    if (!this.#finished && this.#acknowledgedBytes === taken) return taken;
    const unacknowledged = unacknowledgedBytes(this.#endpoints);
    if (unacknowledged === undefined) return taken;
    this.#acknowledgedBytes = taken - unacknowledged;
    return this.#acknowledgedBytes;
  }

  /** From now on the collector is listened to; what it said before is lost. */
  converse(conversation: Conversation): void {
    this.#throwFailure();
    this.#conversation = conversation;
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket.on("data", (chunk: Buffer) => {
      try {
        conversation.onData(chunk);
      } catch (error) {
        this.#fail(error as Error);
      }
    });
  }

  /**
   * Takes the bytes over; resolves when there is room for more. Rejects when the connection has failed. `onTaken` is told
   * when the kernel has them, with the count of bytes on the wire up to there.
   */
  async write(bytes: Buffer, onTaken?: (wireBytes: number) => void): Promise<void> {
    this.#throwFailure();
    const onWritten = (error?: Error | null): void => {
      if (error !== null && error !== undefined) return;
      releaseBuffer(bytes);
      onTaken?.(this.#tcp.bytesWritten);
    };
    if (this.#socket.write(bytes, onWritten)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#throwFailure();
  }

  /** Resolves when the kernel has taken everything that was written: no confirmation, and named so. */
  async flush(): Promise<void> {
    this.#throwFailure();
    await new Promise<void>((resolve) => {
      this.#socket.write(Buffer.alloc(0), () => resolve());
    });
    this.#throwFailure();
  }

  /** Ends our side, and resolves when the peer has confirmed by ending its own that it read everything. */
  async finish(): Promise<void> {
    this.#throwFailure();
    this.#socket.end(() => {
      this.#finished = true;
    });
    // Over TLS only our close_notify has gone so far (tls-wire.ts). For a collector that waits for the FIN as well:
    if (this.#socket !== this.#tcp) this.#lateEnd = setTimeout(() => this.#tcp.end(), LATE_END_MS);
    await this.#settled;
  }

  /** Ends a connection that carries nothing. Politely, for over TLS the collector would log an error otherwise. */
  async close(): Promise<void> {
    const patience = setTimeout(() => this.destroy(), CLOSE_MS);
    try {
      await this.finish();
    } catch {
      // It is gone, one way or the other.
    } finally {
      clearTimeout(patience);
    }
  }

  /** Lets go at once; nothing that was written is confirmed. */
  destroy(): void {
    this.#fail(new CollectorBrokenError("the connection was given up"));
  }

  async #settleTls(handshakeMs: number, signal: AbortSignal): Promise<void> {
    try {
      await Promise.race([this.#settled, sleep(Math.max(TLS_SETTLE_MS, handshakeMs), undefined, { signal })]);
    } catch (error) {
      this.destroy();
      signal.throwIfAborted();
      throw new CollectorUnreachableError(
        `the collector ended the connection after the TLS handshake; does it want a client certificate, and know ours? ${describeError(error)}`,
        { cause: error },
      );
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #listen(): void {
    const watchdog = setInterval(this.#watch(), this.#timeouts.watchMs ?? WATCH_MS);
    const onError = (error: Error): void =>
      this.#fail(new CollectorBrokenError(`the connection broke: ${describeError(error)}`, { cause: error }));
    this.#socket.on("drain", () => this.#wake?.());
    this.#socket.on("error", onError);
    this.#tcp.on("error", onError);
    this.#tcp.on("end", () => {
      // At once: when both sides have ended it, Node closes the socket.
      const verdict = this.#end.verdict();
      // A TLS alert that stands before the end is told first.
      setImmediate(() => void this.#onEnd(verdict));
    });
    this.#tcp.on("close", () => {
      clearInterval(watchdog);
      clearTimeout(this.#lateEnd);
      this.#fail(new CollectorBrokenError("the connection was closed before it was confirmed"));
    });
    // The end of the peer is only seen by a socket that is read.
    this.#socket.resume();
  }

  async #onEnd(atOnce: Verdict): Promise<void> {
    if (!this.#finished) {
      this.#fail(new CollectorBrokenError("the collector closed the connection before everything was sent"));
      return;
    }
    const isHeld = this.#end.isKnown && !this.#end.isSent;
    const verdict = isHeld ? await this.#end.send() : atOnce;
    // Who has read everything may be gone without an answer to an end that came behind its own.
    if (verdict === "clean" || (verdict !== "broken" && this.#isCleanByTable(isHeld ? FIN : 0))) {
      this.#settle.confirm();
      this.#letGo();
      return;
    }
    // It closed without having read all: what is under way will meet a closed port, or has. A reset that follows the peer's end
    // is not told to anybody who does not ask. Measured: 10 kills of rsyslogd lost up to 500 of 50,000 messages without this.
    this.#fail(new CollectorBrokenError("the collector closed the connection before it had read everything"));
  }

  /**
   * A connection that was reset is not in the table, where our own end before the peer's keeps it, or the end that we have yet
   * to send. `spared`: what may be unacknowledged.
   */
  #isCleanByTable(spared: number): boolean {
    const unacknowledged = unacknowledgedBytes(this.#endpoints);
    return unacknowledged === undefined ? !this.#isListed || forgetsClosed() : unacknowledged <= spared;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#settle.fail(this.#failure);
    this.#letGo();
    this.#wake?.();
    this.#conversation?.onFailure(this.#failure);
  }

  #letGo(): void {
    this.#socket.destroy();
    this.#tcp.destroy();
  }

  /**
   * The progress watchdog. On a dead link with unacknowledged data neither keep-alive nor the kernel says anything for 15
   * minutes; bytes that move from our queue to the peer's kernel are the only sign of life.
   */
  #watch(): () => void {
    let moved = -1;
    let movedAt = performance.now();
    return () => {
      const tcp = this.#tcp;
      const acknowledged = this.acknowledgedBytes;
      const outstanding = this.#queuedBytes() + tcp.bytesWritten - tcp.writableLength - acknowledged;
      const unanswered = this.#conversation?.unanswered() ?? 0;
      const progress = acknowledged + tcp.bytesRead;
      if (progress !== moved || (outstanding === 0 && unanswered === 0 && !this.#finished)) {
        moved = progress;
        movedAt = performance.now();
        return;
      }
      const limitMs = outstanding > 0 ? this.#timeouts.stallMs : this.#timeouts.confirmMs;
      const stillMs = performance.now() - movedAt;
      if (stillMs < limitMs) return;
      const answer = unanswered > 0 ? `${unanswered} messages were not answered` : "the close was not answered";
      const what = outstanding > 0 ? `${outstanding} bytes were not taken` : answer;
      this.#fail(new CollectorStalledError(`the collector stands still: ${what} for ${Math.round(stillMs / 1000)} s`));
    };
  }

  #queuedBytes(): number {
    return this.#tcp.writableLength + (this.#socket === this.#tcp ? 0 : this.#socket.writableLength);
  }
}

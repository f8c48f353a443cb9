import type { Socket } from "node:net";
import type { Behaviour } from "./behaviour.ts";
import { FrameScanner } from "./frame-scanner.ts";
import type { Received } from "./received.ts";
import { RelpReceiver } from "./relp-receiver.ts";

export type Protocol = "syslog" | "relp";

/**
 * One connection of the collector. It answers the peer's end with its own only after reading everything, as rsyslog and
 * syslog-ng do; that answer is what a sender may take as confirmation.
 */
export class CollectorConnection {
  readonly #socket: Socket;
  readonly #rawSocket: Socket;
  readonly #behaviour: Behaviour;
  readonly #scanner: FrameScanner | RelpReceiver;
  #bytesRead = 0;
  #discarding = false;
  /** The peer has ended while reading was paused to be slow; Node tells of an end in spite of the pause. */
  #endIsDue = false;
  #timer: NodeJS.Timeout | undefined;

  /** `rawSocket` is the TCP connection below TLS; without TLS the same. */
  constructor(
    socket: Socket,
    rawSocket: Socket,
    behaviour: Behaviour,
    { received, protocol }: { readonly received: Received; readonly protocol: Protocol },
  ) {
    this.#socket = socket;
    this.#rawSocket = rawSocket;
    this.#behaviour = behaviour;
    this.#scanner =
      protocol === "relp"
        ? new RelpReceiver(socket, behaviour.relp ?? {}, received)
        : new FrameScanner((bytes, start, end) => received.add(bytes, start, end));
    socket.on("error", () => {
      // A peer that resets is part of the play.
    });
    socket.on("close", () => clearTimeout(this.#timer));
    if (behaviour.closeOnAccept === true) {
      socket.end();
      socket.resume();
      return;
    }
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => this.#onEnd());
    if (behaviour.stopReadingAfter === 0) socket.pause();
  }

  get framingErrors(): number {
    return this.#scanner.framingErrors;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends the connection as a crash does: unread bytes are lost and the peer sees a reset. */
  reset(): void {
    this.#rawSocket.resetAndDestroy();
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const { stall, stopReadingAfter, endAfterBytes, resetAfterBytes, bytesPerSecond } = this.#behaviour;
    const limit = Math.min(
      stall?.afterBytes ?? Infinity,
      stopReadingAfter ?? Infinity,
      endAfterBytes ?? Infinity,
      resetAfterBytes ?? Infinity,
    );
    const usable = Math.min(chunk.length, Math.max(0, limit - this.#bytesRead));
    this.#bytesRead += chunk.length;
    if (usable > 0 && !this.#discarding) this.#scanner.push(usable < chunk.length ? chunk.subarray(0, usable) : chunk);
    if (this.#bytesRead >= limit) this.#atLimit();
    else if (bytesPerSecond !== undefined) this.#pauseFor((chunk.length / bytesPerSecond) * 1000);
  }

  #atLimit(): void {
    const { stall, resetAfterBytes, endAfterBytes } = this.#behaviour;
    if (this.#discarding) return;
    this.#discarding = true;
    if (resetAfterBytes !== undefined) {
      this.reset();
    } else if (endAfterBytes !== undefined) {
      this.#socket.end();
    } else {
      this.#socket.pause();
      if (stall !== undefined) this.#timer = setTimeout(() => this.reset(), stall.ms);
    }
  }

  #pauseFor(ms: number): void {
    this.#socket.pause();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#socket.resume();
      if (this.#endIsDue) this.#onEnd();
    }, ms);
  }

  #onEnd(): void {
    const { resetOnClose, neverAnswerClose, endAfterBytes } = this.#behaviour;
    if (this.#discarding && endAfterBytes === undefined) return;
    if (this.#timer !== undefined) {
      this.#endIsDue = true;
      return;
    }
    if (resetOnClose === true) {
      this.reset();
      return;
    }
    if (!this.#discarding) this.#scanner.end();
    if (neverAnswerClose !== true) this.#socket.end();
  }
}

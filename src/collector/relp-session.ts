import { CollectorBrokenError, CollectorProtocolError, CollectorRefusedError } from "./errors.ts";
import { type RelpFrame, RelpFrameReader, nextTxnr, relpFrame, syslogFrames } from "./relp-frame.ts";

/**
 * The client's side of a RELP session, without any I/O: what to send, and what an answer means.
 *
 *     opening ──rsp 200──▶ open ──close()──▶ closing ──rsp──▶ closed
 *        │                  │ serverclose, nothing unanswered ──▶ closed
 *        └──────────────────┴── any other answer, serverclose ──▶ the error that `receive` throws
 *
 * Each message is a transaction. `rsp 200` says that the collector has taken it over (imrelp: that it stands in its
 * queue). Answers may come in any order, but each transaction has one.
 */
export interface RelpWindow {
  /** Transactions that may be unanswered at once, and the bytes of their messages. */
  readonly maxTransactions: number;
  readonly maxBytes: number;
}

interface Transaction {
  readonly bytes: number;
  /** How many messages were sent before it. */
  readonly message: number;
}

export type RelpState = "opening" | "open" | "closing" | "closed";

const VERSION = 0;

/** How much of a collector's own words is shown. */
const MAX_SHOWN = 200;

export class RelpSession {
  readonly #window: RelpWindow;
  readonly #software: string;
  readonly #reader = new RelpFrameReader((frame) => this.#onFrame(frame));
  /** What is not answered, by transaction, the oldest first. */
  readonly #unanswered = new Map<number, Transaction>();
  #unansweredBytes = 0;
  #state: RelpState = "opening";
  #txnr: number;
  #messages = 0;

  /** Another first transaction than 1 is for tests: librelp refuses it. */
  constructor(window: RelpWindow, software: string, firstTxnr = 1) {
    this.#window = window;
    this.#software = software;
    this.#txnr = firstTxnr;
  }

  get state(): RelpState {
    return this.#state;
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** Messages that were sent so far. */
  get sent(): number {
    return this.#messages;
  }

  /** So many messages, from the first of the session on, are confirmed without a gap. */
  get confirmed(): number {
    const [oldest] = this.#unanswered.values();
    return oldest?.message ?? this.#messages;
  }

  /** Whether another message may be sent before there are more answers. */
  get hasRoom(): boolean {
    return this.#unanswered.size < this.#window.maxTransactions && this.#unansweredBytes < this.#window.maxBytes;
  }

  /** The first frame of the session. */
  open(): Buffer {
    return this.#command("open", `relp_version=${VERSION}\nrelp_software=${this.#software}\ncommands=syslog`);
  }

  /** As many of the messages as the window has room for, from `at` on; `end` is where to go on. To be called with room. */
  send(counted: Buffer, at: number): { readonly bytes: Buffer; readonly end: number } {
    const { maxTransactions, maxBytes } = this.#window;
    const room = { count: maxTransactions - this.#unanswered.size, bytes: maxBytes - this.#unansweredBytes };
    const { bytes, count, end, nextTxnr: next } = syslogFrames(counted, at, this.#txnr, room);
    const each = Math.ceil((end - at) / Math.max(1, count));
    for (let sent = 0; sent < count; sent += 1) {
      this.#begin(each);
      this.#messages += 1;
    }
    if (this.#txnr !== next) throw new Error("the frames were numbered otherwise than the transactions");
    return { bytes, end };
  }

  /** The last frame of the session; nothing may be sent behind it. */
  close(): Buffer {
    this.#state = "closing";
    return this.#command("close");
  }

  /** Takes what the collector says. Throws when the session is of no use any more; what is unanswered is in doubt. */
  receive(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  #command(command: string, data?: string): Buffer {
    return relpFrame(this.#begin(0), command, data);
  }

  #begin(bytes: number): number {
    const txnr = this.#txnr;
    this.#unanswered.set(txnr, { bytes, message: this.#messages });
    this.#unansweredBytes += bytes;
    this.#txnr = nextTxnr(txnr);
    return txnr;
  }

  #onFrame({ txnr, command, data }: RelpFrame): void {
    if (txnr === 0) this.#onHint(command);
    else if (command === "rsp") this.#onAnswer(txnr, data);
    else throw new CollectorProtocolError(`the collector sent the RELP command "${command}", which is for clients`);
  }

  /** Other hints may be ignored, the protocol says. */
  #onHint(command: string): void {
    if (command !== "serverclose") return;
    const inDoubt = this.#state === "closing" ? 0 : this.#unanswered.size;
    this.#state = "closed";
    if (inDoubt > 0)
      throw new CollectorBrokenError(`the collector ended the RELP session, ${inDoubt} transactions open`);
  }

  #onAnswer(txnr: number, data: Buffer): void {
    const transaction = this.#unanswered.get(txnr);
    if (transaction === undefined)
      throw new CollectorProtocolError(`the collector answered the RELP transaction ${txnr}, which is not open`);
    this.#unanswered.delete(txnr);
    this.#unansweredBytes -= transaction.bytes;
    if (this.#state === "closing") {
      if (this.#unanswered.size === 0) this.#state = "closed";
      return;
    }
    // By far the most frequent answer, and always the same.
    if (this.#state === "open" && data.equals(OK)) return;
    this.#judge(data);
  }

  #judge(data: Buffer): void {
    const text = data.toString("utf8");
    const [status = "", ...offers] = text.split("\n");
    const code = /^(\d{3})(?: |$)/.exec(status)?.[1];
    if (code === undefined)
      throw new CollectorProtocolError(`the collector answered ${shown(status)}, which has no RELP status`);
    const what = this.#state === "opening" ? "the RELP session" : "a message";
    if (code !== "200") throw new CollectorRefusedError(`the collector refused ${what}: ${shown(status)}`);
    if (this.#state === "opening") this.#accept(offers);
  }

  #accept(lines: readonly string[]): void {
    const offers = new Map(lines.map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]));
    const commands = offers.get("commands")?.split(",");
    if (commands?.includes("syslog") !== true)
      throw new CollectorRefusedError(
        `the collector's RELP session has no command "syslog": ${shown(lines.join(" "))}`,
      );
    this.#state = "open";
  }
}

const OK = Buffer.from("200 OK");

function shown(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}

import { CollectorProtocolError } from "./errors.ts";

/**
 * Frames of RELP (librelp, doc/relp.html): `TXNR SP COMMAND SP DATALEN [SP DATA] LF`.
 *
 * TXNR numbers the commands of one side, 1 to 999,999,999 and then 1 again; librelp refuses any other order. 0 is for
 * hints that want no answer. DATALEN counts octets, so DATA may hold anything.
 */
export interface RelpFrame {
  readonly txnr: number;
  readonly command: string;
  readonly data: Buffer;
}

export const MAX_TXNR = 999_999_999;

/** As librelp: what is longer is no data of this protocol. */
const MAX_DATA_BYTES = 128 << 10;
const MAX_COMMAND_LETTERS = 32;
const MAX_DIGITS = 9;

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const ZERO = 0x30;

export function nextTxnr(txnr: number): number {
  return txnr >= MAX_TXNR ? 1 : txnr + 1;
}

export function relpFrame(txnr: number, command: string, data = ""): Buffer {
  const length = Buffer.byteLength(data);
  return Buffer.from(length === 0 ? `${txnr} ${command} 0\n` : `${txnr} ${command} ${length} ${data}\n`);
}

/** Some messages as `syslog` frames. */
export interface SyslogFrames {
  readonly bytes: Buffer;
  readonly count: number;
  /** Where the first message begins that found no room; the length of `counted` when there is none. */
  readonly end: number;
  readonly nextTxnr: number;
}

/**
 * Frames as many messages as there is room for, from `at` on, the first one in any case.
 *
 * `counted` are messages by octet counting (RFC 6587), which is `DATALEN SP DATA` already: what is left to do is to put
 * the transaction before and the line feed behind each.
 */
export function syslogFrames(
  counted: Buffer,
  at: number,
  firstTxnr: number,
  room: { readonly count: number; readonly bytes: number },
): SyslogFrames {
  const starts: number[] = [];
  let end = at;
  while (end < counted.length && (starts.length === 0 || starts.length < room.count)) {
    const next = endOfCounted(counted, end);
    if (starts.length > 0 && next - at > room.bytes) break;
    starts.push(end);
    end = next;
  }
  const bytes = Buffer.allocUnsafe(end - at + starts.length * MAX_OVERHEAD);
  let length = 0;
  let txnr = firstTxnr;
  for (const [index, start] of starts.entries()) {
    length += bytes.write(`${txnr} syslog `, length, "latin1");
    length += counted.copy(bytes, length, start, starts[index + 1] ?? end);
    bytes[length] = LINE_FEED;
    length += 1;
    txnr = nextTxnr(txnr);
  }
  return { bytes: bytes.subarray(0, length), count: starts.length, end, nextTxnr: txnr };
}

/** What a `syslog` frame has besides `DATALEN SP DATA`. */
const MAX_OVERHEAD = `${MAX_TXNR} syslog \n`.length;

function endOfCounted(counted: Buffer, at: number): number {
  const space = counted.indexOf(SPACE, at);
  const length = space < 0 ? Number.NaN : Number(counted.toString("latin1", at, space));
  // Written by ourselves: anything else is a bug, and would shift every frame behind it.
  if (!Number.isInteger(length) || length <= 0 || space + 1 + length > counted.length)
    throw new RangeError(`no octet-counted message at ${at} of ${counted.length} bytes`);
  return space + 1 + length;
}

type Place = "txnr" | "command" | "length" | "data" | "trailer";

/** Cuts a stream into frames, wherever its chunks begin and end. Holds no more than one frame. */
export class RelpFrameReader {
  readonly #onFrame: (frame: RelpFrame) => void;
  readonly #maxDataBytes: number;
  #place: Place = "txnr";
  #number = 0;
  #digits = 0;
  #txnr = 0;
  #command = "";
  #data: Buffer = EMPTY;
  #filled = 0;

  constructor(onFrame: (frame: RelpFrame) => void, maxDataBytes = MAX_DATA_BYTES) {
    this.#onFrame = onFrame;
    this.#maxDataBytes = maxDataBytes;
  }

  /** Throws `BRIDGE_COLLECTOR_PROTOCOL` at the first byte that can not belong to a frame; the reader is of no use then. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#place === "data") at += this.#fill(chunk, at);
      else this.#take(chunk[at++] ?? 0);
    }
  }

  #take(byte: number): void {
    switch (this.#place) {
      case "txnr":
        if (isDigit(byte)) this.#addDigit(byte);
        else if (byte === SPACE && this.#digits > 0) this.#txnr = this.#endNumber("command");
        else throw unexpected(byte, "a transaction number");
        return;
      case "command":
        if (isLetter(byte) && this.#command.length < MAX_COMMAND_LETTERS) this.#command += String.fromCharCode(byte);
        else if (byte === SPACE && this.#command !== "") this.#place = "length";
        else throw unexpected(byte, "a command");
        return;
      case "length":
        this.#takeLength(byte);
        return;
      case "trailer":
      default:
        this.#endFrame(byte);
    }
  }

  #takeLength(byte: number): void {
    if (isDigit(byte)) {
      this.#addDigit(byte);
      return;
    }
    if (this.#digits === 0 || (byte !== SPACE && byte !== LINE_FEED)) throw unexpected(byte, "the length of the data");
    const length = this.#endNumber("trailer");
    if (length > this.#maxDataBytes)
      throw new CollectorProtocolError(
        `the collector sent a RELP frame of ${length} bytes; ${this.#maxDataBytes} at most`,
      );
    if (length > 0 && byte === SPACE) {
      this.#data = Buffer.allocUnsafe(length);
      this.#place = "data";
    } else if (length > 0) {
      throw unexpected(byte, "data");
    } else if (byte === LINE_FEED) {
      this.#endFrame(byte);
    }
  }

  /** How many bytes of the chunk belong to the data. */
  #fill(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#data, this.#filled, at);
    this.#filled += taken;
    if (this.#filled === this.#data.length) this.#place = "trailer";
    return taken;
  }

  #endFrame(byte: number): void {
    if (byte !== LINE_FEED) throw unexpected(byte, "the end of a frame");
    const frame = { txnr: this.#txnr, command: this.#command, data: this.#data };
    this.#command = "";
    this.#data = EMPTY;
    this.#filled = 0;
    this.#place = "txnr";
    this.#onFrame(frame);
  }

  #addDigit(byte: number): void {
    if (this.#digits === MAX_DIGITS) throw unexpected(byte, "no more than nine digits");
    this.#number = this.#number * 10 + byte - ZERO;
    this.#digits += 1;
  }

  #endNumber(place: Place): number {
    const number = this.#number;
    this.#number = 0;
    this.#digits = 0;
    this.#place = place;
    return number;
  }
}

const EMPTY = Buffer.alloc(0);

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function unexpected(byte: number, wanted: string): CollectorProtocolError {
  const what = JSON.stringify(String.fromCharCode(byte));
  return new CollectorProtocolError(`the collector does not speak RELP: expected ${wanted}, got ${what}`);
}

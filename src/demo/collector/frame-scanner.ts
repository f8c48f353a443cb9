/**
 * Cuts a stream into syslog messages as rsyslog's imtcp does: a frame that begins with a digit is octet-counted
 * (RFC 6587 section 3.4.1), any other ends at a newline. Both may follow each other on one connection.
 */
export class FrameScanner {
  /** Frames that began with a digit and were no octet count; they are read up to the newline. */
  framingErrors = 0;
  readonly #onFrame: (bytes: Buffer, start: number, end: number) => void;
  #rest: Buffer = EMPTY;

  /** `onFrame` gets the place of a message in a buffer that it must not keep. */
  constructor(onFrame: (bytes: Buffer, start: number, end: number) => void) {
    this.#onFrame = onFrame;
  }

  /** The bytes that are part of no complete frame yet. */
  get pendingBytes(): number {
    return this.#rest.length;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const next = this.#frameAt(bytes, at);
      if (next === at) break;
      at = next;
    }
    // A copy: a slice would keep the whole chunk alive for the sake of its last bytes.
    this.#rest = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at));
  }

  /** The stream ended cleanly: as rsyslog does, a last line without newline counts, half an octet-counted frame not. */
  end(): void {
    const rest = this.#rest;
    this.#rest = EMPTY;
    if (rest.length === 0) return;
    if (isDigit(rest[0])) this.framingErrors += 1;
    else this.#onFrame(rest, 0, rest.length);
  }

  /** Hands out the frame at `at` and returns where the next begins; `at` itself while the frame is not complete. */
  #frameAt(bytes: Buffer, at: number): number {
    if (at >= bytes.length) return at;
    if (isDigit(bytes[at])) {
      const counted = this.#countedFrameAt(bytes, at);
      if (counted !== undefined) return counted;
    }
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0) return at;
    if (newline > at) this.#onFrame(bytes, at, newline);
    return newline + 1;
  }

  /** Undefined when the digits are no octet count. */
  #countedFrameAt(bytes: Buffer, at: number): number | undefined {
    let start = at;
    let length = 0;
    while (isDigit(bytes[start])) {
      length = length * 10 + (bytes[start] ?? 0) - ZERO;
      start += 1;
    }
    if (start === bytes.length && start - at <= MAX_DIGITS) return at;
    if (bytes[start] !== SPACE || start - at > MAX_DIGITS) {
      if (bytes.indexOf(NEWLINE, at) >= 0) this.framingErrors += 1;
      return undefined;
    }
    const end = start + 1 + length;
    if (end > bytes.length) return at;
    this.#onFrame(bytes, start + 1, end);
    return end;
  }
}

const EMPTY = Buffer.alloc(0);
const NEWLINE = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const MAX_DIGITS = 9;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9;
}

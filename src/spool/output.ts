import type { RecordText } from "../bridge/ports.ts";

/** Of UTF-8, for a UTF-16 code unit. */
const MAX_UNIT_BYTES = 3;

const NEWLINE = 0x0a;

/**
 * The messages of a batch, the records of a block or the ids of a page, one behind the other. Each is written into one lasting buffer as soon as
 * it is there: as one long string they would be copied once more, and be a megabyte of garbage.
 */
export class Output {
  #bytes: Buffer;
  #length = 0;

  /** `bytes`: what it mostly has to take. */
  constructor(bytes = 1 << 20) {
    this.#bytes = Buffer.alloc(bytes);
  }

  add(text: string): void {
    this.#makeRoom(text.length * MAX_UNIT_BYTES);
    this.#length += this.#bytes.write(text, this.#length);
  }

  addBytes(bytes: Buffer, start: number, end: number): void {
    this.#makeRoom(end - start);
    this.#length += bytes.copy(this.#bytes, this.#length, start, end);
  }

  /** For ids and numbers: so short that to write them here is less than to ask for it. */
  addAscii(text: string): void {
    this.#makeRoom(text.length);
    for (let at = 0; at < text.length; at++) this.#bytes[this.#length + at] = text.charCodeAt(at);
    this.#length += text.length;
  }

  addLine(text: RecordText): void {
    if (typeof text === "string") this.add(text);
    else {
      this.#makeRoom(text.byteLength);
      this.#length = text.copyTo(this.#bytes, this.#length);
    }
    this.#bytes[this.#length++] = NEWLINE;
  }

  /** Lets go of what a batch that failed midway has left. */
  clear(): void {
    this.#length = 0;
  }

  /** What has been written, where it stands: good until more is. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  takeText(): string {
    const text = this.#bytes.toString("utf8", 0, this.#length);
    this.#length = 0;
    return text;
  }

  /** For so many bytes and a line break. */
  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes + 1;
    if (needed > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#length)], 2 * needed);
  }

  /** A copy, for it goes to another thread; then it is empty. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }
}

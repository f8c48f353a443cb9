import type { RecordText, TextPieces } from "../bridge/ports.ts";

/** Of UTF-8, for a UTF-16 code unit. */
const MAX_UNIT_BYTES = 3;

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/**
 * The messages of a batch, or the records of a block, one behind the other. Each is written into one lasting buffer as soon as
 * it is there: as one long string they would be copied once more, and be a megabyte of garbage.
 */
export class Output {
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;

  add(text: string): void {
    const needed = this.#length + text.length * MAX_UNIT_BYTES + 1;
    if (needed > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#length)], 2 * needed);
    this.#length += this.#bytes.write(text, this.#length);
  }

  addLine(text: RecordText): void {
    if (typeof text === "string") this.add(text);
    else this.#addPieces(text);
    this.#bytes[this.#length++] = NEWLINE;
  }

  #addPieces(text: TextPieces): void {
    for (let at = 0; at < text.pieces; at++) {
      if (at > 0) this.#bytes[this.#length++] = QUOTE;
      this.add(text.piece(at));
    }
  }

  /** A copy, for it goes to another thread; then it is empty. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }
}

import { QUOTE } from "./json-text.ts";

/**
 * A stretch of a long text in UTF-8, with quotes put in at some places. It becomes a string only for those who want one:
 * whoever writes it somewhere takes the bytes, and a page of records does not stand in memory once more.
 */
export class TextSlice {
  readonly #bytes: Buffer;
  // Not the stretch itself: whoever found it may have put more into it, and that would live as long as the text.
  readonly #start: number;
  readonly #end: number;
  readonly #units: number;
  readonly #cuts: readonly number[];

  /** `cuts`: where the quotes stand, ascending. */
  constructor(bytes: Buffer, { start, end, units }: Stretch, cuts: readonly number[]) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#units = units;
    this.#cuts = cuts;
  }

  /** Of the whole, in UTF-16 code units. */
  get length(): number {
    return this.#units + this.#cuts.length;
  }

  get byteLength(): number {
    return this.#end - this.#start + this.#cuts.length;
  }

  /** Writes it at `at`, and gives the place behind it. Throws a RangeError when the memory of the text was given back. */
  copyTo(target: Buffer, at: number): number {
    const end = this.#end;
    // Nothing would be copied, and that would be a record without a word.
    if (this.#bytes.length < end) throw new RangeError("the memory of this text was given back");
    let start = this.#start;
    let to = at;
    for (const cut of this.#cuts) {
      to += this.#bytes.copy(target, to, start, cut);
      target[to++] = QUOTE;
      start = cut;
    }
    return to + this.#bytes.copy(target, to, start, end);
  }

  toString(): string {
    const bytes = Buffer.allocUnsafe(this.byteLength);
    this.copyTo(bytes, 0);
    return bytes.toString("utf8");
  }
}

/** From `start` to `end` in bytes. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** The same in UTF-16 code units. */
  readonly units: number;
}

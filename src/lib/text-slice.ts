import { QUOTE } from "./json-text.ts";

/** A long text in UTF-8, of which stretches are taken. */
export interface CutText {
  readonly bytes: Buffer;
  /** Where quotes are put in, ascending within a stretch; of all stretches one behind the other: a list for each would be a thousand. */
  readonly cuts: number[];
}

/**
 * A stretch of a long text, with quotes put in at some places. It becomes a string only for those who want one: whoever writes
 * it somewhere takes the bytes, and a page of records does not stand in memory once more.
 */
export class TextSlice {
  readonly #text: CutText;
  // Not the stretch itself: whoever found it may have put more into it, and that would live as long as the text.
  readonly #start: number;
  readonly #end: number;
  readonly #units: number;
  /** Its part of the cuts. */
  readonly #firstCut: number;
  readonly #endCut: number;

  /** The cuts of the text from `firstCut` to their end now are those of the stretch. */
  constructor(text: CutText, { start, end, units }: Stretch, firstCut: number) {
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.#units = units;
    this.#firstCut = firstCut;
    this.#endCut = text.cuts.length;
  }

  /** Of the whole, in UTF-16 code units. */
  get length(): number {
    return this.#units + this.#endCut - this.#firstCut;
  }

  get byteLength(): number {
    return this.#end - this.#start + this.#endCut - this.#firstCut;
  }

  /** Writes it at `at`, and gives the place behind it. Throws a RangeError when the memory of the text was given back. */
  copyTo(target: Buffer, at: number): number {
    const { bytes, cuts } = this.#text;
    const end = this.#end;
    // Nothing would be copied, and that would be a record without a word.
    if (bytes.length < end) throw new RangeError("the memory of this text was given back");
    let start = this.#start;
    let to = at;
    for (let next = this.#firstCut; next < this.#endCut; next++) {
      const cut = cuts[next] ?? end;
      to += bytes.copy(target, to, start, cut);
      target[to++] = QUOTE;
      start = cut;
    }
    return to + bytes.copy(target, to, start, end);
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

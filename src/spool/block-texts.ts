import { releaseBuffer } from "../lib/release-buffer.ts";

/** The records of a block, by their place in it. */
export interface Texts {
  /** Whether it is known which of the bytes each is; otherwise there is only its text. */
  readonly hasBytes: boolean;
  text(at: number): string;
  byteLength(at: number): number;
  copyTo(target: Uint8Array, to: number, at: number): void;
  release(): void;
}

/** Their lengths, as the index of the block tells them. */
export interface TextLengths {
  /** In UTF-16 code units. */
  readonly lengths: readonly number[];
  /** The same in bytes, where that is something else; older releases did not write it. */
  readonly bytes?: readonly number[];
}

/** `bytes` is the block's text; the first record begins at `begin`. */
export function textsOf(bytes: Buffer, begin: number, { lengths, bytes: sizes = lengths }: TextLengths): Texts {
  const isWhole = sizes.reduce((sum, size) => sum + size + 1, begin) === bytes.length;
  return isWhole ? new ByteTexts(bytes, begin, sizes, sizes === lengths) : new DecodedTexts(bytes, begin, lengths);
}

/**
 * Each record becomes a short string when it is asked for: what is short and dies young costs the collector nothing, a
 * string of half a megabyte does.
 */
class ByteTexts implements Texts {
  readonly hasBytes = true;
  readonly #bytes: Buffer;
  readonly #starts: readonly number[];
  readonly #sizes: readonly number[];
  readonly #encoding: "latin1" | "utf8";

  /** `isAscii`: a byte is a character. */
  constructor(bytes: Buffer, begin: number, sizes: readonly number[], isAscii: boolean) {
    this.#bytes = bytes;
    this.#starts = startsOf(begin, sizes);
    this.#sizes = sizes;
    this.#encoding = isAscii ? "latin1" : "utf8";
  }

  text(at: number): string {
    const start = this.#starts[at] ?? 0;
    return this.#bytes.toString(this.#encoding, start, start + (this.#sizes[at] ?? 0));
  }

  byteLength(at: number): number {
    return this.#sizes[at] ?? 0;
  }

  copyTo(target: Uint8Array, to: number, at: number): void {
    const start = this.#starts[at] ?? 0;
    this.#bytes.copy(target, to, start, start + (this.#sizes[at] ?? 0));
  }

  release(): void {
    releaseBuffer(this.#bytes);
  }
}

/** Of a release that did not write down the bytes of each: which they are shows when all of them are decoded. */
class DecodedTexts implements Texts {
  readonly hasBytes = false;
  readonly #text: string;
  readonly #starts: readonly number[];
  readonly #lengths: readonly number[];

  constructor(bytes: Buffer, begin: number, lengths: readonly number[]) {
    this.#text = bytes.toString("utf8", begin);
    releaseBuffer(bytes);
    this.#starts = startsOf(0, lengths);
    this.#lengths = lengths;
  }

  text(at: number): string {
    const start = this.#starts[at] ?? 0;
    return this.#text.slice(start, start + (this.#lengths[at] ?? 0));
  }

  byteLength(at: number): number {
    return Buffer.byteLength(this.text(at));
  }

  copyTo(target: Uint8Array, to: number, at: number): void {
    target.set(Buffer.from(this.text(at)), to);
  }

  release(): void {
    // The collector has it.
  }
}

/** Each with a line break behind it. */
function startsOf(begin: number, sizes: readonly number[]): readonly number[] {
  const starts: number[] = [];
  let start = begin;
  for (const size of sizes) {
    starts.push(start);
    start += size + 1;
  }
  return starts;
}

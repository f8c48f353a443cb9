import type { ScannedRecord, Slice } from "../exact-json.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  IN_STRING,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  LETTER_U,
  LONG_INTEGER_DIGITS,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  POINT,
  QUOTE,
  STRING_BYTES,
  ZERO,
  isDigit,
} from "../json-text.ts";

/**
 * Walks over an object of JSON, makes sure that `JSON.parse` would take it, and picks single values of its top level: all that
 * is asked of a record before it is stored. Half of the time of parsing it, and nothing to collect afterwards.
 *
 * It may be unsure, never wrong: undefined means that somebody else has to look, which is `JSON.parse`. A property test
 * compares them.
 */
export class RecordScanner {
  /** Well-formed UTF-8. */
  readonly #json: Buffer;
  readonly #names: readonly Name[];
  #at = 0;
  #picked = 0;
  /** How many escapes were passed. */
  #escapes = 0;
  /** How many bytes there were more than UTF-16 code units. */
  #extra = 0;
  /** Of the record that is being read; one list for all of them, which is not made shorter: that would let go of its memory. */
  readonly #longRuns: number[] = [];
  #longRunCount = 0;

  /** `names`: the members whose values are wanted; with none of them it only finds the ends of records. */
  constructor(json: Buffer, names: readonly string[]) {
    this.#json = json;
    this.#names = names.map((name) => ({ name, bytes: Buffer.from(name) }));
  }

  /** The object that begins at `start`; undefined when it is none, or for any doubt. */
  read(start: number): ScannedRecord | Slice | undefined {
    if (this.#json[start] !== OPEN_BRACE) return undefined;
    this.#at = start;
    this.#extra = 0;
    this.#longRunCount = 0;
    this.#picked = 0;
    const head: Record<string, string | number> | undefined = this.#names.length === 0 ? undefined : {};
    if (!this.#object(0, head)) return undefined;
    const end = this.#at;
    const longRuns = this.#longRunCount === 0 ? undefined : this.#longRuns.slice(0, this.#longRunCount);
    if (head === undefined) return { start, end, longRuns };
    // One that has nothing of what was expected is another thing.
    return this.#picked === 0 ? undefined : { start, end, units: end - start - this.#extra, longRuns, head };
  }

  #object(depth: number, head: Record<string, string | number> | undefined): boolean {
    const json = this.#json;
    if (depth > MAX_DEPTH) return false;
    this.#at += 1;
    if (json[this.#at] === CLOSE_BRACE) return this.#go(1);
    for (;;) {
      const key = this.#at + 1;
      const escapes = this.#escapes;
      if (json[this.#at] !== QUOTE || !this.#string()) return false;
      // A name with an escape may be any.
      if (head !== undefined && this.#escapes !== escapes) return false;
      const wanted = head === undefined ? undefined : this.#wanted(key);
      if (json[this.#at] !== COLON) return false;
      this.#at += 1;
      if (!this.#value(depth)) return false;
      if (head !== undefined && wanted !== undefined && !this.#pick(head, wanted)) return false;
      const code = json[this.#at];
      this.#at += 1;
      if (code === CLOSE_BRACE) return true;
      if (code !== COMMA) return false;
    }
  }

  #array(depth: number): boolean {
    const json = this.#json;
    if (depth > MAX_DEPTH) return false;
    this.#at += 1;
    if (json[this.#at] === CLOSE_BRACKET) return this.#go(1);
    for (;;) {
      if (!this.#value(depth)) return false;
      const code = json[this.#at];
      this.#at += 1;
      if (code === CLOSE_BRACKET) return true;
      if (code !== COMMA) return false;
    }
  }

  #value(depth: number): boolean {
    switch (this.#json[this.#at]) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object(depth + 1, undefined);
      case OPEN_BRACKET:
        return this.#array(depth + 1);
      case LETTER_N:
        return this.#word(NULL);
      case LETTER_T:
        return this.#word(TRUE);
      case LETTER_F:
        return this.#word(FALSE);
      default:
        return this.#integer();
    }
  }

  #go(by: number): true {
    this.#at += by;
    return true;
  }

  #word(word: Uint8Array): boolean {
    return this.#has(word, this.#at) && this.#go(word.length);
  }

  /** Goes behind the string that begins here. */
  #string(): boolean {
    const json = this.#json;
    const kinds = STRING_BYTES;
    let at = this.#at + 1;
    while (kinds[json[at] ?? 0] === PLAIN) at += 1;
    this.#at = at + 1;
    return json[at] === QUOTE || this.#restOfString(at);
  }

  /** The same from something on that is neither plain nor the end. */
  #restOfString(from: number): boolean {
    const json = this.#json;
    for (let at = from; ; at += 1) {
      const byte = json[at] ?? 0;
      switch (STRING_BYTES[byte]) {
        case IN_STRING.plain:
          break;
        case IN_STRING.quote:
          this.#at = at + 1;
          return true;
        case IN_STRING.backslash: {
          at += 1;
          const escape = json[at] ?? 0;
          if (escape === LETTER_U ? !isHex4(json, at + 1) : !ESCAPES.has(escape)) return false;
          this.#escapes += 1;
          break;
        }
        case IN_STRING.other:
          // Of a character, all bytes but the first; one of four bytes has two code units.
          if (byte < FIRST_BYTES) this.#extra += 1;
          else if (byte >= FOUR_BYTES) this.#extra -= 1;
          break;
        default:
          // A control character; or the end, behind which there is nothing.
          return false;
      }
    }
  }

  /** Other numbers are rare, and left to whoever knows their rules. */
  #integer(): boolean {
    const json = this.#json;
    if (json[this.#at] === MINUS) this.#at += 1;
    const start = this.#at;
    while (isDigit(json[this.#at] ?? 0)) this.#at += 1;
    const digits = this.#at - start;
    const code = json[this.#at];
    if (digits === 0 || (digits > 1 && json[start] === ZERO) || code === POINT) return false;
    if (digits >= LONG_INTEGER_DIGITS) this.#longRuns[this.#longRunCount++] = start;
    return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET;
  }

  /** Which of the names the key is that begins at `key` and has just been passed. */
  #wanted(key: number): Wanted | undefined {
    const length = this.#at - 1 - key;
    for (const { name, bytes } of this.#names) {
      if (bytes.length === length && this.#has(bytes, key))
        return { name, start: this.#at + 1, escapes: this.#escapes, extra: this.#extra };
    }
    return undefined;
  }

  #has(bytes: Uint8Array, start: number): boolean {
    for (let at = 0; at < bytes.length; at++) if (this.#json[start + at] !== bytes[at]) return false;
    return true;
  }

  /** Only what needs no parser: texts without an escape, and integers that are exact. */
  #pick(head: Record<string, string | number>, { name, start, escapes, extra }: Wanted): boolean {
    const json = this.#json;
    const end = this.#at;
    const code = json[start] ?? 0;
    if (code === QUOTE && this.#escapes === escapes)
      head[name] = json.toString(this.#extra === extra ? "latin1" : "utf8", start + 1, end - 1);
    else if (isDigit(code) && end - start < LONG_INTEGER_DIGITS)
      head[name] = Number(json.toString("latin1", start, end));
    else return false;
    this.#picked += 1;
    return true;
  }
}

/** A member whose value is wanted, where that begins, and what had been counted before it. */
interface Wanted {
  readonly name: string;
  readonly start: number;
  readonly escapes: number;
  readonly extra: number;
}

interface Name {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const PLAIN = IN_STRING.plain;
const NULL = Buffer.from("null");
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const HEX4 = /^[\da-fA-F]{4}$/;

/** Bytes of UTF-8 from here on begin a character, and from there on one of four bytes. */
const FIRST_BYTES = 0xc0;
const FOUR_BYTES = 0xf0;

/** As deep as any record of the console, and far from the end of the stack. */
const MAX_DEPTH = 32;

function isHex4(json: Buffer, at: number): boolean {
  return HEX4.test(json.toString("latin1", at, at + 4));
}

import type { Slice } from "./exact-json.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
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
  ZERO,
  isDigit,
} from "./json-text.ts";

/**
 * Walks over an object of JSON, makes sure that `JSON.parse` would take it, and picks single values of its top level: all that
 * is asked of a record before it is stored. A third of the time of parsing it, and nothing to collect afterwards.
 *
 * It may be unsure, never wrong: undefined means that somebody else has to look, which is `JSON.parse`. A property test
 * compares them.
 */
export class RecordScanner {
  readonly #text: string;
  readonly #names: readonly string[];
  /** Where the next backslash is, from the last one asked for. */
  #backslash = -1;
  #escapes = 0;
  #at = 0;
  /** Of the record that is being read; one list for all of them, as most have none and the others a few. */
  readonly #longRuns: number[] = [];

  /** `names`: the members whose values are wanted. Undefined for texts that are not worth it. */
  static of(text: string, names: readonly string[]): RecordScanner | undefined {
    // Within strings they are no JSON, between values they are a page for people.
    return CONTROL.test(text) ? undefined : new RecordScanner(text, names);
  }

  private constructor(text: string, names: readonly string[]) {
    this.#text = text;
    this.#names = names;
  }

  /** The object that begins at `start`; undefined when it is none, or for any doubt. */
  read(start: number): ScannedRecord | undefined {
    if (this.#text.charCodeAt(start) !== OPEN_BRACE) return undefined;
    this.#at = start;
    this.#longRuns.length = 0;
    const head: Record<string, string | number> = {};
    if (!this.#object(0, head)) return undefined;
    return { start, end: this.#at, longRuns: this.#longRuns.length === 0 ? undefined : this.#longRuns.slice(), head };
  }

  #object(depth: number, head: Record<string, string | number> | undefined): boolean {
    const text = this.#text;
    if (depth > MAX_DEPTH) return false;
    this.#at += 1;
    if (text.charCodeAt(this.#at) === CLOSE_BRACE) return this.#go(1);
    for (;;) {
      const key = this.#at + 1;
      const escapes = this.#escapes;
      if (text.charCodeAt(this.#at) !== QUOTE || !this.#string()) return false;
      // A name with an escape may be any.
      if (head !== undefined && this.#escapes !== escapes) return false;
      const name = head === undefined ? undefined : this.#wanted(key);
      if (text.charCodeAt(this.#at) !== COLON) return false;
      this.#at += 1;
      const start = this.#at;
      if (!this.#value(depth)) return false;
      if (head !== undefined && name !== undefined && !this.#pick(head, name, start)) return false;
      const code = text.charCodeAt(this.#at);
      this.#at += 1;
      if (code === CLOSE_BRACE) return true;
      if (code !== COMMA) return false;
    }
  }

  #array(depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    this.#at += 1;
    if (this.#text.charCodeAt(this.#at) === CLOSE_BRACKET) return this.#go(1);
    for (;;) {
      if (!this.#value(depth)) return false;
      const code = this.#text.charCodeAt(this.#at);
      this.#at += 1;
      if (code === CLOSE_BRACKET) return true;
      if (code !== COMMA) return false;
    }
  }

  #value(depth: number): boolean {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object(depth + 1, undefined);
      case OPEN_BRACKET:
        return this.#array(depth + 1);
      case LETTER_N:
        return this.#text.startsWith("null", this.#at) && this.#go(4);
      case LETTER_T:
        return this.#text.startsWith("true", this.#at) && this.#go(4);
      case LETTER_F:
        return this.#text.startsWith("false", this.#at) && this.#go(5);
      default:
        return this.#integer();
    }
  }

  #go(by: number): true {
    this.#at += by;
    return true;
  }

  /** Goes behind the string that begins here. */
  #string(): boolean {
    const text = this.#text;
    const open = this.#at;
    let end = text.indexOf('"', open + 1);
    if (end < 0) return false;
    if (this.#backslash < open) this.#backslash = indexOrEnd(text, open);
    while (this.#backslash < end) {
      this.#escapes += 1;
      const escape = text.charCodeAt(this.#backslash + 1);
      if (escape === LETTER_U ? !isHex4(text, this.#backslash + 2) : !ESCAPES.has(escape)) return false;
      if (this.#backslash + 1 === end) end = text.indexOf('"', end + 1);
      if (end < 0) return false;
      this.#backslash = indexOrEnd(text, this.#backslash + 2);
    }
    this.#at = end + 1;
    return true;
  }

  /** Other numbers are rare, and left to whoever knows their rules. */
  #integer(): boolean {
    const text = this.#text;
    if (text.charCodeAt(this.#at) === MINUS) this.#at += 1;
    const start = this.#at;
    while (isDigit(text.charCodeAt(this.#at))) this.#at += 1;
    const digits = this.#at - start;
    const code = text.charCodeAt(this.#at);
    if (digits === 0 || (digits > 1 && text.charCodeAt(start) === ZERO) || code === POINT) return false;
    if (digits >= LONG_INTEGER_DIGITS) this.#longRuns.push(start);
    return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET;
  }

  /** Which of the names the key is that begins at `key` and has just been passed. */
  #wanted(key: number): string | undefined {
    const length = this.#at - 1 - key;
    for (const name of this.#names) if (name.length === length && this.#text.startsWith(name, key)) return name;
    return undefined;
  }

  /** Only what needs no parser: texts without an escape, and integers that are exact. */
  #pick(head: Record<string, string | number>, name: string, start: number): boolean {
    const value = this.#text.slice(start, this.#at);
    const code = value.charCodeAt(0);
    if (code === QUOTE && !value.includes("\\")) head[name] = value.slice(1, -1);
    else if (isDigit(code) && value.length < LONG_INTEGER_DIGITS) head[name] = Number(value);
    else return false;
    return true;
  }
}

export interface ScannedRecord extends Slice {
  /** The wanted members that the record has. */
  readonly head: Readonly<Record<string, string | number>>;
}

const CONTROL = /[\u0000-\u001f]/;
const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const HEX4 = /^[\da-fA-F]{4}$/;

/** As deep as any record of the console, and far from the end of the stack. */
const MAX_DEPTH = 32;

function indexOrEnd(text: string, from: number): number {
  const index = text.indexOf("\\", from);
  return index < 0 ? text.length : index;
}

function isHex4(text: string, at: number): boolean {
  return HEX4.test(text.slice(at, at + 4));
}

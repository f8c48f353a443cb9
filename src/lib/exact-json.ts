/**
 * JSON whose integers are exact.
 *
 * `JSON.parse` rounds integers beyond ±2^53, silently. Here such an integer becomes its decimal string. Two passes over
 * the text keep this cheap: a scanner that skips from quote to quote finds the elements of a list and marks those that
 * hold a long run of digits; only these are rewritten before `JSON.parse` sees them. Measured in bench/exact-json.ts.
 */

import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LONG_INTEGER_DIGITS,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  isDigit,
} from "./json-text.ts";
import { RecordScanner } from "./record-scan.ts";

/** A stretch of JSON text that holds one value. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  /** Where, outside of strings, runs of 16 or more digits begin. Undefined: nowhere. */
  readonly longRuns: readonly number[] | undefined;
  /** The members of an object that were asked for, where looking at its text was enough to be sure. */
  readonly head?: Readonly<Record<string, string | number>>;
}

/** Reads one JSON text; integers beyond ±2^53 are given as decimal strings. Throws `SyntaxError` as `JSON.parse` does. */
export function parseExact(text: string): unknown {
  const longRuns = new Scanner(text, 0).skipValue()?.longRuns;
  return parseSlice(text, { start: 0, end: text.length, longRuns });
}

/** The value of a slice, as {@link parseExact} reads it. */
export function parseSlice(text: string, slice: Slice): unknown {
  return JSON.parse(String(exactText(text, slice)));
}

/** The text of a slice with its integers beyond ±2^53 in quotes: `JSON.parse` reads it without rounding. */
export function exactText(text: string, slice: Slice): string | QuotedText {
  const { start, end, longRuns } = slice;
  const cuts = longRuns === undefined ? NO_CUTS : cutsFor(text, longRuns);
  return cuts.length === 0 ? text.slice(start, end) : new QuotedText(text, start, end, cuts);
}

/**
 * A stretch of a text with quotes put in at some places. It is joined only for those who want a string: whoever writes it
 * somewhere takes the pieces, and a page of records does not stand in memory once more.
 */
export class QuotedText {
  /** In UTF-16 code units. */
  readonly length: number;
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  readonly #cuts: readonly number[];

  constructor(text: string, start: number, end: number, cuts: readonly number[]) {
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.#cuts = cuts;
    this.length = end - start + cuts.length;
  }

  /** One more than there are quotes; between two of them stands one. */
  get pieces(): number {
    return this.#cuts.length + 1;
  }

  piece(at: number): string {
    return this.#text.slice(this.#cuts[at - 1] ?? this.#start, this.#cuts[at] ?? this.#end);
  }

  toString(): string {
    return Array.from({ length: this.pieces }, (_, at) => this.piece(at)).join('"');
  }
}

/** The elements of the list that begins at `from`; undefined when the text ends before the list does. */
export function scanList(text: string, from = 0): Slice[] | undefined {
  return new Scanner(text, from).list();
}

/**
 * The members of the object that is the whole text: key to slice, and the elements of the list `listKey`,
 * so that a long list is walked once. Undefined when the text is no complete object. `headNames`: the members of the
 * elements that are wanted as their `head`.
 */
export function scanObject(
  text: string,
  listKey: string,
  headNames: readonly string[] = [],
): ScannedObject | undefined {
  const records = headNames.length === 0 ? undefined : RecordScanner.of(text, headNames);
  return new Scanner(text, 0, records).object(listKey);
}

export interface ScannedObject {
  readonly members: ReadonlyMap<string, Slice>;
  /** The elements of the member named by `listKey`; undefined when it is missing or no list. */
  readonly elements: readonly Slice[] | undefined;
}

class Scanner {
  readonly #text: string;
  readonly #records: RecordScanner | undefined;
  #at: number;

  constructor(text: string, at: number, records?: RecordScanner) {
    this.#text = text;
    this.#at = at;
    this.#records = records;
  }

  object(listKey: string): ScannedObject | undefined {
    const text = this.#text;
    const members = new Map<string, Slice>();
    let elements: readonly Slice[] | undefined;
    this.#skipSpace();
    if (text.charCodeAt(this.#at++) !== OPEN_BRACE) return undefined;
    for (;;) {
      this.#skipSpace();
      const code = text.charCodeAt(this.#at);
      if (code === CLOSE_BRACE) return this.#endsHere() ? { members, elements } : undefined;
      if (code === COMMA) {
        this.#at += 1;
        continue;
      }
      const key = this.skipValue();
      this.#skipSpace();
      if (key === undefined || text.charCodeAt(this.#at++) !== COLON) return undefined;
      const name = text.slice(key.start + 1, key.end - 1);
      this.#skipSpace();
      const start = this.#at;
      // Of members with one name the last counts, as for JSON.parse.
      if (name === listKey) elements = undefined;
      if (name === listKey && text.charCodeAt(start) === OPEN_BRACKET) {
        elements = this.list();
        if (elements === undefined) return undefined;
        members.set(name, { start, end: this.#at, longRuns: undefined });
        continue;
      }
      const value = this.skipValue();
      if (value === undefined) return undefined;
      members.set(name, value);
    }
  }

  list(): Slice[] | undefined {
    const elements: Slice[] = [];
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at++) !== OPEN_BRACKET) return undefined;
    for (;;) {
      this.#skipSpace();
      const code = this.#text.charCodeAt(this.#at);
      if (code === CLOSE_BRACKET || code === COMMA) {
        this.#at += 1;
        if (code === CLOSE_BRACKET) return elements;
        continue;
      }
      const record = this.#records?.read(this.#at);
      const element = record ?? this.skipValue();
      if (element === undefined) return undefined;
      this.#at = element.end;
      elements.push(element);
    }
  }

  /** Goes behind the next value; undefined when the text ends first. Brackets and strings are followed, the rest is left to `JSON.parse`. */
  skipValue(): Slice | undefined {
    const text = this.#text;
    this.#skipSpace();
    const start = this.#at;
    let at = start;
    let depth = 0;
    let digits = 0;
    let longRuns: number[] | undefined;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (isDigit(code)) {
        if (++digits === LONG_INTEGER_DIGITS) (longRuns ??= []).push(at - LONG_INTEGER_DIGITS + 1);
        continue;
      }
      digits = 0;
      if (code === QUOTE) {
        at = endOfString(text, at);
        if (at < 0) return undefined;
        if (depth === 0) return this.#slice(start, at + 1, longRuns);
      } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        depth += 1;
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        if (depth === 0) return this.#slice(start, at, longRuns);
        depth -= 1;
        if (depth === 0) return this.#slice(start, at + 1, longRuns);
      } else if (code === COMMA && depth === 0) {
        return this.#slice(start, at, longRuns);
      }
    }
    // A bare number may end with the text; anything open is torn.
    return depth === 0 ? this.#slice(start, at, longRuns) : undefined;
  }

  #slice(start: number, end: number, longRuns: number[] | undefined): Slice | undefined {
    this.#at = end;
    return end > start ? { start, end, longRuns } : undefined;
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.#at) <= 0x20) this.#at += 1;
  }

  #endsHere(): boolean {
    this.#at += 1;
    this.#skipSpace();
    return this.#at >= this.#text.length;
  }
}

/** The place of the quote that ends the string which begins at `open`; -1 when the text ends first. */
function endOfString(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return -1;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}

const NO_CUTS: readonly number[] = [];

/** Where quotes have to stand, so that integers beyond ±2^53 are strings. */
function cutsFor(text: string, longRuns: readonly number[]): readonly number[] {
  const cuts: number[] = [];
  for (const run of longRuns) {
    const from = text.charCodeAt(run - 1) === MINUS ? run - 1 : run;
    let to = run + LONG_INTEGER_DIGITS;
    while (isDigit(text.charCodeAt(to))) to += 1;
    const integer = text.slice(from, to);
    if (isPartOfFloat(text, from, to) || Number.isSafeInteger(Number(integer))) continue;
    cuts.push(from, to);
  }
  return cuts;
}

/** Digits behind a point or an exponent, or before one: a floating-point number, which is rounded as everywhere. */
function isPartOfFloat(text: string, from: number, to: number): boolean {
  return /[.eE+]/.test(text.charAt(from - 1)) || /[.eE]/.test(text.charAt(to));
}

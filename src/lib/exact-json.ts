/**
 * JSON whose integers are exact.
 *
 * `JSON.parse` rounds integers beyond ±2^53, silently. Here such an integer becomes its decimal string. Two passes keep this
 * cheap: a walk over the bytes finds the elements of a list and marks those that hold a long run of digits; only these are
 * rewritten before `JSON.parse` sees them. Measured in bench/exact-json.ts.
 *
 * Texts are UTF-8, as they come: a page of records as a string would be copied twice, and be a megabyte for the collector.
 */

import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  IN_STRING,
  LONG_INTEGER_DIGITS,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  STRING_BYTES,
  ZERO,
  isDigit,
} from "./json-text.ts";
import { ByteRecordScanner } from "./record-scan/byte-scanner.ts";
import { type CutText, TextSlice } from "./text-slice.ts";

/** A stretch of JSON text that holds one value, in bytes. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  /** Where, outside of strings, runs of 16 or more digits begin. Undefined: nowhere. */
  readonly longRuns: readonly number[] | undefined;
}

/** An object of which the members that were asked for are known, because looking at its text was enough to be sure. */
export interface ScannedRecord extends Slice {
  /** The wanted members; undefined for those that it does not have. */
  readonly head: Readonly<Record<string, string | number | undefined>>;
  /** From `start` to `end`, in UTF-16 code units. */
  readonly units: number;
}

/** Reads one JSON text; integers beyond ±2^53 are given as decimal strings. Throws `SyntaxError` as `JSON.parse` does. */
export function parseExact(text: string): unknown {
  const json = Buffer.from(text);
  const longRuns = new Scanner(json, 0).skipValue()?.longRuns;
  return parseSlice(json, { start: 0, end: json.length, longRuns });
}

/** The value of a slice, as {@link parseExact} reads it. */
export function parseSlice(json: Buffer, slice: Slice): unknown {
  return JSON.parse(exactText(json, slice));
}

/** The text of a slice with its integers beyond ±2^53 in quotes: `JSON.parse` reads it without rounding. */
export function exactText(json: Buffer, { start, end, longRuns }: Slice): string {
  const parts: string[] = [];
  let from = start;
  const cuts: number[] = [];
  addCuts(cuts, json, longRuns);
  for (const cut of cuts) {
    parts.push(json.toString("utf8", from, cut));
    from = cut;
  }
  return [...parts, json.toString("utf8", from, end)].join('"');
}

/** The same without making a string of it. */
export function exactSlice(text: CutText, record: ScannedRecord): TextSlice {
  const firstCut = text.cuts.length;
  addCuts(text.cuts, text.bytes, record.longRuns);
  return new TextSlice(text, record, firstCut);
}

/**
 * What is made of each element as soon as it is found: what is not kept of it then dies young. `head` and `longRuns` of one
 * that has a head are good until then.
 */
export type Take<T> = (element: Slice | ScannedRecord) => T;

const AS_IT_IS: Take<Slice | ScannedRecord> = (element) =>
  "head" in element ? { ...element, longRuns: element.longRuns?.slice(), head: { ...element.head } } : element;

/** The elements of the list that begins at `from`; undefined when the text ends before the list does. */
export function scanList(json: Buffer, from = 0): (Slice | ScannedRecord)[] | undefined {
  return new Scanner(json, from).list(AS_IT_IS);
}

/**
 * The members of the object that is the whole text: key to slice, and the elements of the list `listKey`,
 * so that a long list is walked once. Undefined when the text is no complete object. `headNames`: the members of the
 * elements that are wanted as their `head`.
 */
export function scanObject(
  json: Buffer,
  listKey: string,
  headNames: readonly string[] = [],
): ScannedObject<Slice | ScannedRecord> | undefined {
  return scanTaking(json, listKey, headNames, AS_IT_IS);
}

/** The same with what `take` makes of the elements. */
export function scanTaking<T>(
  json: Buffer,
  listKey: string,
  headNames: readonly string[],
  take: Take<T>,
): ScannedObject<T> | undefined {
  return new Scanner(json, 0, new ByteRecordScanner(json, headNames)).object(listKey, take);
}

export interface ScannedObject<T = unknown> {
  readonly members: ReadonlyMap<string, Slice>;
  /** The elements of the member named by `listKey`; undefined when it is missing or no list. */
  readonly elements: readonly T[] | undefined;
}

class Scanner {
  readonly #json: Buffer;
  readonly #records: ByteRecordScanner | undefined;
  #at: number;

  constructor(json: Buffer, at: number, records?: ByteRecordScanner) {
    this.#json = json;
    this.#at = at;
    this.#records = records;
  }

  object<T>(listKey: string, take: Take<T>): ScannedObject<T> | undefined {
    const json = this.#json;
    const members = new Map<string, Slice>();
    let elements: T[] | undefined;
    this.#skipSpace();
    if (json[this.#at++] !== OPEN_BRACE) return undefined;
    for (;;) {
      this.#skipSpace();
      const code = json[this.#at];
      if (code === CLOSE_BRACE) return this.#endsHere() ? { members, elements } : undefined;
      if (code === COMMA) {
        this.#at += 1;
        continue;
      }
      const key = this.skipValue();
      this.#skipSpace();
      if (key === undefined || json[this.#at++] !== COLON) return undefined;
      const name = json.toString("utf8", key.start + 1, key.end - 1);
      this.#skipSpace();
      const start = this.#at;
      // Of members with one name the last counts, as for JSON.parse.
      if (name === listKey) elements = undefined;
      if (name === listKey && json[start] === OPEN_BRACKET) {
        elements = this.list(take);
        if (elements === undefined) return undefined;
        members.set(name, { start, end: this.#at, longRuns: undefined });
        continue;
      }
      const value = this.skipValue();
      if (value === undefined) return undefined;
      members.set(name, value);
    }
  }

  list<T>(take: Take<T>): T[] | undefined {
    const json = this.#json;
    const elements: T[] = [];
    this.#skipSpace();
    if (json[this.#at++] !== OPEN_BRACKET) return undefined;
    for (;;) {
      this.#skipSpace();
      const code = json[this.#at];
      if (code === CLOSE_BRACKET || code === COMMA) {
        this.#at += 1;
        if (code === CLOSE_BRACKET) return elements;
        continue;
      }
      const record = this.#records?.read(this.#at);
      const element = record ?? this.skipValue();
      if (element === undefined) return undefined;
      this.#at = element.end;
      elements.push(take(element));
    }
  }

  /** Goes behind the next value; undefined when the text ends first. Brackets and strings are followed, the rest is left to `JSON.parse`. */
  skipValue(): Slice | undefined {
    const json = this.#json;
    this.#skipSpace();
    const start = this.#at;
    let at = start;
    let depth = 0;
    let digits = 0;
    let longRuns: number[] | undefined;
    for (; at < json.length; at++) {
      const code = json[at] ?? 0;
      if (isDigit(code)) {
        if (++digits === LONG_INTEGER_DIGITS) (longRuns ??= []).push(at - LONG_INTEGER_DIGITS + 1);
        continue;
      }
      digits = 0;
      if (code === QUOTE) {
        at = endOfString(json, at);
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
    while ((this.#json[this.#at] ?? Infinity) <= 0x20) this.#at += 1;
  }

  #endsHere(): boolean {
    this.#at += 1;
    this.#skipSpace();
    return this.#at >= this.#json.length;
  }
}

/** The place of the quote that ends the string which begins at `open`; -1 when the text ends first. */
function endOfString(json: Buffer, open: number): number {
  const kinds = STRING_BYTES;
  for (let at = open + 1; at < json.length; at++) {
    while (kinds[json[at] ?? 0] === PLAIN) at += 1;
    const code = json[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return -1;
}

const PLAIN = IN_STRING.plain;

/** Where quotes have to stand, so that integers beyond ±2^53 are strings. */
function addCuts(cuts: number[], json: Buffer, longRuns: readonly number[] = []): void {
  for (const run of longRuns) {
    const from = json[run - 1] === MINUS ? run - 1 : run;
    let to = run + LONG_INTEGER_DIGITS;
    while (isDigit(json[to] ?? 0)) to += 1;
    if (!isPartOfFloat(json, from, to) && !isSafe(json, run, to)) cuts.push(from, to);
  }
}

/** Whether so many digits are no more than 2^53 - 1. With a zero before them they are no number of JSON, and stay what they are. */
function isSafe(json: Buffer, run: number, to: number): boolean {
  if (json[run] === ZERO) return true;
  return to - run === LONG_INTEGER_DIGITS && json.compare(MOST_SAFE, 0, LONG_INTEGER_DIGITS, run, to) <= 0;
}

const MOST_SAFE = Buffer.from(String(Number.MAX_SAFE_INTEGER));

/** Digits behind a point or an exponent, or before one: a floating-point number, which is rounded as everywhere. */
function isPartOfFloat(json: Buffer, from: number, to: number): boolean {
  return BEFORE_FLOAT.has(json[from - 1] ?? 0) || BEHIND_FLOAT.has(json[to] ?? 0);
}

const BEFORE_FLOAT: ReadonlySet<number> = new Set(Buffer.from(".eE+"));
const BEHIND_FLOAT: ReadonlySet<number> = new Set(Buffer.from(".eE"));

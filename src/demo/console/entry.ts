import { parseTime } from "../../event/time.ts";
import type { Paths, Resource } from "./resources.ts";

/** A value by which records are sorted. Null, for what is missing or unreadable, comes last. */
export type SortValue = string | number | null;

/** A record of the console with what queries need to know of it. */
export interface Entry {
  readonly id: string;
  /** The JSON text that is served, untouched. */
  readonly text: string;
  /** Console time in milliseconds before which no query sees the record. */
  readonly visibleAtMs: number;
  /** Microseconds; null when the record has no readable time there. */
  time(paths: Paths): number | null;
  /** The value at the first of the paths that the record has, as text; undefined when none has one. */
  value(paths: Paths): string | undefined;
}

/** Records in ascending order of `createdAt` and id, made on demand: what would be too large to hold. */
export interface Dataset {
  readonly length: number;
  at(index: number): Entry;
}

/** An entry that holds its text and reads values from it when a query first asks. */
export class HeldEntry implements Entry {
  readonly text: string;
  readonly id: string;
  readonly visibleAtMs: number;
  readonly #resource: Resource;
  readonly #times = new Map<Paths, number | null>();
  readonly #values = new Map<Paths, string | undefined>();

  constructor(resource: Resource, text: string, visibleAtMs = 0) {
    const record: unknown = JSON.parse(text);
    this.#resource = resource;
    this.text = text;
    this.visibleAtMs = visibleAtMs;
    this.id = firstValue(record, resource.id) ?? "";
    for (const paths of resource.times.values()) this.#times.set(paths, parseTime(firstValue(record, paths)) ?? null);
  }

  time(paths: Paths): number | null {
    let time = this.#times.get(paths);
    if (time === undefined) {
      time = parseTime(this.value(paths)) ?? null;
      this.#times.set(paths, time);
    }
    return time;
  }

  value(paths: Paths): string | undefined {
    if (!this.#values.has(paths)) this.#values.set(paths, firstValue(JSON.parse(this.text), paths));
    return this.#values.get(paths);
  }

  /** The same record with another text, for changes of a mutable object. */
  withText(text: string): HeldEntry {
    return new HeldEntry(this.#resource, text, this.visibleAtMs);
  }
}

function firstValue(record: unknown, paths: Paths): string | undefined {
  for (const path of paths) {
    const value = pathValue(record, path);
    if (value !== undefined) return value;
  }
  return undefined;
}

function pathValue(record: unknown, path: string): string | undefined {
  let value = record;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/** Ids are decimal numbers of up to 64 bits, in rare samples words: numbers in numeric order before words. */
export function compareIds(a: string, b: string): number {
  if (isNumeric(a) && isNumeric(b) && a.length !== b.length) return a.length - b.length;
  return compareText(a, b);
}

export function compareValues(a: SortValue, b: SortValue): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return compareText(String(a), String(b));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isNumeric(id: string): boolean {
  const first = id.charCodeAt(0);
  return first >= 48 && first <= 57;
}

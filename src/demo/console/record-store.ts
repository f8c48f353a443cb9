import { compareIds, compareValues, HeldEntry } from "./entry.ts";
import type { Dataset, Entry, SortValue } from "./entry.ts";
import { mergeOrdered, Ordered } from "./ordered.ts";
import type { Query } from "./query.ts";
import { isTimeSort } from "./resources.ts";
import type { Paths, Resource } from "./resources.ts";

export interface Selection {
  readonly entries: readonly Entry[];
  /** There are rows behind the last of `entries`. */
  readonly hasMore: boolean;
  /** Undefined when the query did not want it. */
  readonly total: number | undefined;
}

/** The records of one list resource: those that were added, and at most one dataset that is made on demand. */
export class RecordStore {
  readonly resource: Resource;
  #held: HeldEntry[] = [];
  #dataset: Dataset | undefined;
  #views = new Map<string, Ordered[]>();
  #byId: Map<string, Entry> | undefined;
  /** The latest `visibleAt` of the held entries: before it, counting must look at each. */
  #allVisibleAtMs = 0;

  constructor(resource: Resource) {
    this.resource = resource;
  }

  get size(): number {
    return this.#held.length + (this.#dataset?.length ?? 0);
  }

  /** The records that were added, as they are now. */
  texts(): string[] {
    return this.#held.map(({ text }) => text);
  }

  /** Adds records by their JSON text. `visibleAtMs`: no query sees them before the console's clock says so. */
  add(texts: Iterable<string>, visibleAtMs = 0): void {
    for (const text of texts) this.#held.push(new HeldEntry(this.resource, text, visibleAtMs));
    this.#allVisibleAtMs = Math.max(this.#allVisibleAtMs, visibleAtMs);
    this.#changed();
  }

  setDataset(dataset: Dataset | undefined): void {
    this.#dataset = dataset;
    this.#changed();
  }

  /** Replaces the text of one record; false when the store does not hold the id. */
  rewrite(id: string, change: (text: string) => string): boolean {
    const index = this.#held.findIndex((entry) => entry.id === id);
    const entry = this.#held[index];
    if (entry === undefined) return false;
    this.#held[index] = entry.withText(change(entry.text));
    this.#changed();
    return true;
  }

  /** The record with this id, visible or not. */
  find(id: string): Entry | undefined {
    this.#byId ??= new Map(this.#held.map((entry) => [entry.id, entry]));
    return this.#byId.get(id);
  }

  remove(id: string): boolean {
    const before = this.#held.length;
    this.#held = this.#held.filter((entry) => entry.id !== id);
    this.#changed();
    return this.#held.length < before;
  }

  select(query: Query, nowMs: number): Selection {
    const total = query.skipCount && !query.countOnly ? undefined : this.#count(query, nowMs);
    if (query.countOnly) return { entries: [], hasMore: false, total };
    const column = columnOf(query);
    const entries: Entry[] = [];
    let skipped = 0;
    for (const entry of mergeOrdered(this.#view(column), query)) {
      if (!isWanted(entry, query, nowMs)) continue;
      if (skipped < query.skip) skipped += 1;
      else if (entries.length <= query.limit) entries.push(entry);
      if (entries.length > query.limit) break;
    }
    if (entries.length <= query.limit) return { entries, hasMore: false, total };
    return { entries: cutBetweenKeys(entries, (entry) => valueIn(column, entry)), hasMore: true, total };
  }

  #count(query: Query, nowMs: number): number {
    const [range, ...others] = query.ranges;
    const byTime = query.matches.length === 0 && others.length === 0;
    // Only times have ranges: the name serves to tell the order from that of ids.
    const column = range === undefined ? ID : { name: `${range[0].join("|")}At`, paths: range[0] };
    let total = 0;
    for (const source of this.#view(column)) {
      if (byTime && (source.isDataset || nowMs >= this.#allVisibleAtMs)) {
        total += range === undefined ? source.length : source.countWithin(range[1].min, range[1].max);
      } else {
        for (let index = 0; index < source.length; index += 1) {
          if (isWanted(source.at(index), query, nowMs)) total += 1;
        }
      }
    }
    return total;
  }

  /** A dataset stands in the order of time already, which is the order of ids; any other order must be made. */
  #view(column: Column): Ordered[] {
    const key = `${column.name} ${column.paths.join("|")}`;
    const made = this.#views.get(key);
    if (made !== undefined) return made;
    const value = (entry: Entry): SortValue => valueIn(column, entry);
    const compare = compareBy(column);
    const isId = column.name === ID.name;
    const views = [new Ordered(this.#held.toSorted(compare), value, isId, false)];
    if (this.#dataset !== undefined) {
      const natural = isId || column.paths[0] === "createdAt";
      const source = natural ? this.#dataset : allOf(this.#dataset).sort(compare);
      views.push(new Ordered(source, value, isId, true));
    }
    this.#views.set(key, views);
    return views;
  }

  #changed(): void {
    this.#views.clear();
    this.#byId = undefined;
  }
}

/** What records are ordered by. */
interface Column {
  readonly name: string;
  readonly paths: Paths;
}

const ID: Column = { name: "id", paths: ["id"] };

/** Columns that are compared as numbers. */
const NUMBERS = new Set(["activityType", "order", "rank", "size", "totalLicenses", "activeLicenses", "daysDetected"]);

function columnOf({ resource, sortBy }: Query): Column {
  return { name: sortBy, paths: resource.sorts.get(sortBy) ?? [sortBy] };
}

/** The place of an entry in the query's order. */
export function sortValue(query: Query, entry: Entry): SortValue {
  return valueIn(columnOf(query), entry);
}

function valueIn({ name, paths }: Column, entry: Entry): SortValue {
  if (name === ID.name) return entry.id;
  if (isTimeSort(name)) return entry.time(paths);
  const value = entry.value(paths) ?? null;
  return NUMBERS.has(name) ? finite(Number(value ?? Number.NaN)) : value;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function isWanted(entry: Entry, { ranges, matches }: Query, nowMs: number): boolean {
  if (entry.visibleAtMs > nowMs) return false;
  for (const [paths, range] of ranges) if (!isWithin(entry.time(paths), range)) return false;
  return matches.every((match) => match(entry));
}

function isWithin(time: number | null, { min, max }: { min: number; max: number }): boolean {
  return time !== null && time >= min && time <= max;
}

function compareBy(column: Column): (a: Entry, b: Entry) => number {
  if (column.name === ID.name) return (a, b) => compareIds(a.id, b.id);
  return (a, b) => compareValues(valueIn(column, a), valueIn(column, b)) || compareIds(a.id, b.id);
}

function allOf(dataset: Dataset): Entry[] {
  return Array.from({ length: dataset.length }, (_, index) => dataset.at(index));
}

/**
 * Drops the entry too many, and all that stand at the same place as it: recorded answers repeat ids, and a cursor can
 * not point between two rows of one place. Where a whole page stands at one place, nothing helps.
 */
function cutBetweenKeys(entries: readonly Entry[], key: (entry: Entry) => SortValue): readonly Entry[] {
  const next = entries.at(-1);
  if (next === undefined) return entries;
  const last = entries.findLastIndex((entry) => entry.id !== next.id || key(entry) !== key(next));
  return entries.slice(0, last < 0 ? -1 : last + 1);
}

import { compareIds, compareValues, HeldEntry } from "./entry.ts";
import type { Dataset, Entry, SortValue } from "./entry.ts";
import type { FeedShape } from "./feed-shapes.ts";
import type { Query } from "./query.ts";
import { mergeOrdered, Ordered } from "./ordered.ts";

export interface Selection {
  readonly entries: readonly Entry[];
  /** There are rows behind the last of `entries`. */
  readonly hasMore: boolean;
  /** Undefined when the query did not want it. */
  readonly total: number | undefined;
}

/** The records of one list resource: those that were added, and at most one dataset that is made on demand. */
export class RecordStore {
  readonly shape: FeedShape;
  #held: HeldEntry[] = [];
  #dataset: Dataset | undefined;
  #views = new Map<string, Ordered[]>();
  /** The latest `visibleAt` of the held entries: before it, counting must look at each. */
  #allVisibleAtMs = 0;

  constructor(shape: FeedShape) {
    this.shape = shape;
  }

  get size(): number {
    return this.#held.length + (this.#dataset?.length ?? 0);
  }

  /** Adds records by their JSON text. `visibleAtMs`: no query sees them before the console's clock says so. */
  add(texts: Iterable<string>, visibleAtMs = 0): void {
    for (const text of texts) this.#held.push(new HeldEntry(this.shape, text, visibleAtMs));
    this.#allVisibleAtMs = Math.max(this.#allVisibleAtMs, visibleAtMs);
    this.#views.clear();
  }

  setDataset(dataset: Dataset | undefined): void {
    this.#dataset = dataset;
    this.#views.clear();
  }

  /** Replaces the text of one record; false when the store does not hold the id. */
  rewrite(id: string, change: (text: string) => string): boolean {
    const index = this.#held.findIndex((entry) => entry.id === id);
    const entry = this.#held[index];
    if (entry === undefined) return false;
    this.#held[index] = entry.withText(change(entry.text));
    this.#views.clear();
    return true;
  }

  select(query: Query, nowMs: number): Selection {
    const total = query.skipCount && !query.countOnly ? undefined : this.#count(query, nowMs);
    if (query.countOnly) return { entries: [], hasMore: false, total };
    const entries: Entry[] = [];
    let skipped = 0;
    for (const entry of mergeOrdered(this.#view(query.sortBy), query)) {
      if (!isWanted(entry, query, nowMs)) continue;
      if (skipped < query.skip) skipped += 1;
      else if (entries.length <= query.limit) entries.push(entry);
      if (entries.length > query.limit) break;
    }
    if (entries.length <= query.limit) return { entries, hasMore: false, total };
    return { entries: cutBetweenKeys(entries, this.#key(query.sortBy)), hasMore: true, total };
  }

  /** The place of an entry in the order of a column. */
  sortValue(sortBy: string, entry: Entry): SortValue {
    return this.#key(sortBy)(entry);
  }

  #count(query: Query, nowMs: number): number {
    const byTime = query.matches.length === 0 && (query.createdAt === undefined || query.updatedAt === undefined);
    const column = query.updatedAt === undefined ? "createdAt" : "updatedAt";
    const range = query[column];
    let total = 0;
    for (const source of this.#view(column)) {
      if (byTime && (source.isDataset || nowMs >= this.#allVisibleAtMs)) {
        total += range === undefined ? source.length : source.countWithin(range.min, range.max);
      } else {
        for (let index = 0; index < source.length; index += 1) {
          if (isWanted(source.at(index), query, nowMs)) total += 1;
        }
      }
    }
    return total;
  }

  /** A dataset stands in the order of time already, which is the order of ids; any other order must be made. */
  #view(sortBy: string): Ordered[] {
    const made = this.#views.get(sortBy);
    if (made !== undefined) return made;
    const key = this.#key(sortBy);
    const compare = compareBy(sortBy, key);
    const views = [new Ordered(this.#held.toSorted(compare), key, sortBy === "id", false)];
    if (this.#dataset !== undefined) {
      const natural = sortBy === "id" || sortBy === "createdAt";
      const source = natural ? this.#dataset : allOf(this.#dataset).sort(compare);
      views.push(new Ordered(source, key, sortBy === "id", true));
    }
    this.#views.set(sortBy, views);
    return views;
  }

  #key(sortBy: string): (entry: Entry) => SortValue {
    if (sortBy === "id") return (entry) => entry.id;
    if (sortBy === "createdAt" || sortBy === "updatedAt") return (entry) => entry.time(sortBy);
    if (sortBy === "createdDate") return (entry) => entry.time("createdAt");
    const paths = this.shape.sortPaths[sortBy] ?? [];
    if (sortBy === "activityType") return (entry) => finite(Number(entry.value(paths)));
    return (entry) => entry.value(paths) ?? null;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function isWanted(entry: Entry, { createdAt, updatedAt, matches }: Query, nowMs: number): boolean {
  if (entry.visibleAtMs > nowMs) return false;
  if (createdAt !== undefined && !isWithin(entry.time("createdAt"), createdAt)) return false;
  if (updatedAt !== undefined && !isWithin(entry.time("updatedAt"), updatedAt)) return false;
  return matches.every((match) => match(entry));
}

function isWithin(time: number | null, { min, max }: { min: number; max: number }): boolean {
  return time !== null && time >= min && time <= max;
}

function compareBy(sortBy: string, key: (entry: Entry) => SortValue): (a: Entry, b: Entry) => number {
  if (sortBy === "id") return (a, b) => compareIds(a.id, b.id);
  return (a, b) => compareValues(key(a), key(b)) || compareIds(a.id, b.id);
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

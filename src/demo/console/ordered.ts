import { compareIds, compareValues } from "./entry.ts";
import type { Dataset, Entry, SortValue } from "./entry.ts";
import type { Query } from "./query.ts";

/** Entries in ascending order of one column, then of id. */
export class Ordered {
  readonly isDataset: boolean;
  readonly #source: Dataset | readonly Entry[];
  readonly #key: (entry: Entry) => SortValue;
  readonly #byId: boolean;

  constructor(source: Dataset | readonly Entry[], key: (entry: Entry) => SortValue, byId: boolean, isDataset: boolean) {
    this.#source = source;
    this.#key = key;
    this.#byId = byId;
    this.isDataset = isDataset;
  }

  get length(): number {
    return this.#source.length;
  }

  at(index: number): Entry {
    const entry = this.#source.at(index);
    if (entry === undefined) throw new RangeError(`no entry ${index} of ${this.length}`);
    return entry;
  }

  compare(a: Entry, value: SortValue, id: string): number {
    if (this.#byId) return compareIds(a.id, id);
    return compareValues(this.#key(a), value) || compareIds(a.id, id);
  }

  compareEntries(a: Entry, b: Entry): number {
    return this.compare(a, this.#key(b), b.id);
  }

  /** The entries whose value is a number from `min` to `max`. */
  countWithin(min: number, max: number): number {
    return Math.max(0, this.#firstAfter(max) - this.#firstFrom(min));
  }

  /** Where reading begins: behind the cursor, and within the query's times when these are the order. */
  bounds(query: Query): { start: number; end: number } {
    const sortPaths = query.resource.sorts.get(query.sortBy);
    const range = [...query.ranges].find(([paths]) => paths.join() === sortPaths?.join())?.[1];
    let start = range === undefined ? 0 : this.#firstFrom(range.min);
    let end = range === undefined ? this.length : this.#firstAfter(range.max);
    const { cursor } = query;
    if (cursor !== undefined && cursor.descending) {
      end = Math.min(
        end,
        this.#search((entry) => this.compare(entry, cursor.value, cursor.id) >= 0),
      );
    } else if (cursor !== undefined) {
      start = Math.max(
        start,
        this.#search((entry) => this.compare(entry, cursor.value, cursor.id) > 0),
      );
    }
    return { start, end };
  }

  #firstFrom(min: number): number {
    return this.#search((entry) => compareValues(this.#key(entry), min) >= 0);
  }

  #firstAfter(max: number): number {
    return this.#search((entry) => compareValues(this.#key(entry), max) > 0);
  }

  /** The first index that is `behind`; all after it are. */
  #search(behind: (entry: Entry) => boolean): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (behind(this.at(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The entries of all sources in the query's order, from its cursor on. */
export function* mergeOrdered(sources: readonly Ordered[], query: Query): Generator<Entry> {
  const readers = sources.map((source) => reader(source, query)).filter((one) => one.head !== undefined);
  const sign = query.descending ? -1 : 1;
  for (;;) {
    let best: Reader | undefined;
    for (const one of readers) {
      if (one.head === undefined) continue;
      if (best?.head === undefined || sign * one.source.compareEntries(one.head, best.head) < 0) best = one;
    }
    if (best?.head === undefined) return;
    yield best.head;
    advance(best);
  }
}

interface Reader {
  readonly source: Ordered;
  readonly step: 1 | -1;
  index: number;
  left: number;
  head: Entry | undefined;
}

function reader(source: Ordered, query: Query): Reader {
  const { start, end } = source.bounds(query);
  const step = query.descending ? -1 : 1;
  const made: Reader = {
    source,
    step,
    index: query.descending ? end : start - 1,
    left: end - start,
    head: undefined,
  };
  advance(made);
  return made;
}

function advance(one: Reader): void {
  one.index += one.step;
  one.left -= 1;
  one.head = one.left >= 0 ? one.source.at(one.index) : undefined;
}

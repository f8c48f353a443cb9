import type { Checkpoint, DeadLetter, FeedKey, Page, PageRecord } from "../bridge/ports.ts";
import type { EventFeed, FeedName, JsonRecord, SecurityEvent } from "../event/event.ts";
import { fingerprint } from "../event/fingerprint.ts";
import { type Micros, addMs, formatTime, parseTime } from "../event/time.ts";
import type { ListSource, RecordSource } from "../feeds/definition.ts";
import type { ConsoleClient, Query } from "./client.ts";
import { CursorRefusedError, FeedForbiddenError, FeedUnavailableError } from "./errors.ts";
import type { ConsoleFeed, FeedOptions } from "./feed.ts";
import { type ApiElement, readPage } from "./page.ts";
import { PAGE_LIMIT, begin, emptyPage, seenSince, toEvent } from "./poll.ts";
import { type ReadRecord, idOf, isDeadLetter, readElement, versionOf, volatileOf } from "./records.ts";
import { scopeQueries } from "./scope.ts";

/** A list that the token may not read is asked for again this often: tokens and their roles change. */
const FORBIDDEN_MS = 60 * 60_000;

/** A list under way, from its first page to the mark behind its last. */
export class Walk {
  readonly startedAt: Micros;
  readonly from: Micros;
  count = 0;
  #sum = 0;
  readonly #made = new Set<string>();

  constructor(startedAt: Micros, from: Micros) {
    this.startedAt = startedAt;
    this.from = from;
  }

  /** Whether an object that is made of other records has been added; one that has not is noted. */
  has(id: string): boolean {
    const { size } = this.#made;
    return this.#made.add(id).size === size;
  }

  /** An object of the list as a record of the page, counted. */
  add({ id, value, text }: ReadRecord, source: RecordSource, snapshot: boolean): PageRecord {
    const startedAt = formatTime(this.startedAt);
    const own = versionOf(value, source);
    const look = fingerprint(value, own, volatileOf(source));
    this.count += 1;
    // The order of a list says nothing: what stands in it is added up.
    for (const [index, byte] of fingerprint({ id, look: [...look.subarray(0, 8)] }, undefined)
      .subarray(0, 6)
      .entries()) {
      this.#sum = (this.#sum + byte * 256 ** index) % 2 ** 48;
    }
    if (snapshot) {
      const version = own === undefined ? startedAt : `${own}~${startedAt}`;
      return { kind: "member", id, time: this.startedAt, version, fingerprint: look, text };
    }
    return {
      kind: "state",
      id,
      time: parseTime(own) ?? this.startedAt,
      version: own ?? startedAt,
      versionIfSame: own === undefined ? `${startedAt}~` : `${own}~${startedAt}`,
      fingerprint: look,
      text,
    };
  }

  /** Stands behind the last object, so that one that is missing can be told from one that has not come yet. */
  mark(feed: EventFeed, snapshot: boolean): PageRecord {
    const startedAt = formatTime(this.startedAt);
    const value: JsonRecord = { feed, count: this.count, mode: snapshot ? "snapshot" : "changes", listedAt: startedAt };
    const content = { count: this.count, sum: this.#sum, ...(snapshot ? { startedAt } : {}) };
    return {
      kind: "mark",
      id: "snapshot",
      time: this.startedAt,
      version: startedAt,
      fingerprint: fingerprint(content, startedAt),
      text: JSON.stringify(value),
    };
  }
}

/** Where a walk stands in its lists: one, or one for each id of the scope. */
interface Place {
  readonly source: RecordSource;
  readonly queries: readonly Query[];
  list: number;
  cursor: string | undefined;
  readonly used: Set<string>;
  emptyPages: number;
}

interface WalkUnderWay {
  readonly walk: Walk;
  readonly place: Place;
  /** Nothing of the list is left out. */
  readonly isWhole: boolean;
}

/**
 * Reads a whole list at each poll, in the order of its ids. What is new or has changed is told by content, in the spool.
 *
 * A walk that breaks off begins anew: what was read is known by then. Its end moves the checkpoint, and stands as a mark
 * among the events when the list is not what it was.
 */
export class ListFeed implements ConsoleFeed {
  readonly key: FeedKey;
  readonly #source: ListSource;
  readonly #client: ConsoleClient;
  readonly #options: FeedOptions;
  #walk: WalkUnderWay | undefined;
  /** The token may not read the list itself, and is not asked to before this time of `performance.now()`. */
  #forbiddenUntil = -Infinity;

  constructor(feed: FeedName, source: ListSource, client: ConsoleClient, options: FeedOptions) {
    this.key = { console: options.console, feed };
    this.#source = source;
    this.#client = client;
    this.#options = options;
  }

  async readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    try {
      return await this.#readPage(checkpoint, signal);
    } catch (error) {
      if (!(error instanceof FeedForbiddenError) || this.#isForbidden || this.#source.otherwise === undefined)
        throw error;
      this.#forbiddenUntil = performance.now() + FORBIDDEN_MS;
      this.#walk = undefined;
      return await this.#readPage(checkpoint, signal);
    }
  }

  async #readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    const known = checkpoint ?? begin(this.#options.start, now);
    this.#walk ??= this.#begin(known, now);
    const { walk, place, isWhole } = this.#walk;
    const { elements, nextCursor } = await this.#ask(walk, place, isWhole, signal);
    const { records, deadLetters } = this.#read(elements, walk, place.source);
    const hasMore = advance(place, elements.length, nextCursor, () => (this.#walk = undefined));
    if (!hasMore) this.#walk = undefined;
    if (!hasMore && isWhole) records.push(walk.mark(this.key.feed, this.#options.snapshot));
    return {
      ...emptyPage(known, consoleVersion),
      records,
      deadLetters,
      hasMore,
      list: isWhole ? (hasMore ? "part" : "end") : undefined,
      checkpoint: hasMore ? known : { time: Math.max(known.time, walk.startedAt) as Micros, floor: known.floor },
      seenSince: seenSince(known, this.#options),
    };
  }

  async readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    const { walk, place } = this.#begin({ time: now, floor: now }, now);
    const { elements } = await this.#ask(walk, place, true, signal, { limit: String(limit), sortOrder: "desc" });
    const { records } = this.#read(elements, walk, place.source);
    return records.toReversed().map((record) => toEvent(this.key, consoleVersion, record));
  }

  get #isForbidden(): boolean {
    return performance.now() < this.#forbiddenUntil;
  }

  #begin({ time, floor }: Checkpoint, now: Micros): WalkUnderWay {
    const from = Math.max(addMs(time, -this.#options.overlapMs), floor) as Micros;
    const isWhole = this.#source.since === undefined || this.#options.snapshot;
    const { otherwise } = this.#source;
    const source = this.#isForbidden && otherwise !== undefined ? otherwise : this.#source;
    const queries = scopeQueries(source, this.#options.scope, this.key.feed);
    return {
      walk: new Walk(now, from),
      place: { source, queries, list: 0, cursor: undefined, used: new Set(), emptyPages: 0 },
      isWhole,
    };
  }

  async #ask(walk: Walk, place: Place, isWhole: boolean, signal: AbortSignal, more: Query = {}) {
    const { path } = place.source;
    try {
      const { body } = await this.#client.get(path, this.#query(walk, place, isWhole, more), signal);
      return body.read((json) => readPage(json, path, place.source));
    } catch (error) {
      // The place is lost, and the list has no other way back to it.
      if (error instanceof CursorRefusedError) this.#walk = undefined;
      throw error;
    }
  }

  #query({ from, startedAt }: Walk, { source, queries, list, cursor }: Place, isWhole: boolean, more: Query): Query {
    const { since } = this.#source;
    return {
      ...source.query,
      ...queries[list],
      limit: String(source.limit ?? PAGE_LIMIT),
      sortBy: "id",
      sortOrder: "asc",
      skipCount: "true",
      ...(since === undefined || isWhole
        ? {}
        : { [`${since}__gte`]: formatTime(from), [`${since}__lte`]: formatTime(startedAt) }),
      ...(cursor === undefined ? {} : { cursor }),
      ...more,
    };
  }

  #read(
    elements: readonly ApiElement[],
    walk: Walk,
    source: RecordSource,
  ): { records: PageRecord[]; deadLetters: DeadLetter[] } {
    const records: PageRecord[] = [];
    const deadLetters: DeadLetter[] = [];
    for (const element of elements) {
      const read = readElement(element, source);
      if (isDeadLetter(read)) deadLetters.push(read);
      else {
        const made = this.#made(read, source);
        if (made !== undefined && (made === read || !walk.has(made.id)))
          records.push(walk.add(made, this.#source, this.#options.snapshot));
      }
    }
    return { records, deadLetters };
  }

  /** The record itself, or what is made of another list's. */
  #made(read: ReadRecord, source: RecordSource): ReadRecord | undefined {
    const { otherwise } = this.#source;
    if (otherwise === undefined || source !== otherwise) return read;
    const value = otherwise.make(read.value);
    if (value === undefined) return undefined;
    return { id: idOf(value["id"]) ?? read.id, value, text: JSON.stringify(value) };
  }
}

/** Moves to the next page; false behind the last. A cursor that leads in a circle ends the walk without its mark. */
function advance(place: Place, count: number, nextCursor: string | undefined, giveUp: () => void): boolean {
  place.emptyPages = count === 0 ? place.emptyPages + 1 : 0;
  if (nextCursor !== undefined && place.emptyPages < 2) {
    if (place.used.has(nextCursor)) {
      giveUp();
      throw new FeedUnavailableError(`the console's cursor leads in a circle on ${place.source.path}`);
    }
    place.used.add(nextCursor);
    place.cursor = nextCursor;
    return true;
  }
  place.list += 1;
  place.cursor = undefined;
  place.used.clear();
  place.emptyPages = 0;
  return place.list < place.queries.length;
}

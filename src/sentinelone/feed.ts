import { createHash } from "node:crypto";
import type { Appended, Checkpoint, DeadLetter, Feed, FeedKey, Page, PageRecord } from "../bridge/ports.ts";
import { type FeedName, type JsonRecord, type SecurityEvent, eventKey } from "../event/event.ts";
import { orAborted } from "../lib/signals.ts";
import { type Micros, addMs, formatTime, parseTime, snowflakeTime } from "../event/time.ts";
import type { Answer } from "./answer.ts";
import type { ConsoleClient, Query } from "./client.ts";
import { CursorRefusedError } from "./errors.ts";
import { Overlap } from "./overlap.ts";
import { type ApiElement, type ApiPage, readPage } from "./page.ts";

/** One API resource that is read forward in time: all that differs between feeds. */
export interface FeedResource {
  readonly name: FeedName;
  readonly path: string;
  /** What the list is sorted by and filtered on, as `<field>__gte` and `<field>__lte`. */
  readonly timeField: "createdAt" | "updatedAt";
  time(record: Readonly<Record<string, unknown>>): unknown;
  /** The version of a mutable object, with its id its identity. Undefined: the id alone is. */
  readonly version: ((record: Readonly<Record<string, unknown>>) => unknown) | undefined;
  /** The field that `include_types` and `exclude_types` are about. */
  readonly typeField: string | undefined;
  /** The members at the top of a record that all of these look at, and `id`: the record is then not parsed to be stored. */
  readonly head?: readonly string[];
}

export interface FeedOptions {
  readonly console: string;
  readonly start: FeedStart;
  readonly overlapMs: number;
  readonly settleMs: number;
  readonly includeTypes: readonly number[];
  readonly excludeTypes: readonly number[];
  readonly scope: Query;
}

/** Where a feed begins that has no checkpoint. */
export type FeedStart =
  | { readonly kind: "now" }
  | { readonly kind: "back"; readonly ms: number }
  | { readonly kind: "at"; readonly time: Micros };

const PAGE_LIMIT = 1000;

/** A checkpoint so far ahead of the console's clock says that the clock was set back. */
const SET_BACK_MS = 60_000;

/** A poll under way: its window, and the place in it. */
interface Poll {
  from: Micros;
  readonly to: Micros;
  /** Everything before has been read by an earlier poll. */
  readonly readBefore: Micros;
  /** The checkpoint goes no further, whatever the console's clock says at this moment. */
  readonly sure: Micros;
  /** The time of the last record read. */
  last: Micros;
  readonly used: Set<string>;
  cursor: string | undefined;
  emptyPages: number;
}

/** An answer that was asked for before its page is read. */
interface Ahead {
  readonly poll: Poll;
  readonly cursor: string | undefined;
  readonly answer: Promise<Answer>;
}

/**
 * Reads windows `[checkpoint - overlap, now - settle]`, oldest first, by the console's keyset cursor to the end. `now` is
 * the console's clock. Records that were seen before are not told apart here: the spool knows.
 */
export class WindowedFeed implements Feed {
  readonly key: FeedKey;
  readonly #resource: FeedResource;
  readonly #client: ConsoleClient;
  readonly #options: FeedOptions;
  readonly #overlap: Overlap;
  #poll: Poll | undefined;
  #ahead: Ahead | undefined;

  constructor(resource: FeedResource, client: ConsoleClient, options: FeedOptions) {
    this.key = { console: options.console, feed: resource.name };
    this.#resource = resource;
    this.#client = client;
    this.#options = options;
    this.#overlap = new Overlap(options.overlapMs);
  }

  get overlapMs(): number {
    return this.#overlap.ms;
  }

  stored({ late }: Appended): boolean {
    return late !== undefined && this.#overlap.learn(late.maxBehindMs);
  }

  async readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    if (checkpoint === undefined) return { ...this.#emptyPage(this.#begin(now), consoleVersion), hasMore: true };
    this.#poll ??= this.#newPoll(checkpoint, now);
    const poll = this.#poll;
    if (poll.to < poll.from) {
      this.#poll = undefined;
      return this.#emptyPage(checkpoint, consoleVersion);
    }
    const { elements, nextCursor } = await this.#ask(poll, signal);
    const { records, deadLetters, excluded } = this.#read(elements, poll);
    const hasMore = this.#advance(poll, elements.length, nextCursor);
    if (hasMore) this.#readAhead(poll);
    // The last page brings the feed to the end of the window. A window that broke off counts as far as its last record.
    const reached = Math.min(hasMore || nextCursor !== undefined ? poll.last : poll.to, poll.sure);
    return {
      records,
      deadLetters,
      excluded,
      consoleVersion,
      hasMore,
      checkpoint: { time: Math.max(checkpoint.time, reached) as Micros, floor: checkpoint.floor },
      seenSince: this.#overlap.seenSince(poll.readBefore),
      readBefore: poll.readBefore,
    };
  }

  /** The newest records as events, oldest first, whatever the checkpoint is. For people to look at. */
  async readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    const { path, timeField, version } = this.#resource;
    const query = { ...this.#filters(), limit: String(limit), sortBy: timeField, sortOrder: "desc", skipCount: "true" };
    const { elements } = readPage((await this.#client.get(path, query, signal)).text, path);
    const { records } = this.#read(elements, this.#newPoll({ time: now, floor: now }, now));
    return records.toReversed().map((record) => ({
      ...this.key,
      consoleVersion,
      change: version === undefined ? "event" : "updated",
      id: record.id,
      key: eventKey(this.key.feed, record.id, record.version),
      time: record.time,
      record: JSON.parse(record.text) as JsonRecord,
    }));
  }

  #begin(now: Micros): Checkpoint {
    const { start } = this.#options;
    const floor = start.kind === "now" ? now : start.kind === "back" ? addMs(now, -start.ms) : start.time;
    return { time: floor, floor };
  }

  #newPoll({ time, floor }: Checkpoint, now: Micros): Poll {
    const { settleMs } = this.#options;
    const to = addMs(now, -settleMs);
    const wasSetBack = time > floor && time > addMs(now, SET_BACK_MS);
    const readBefore = wasSetBack ? to : time;
    const back = addMs(readBefore, -this.#overlap.lookBackMs(now));
    // What happens after the clock was set back has times that were read before: reading one twice is better than never.
    const from = wasSetBack ? back : (Math.max(back, floor) as Micros);
    const sure = addMs(this.#client.clock.surely() ?? now, -settleMs);
    return { from, to, readBefore, sure, last: from, used: new Set(), cursor: undefined, emptyPages: 0 };
  }

  async #ask(poll: Poll, signal: AbortSignal): Promise<ApiPage> {
    const { path, head } = this.#resource;
    try {
      return readPage((await this.#fetch(poll, signal)).text, path, head);
    } catch (error) {
      if (!(error instanceof CursorRefusedError)) throw error;
      if (startOver(poll)) return await this.#ask(poll, signal);
      this.#poll = undefined;
      throw error;
    }
  }

  /** Asks for the next page while this one is stored: otherwise console and disk would wait for each other. */
  #readAhead(poll: Poll): void {
    const answer = this.#client.get(this.#resource.path, this.#query(poll), new AbortController().signal);
    // A failure is told to whoever waits for the answer, if anybody still does.
    answer.catch(() => undefined);
    this.#ahead = { poll, cursor: poll.cursor, answer };
  }

  #fetch(poll: Poll, signal: AbortSignal): Promise<Answer> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.poll === poll && ahead.cursor === poll.cursor) return orAborted(ahead.answer, signal);
    return this.#client.get(this.#resource.path, this.#query(poll), signal);
  }

  #query({ from, to, cursor }: Poll): Query {
    const { timeField } = this.#resource;
    return {
      ...this.#filters(),
      limit: String(PAGE_LIMIT),
      sortBy: timeField,
      sortOrder: "asc",
      skipCount: "true",
      [`${timeField}__gte`]: formatTime(from),
      [`${timeField}__lte`]: formatTime(to),
      ...(cursor === undefined ? {} : { cursor }),
    };
  }

  #filters(): Query {
    const { includeTypes, scope } = this.#options;
    return { ...scope, ...(includeTypes.length === 0 ? {} : { activityTypes: includeTypes.join(",") }) };
  }

  /** Moves to the next page; false at the end of the window. A cursor that leads in a circle is not followed. */
  #advance(poll: Poll, count: number, nextCursor: string | undefined): boolean {
    poll.emptyPages = count === 0 ? poll.emptyPages + 1 : 0;
    if (nextCursor !== undefined && !poll.used.has(nextCursor) && poll.emptyPages < 2) {
      poll.used.add(nextCursor);
      poll.cursor = nextCursor;
      return true;
    }
    // A full page that is said to be the last may be one whose cursor was lost: what stands behind it would be missing.
    if ((nextCursor !== undefined || count >= PAGE_LIMIT) && startOver(poll)) return true;
    this.#poll = undefined;
    return false;
  }

  #read(elements: readonly ApiElement[], poll: Poll): Pick<Page, "records" | "deadLetters" | "excluded"> {
    const { excludeTypes } = this.#options;
    const { typeField } = this.#resource;
    const records: PageRecord[] = [];
    const deadLetters: DeadLetter[] = [];
    let excluded = 0;
    for (const element of elements) {
      const { text } = element;
      const value = element.head ?? element.value();
      if (!isRecord(value)) {
        deadLetters.push({ reason: value === undefined ? "not JSON" : "not an object", text });
        continue;
      }
      const record = this.#record(value, text, poll);
      // A time that was not asked for says nothing about how far the list has been read.
      if (record.time <= poll.to) poll.last = Math.max(poll.last, record.time) as Micros;
      if (typeField !== undefined && excludeTypes.includes(Number(value[typeField]))) excluded += 1;
      else records.push(record);
    }
    return { records, deadLetters, excluded };
  }

  /** Total: a record without id, time or version gets one that is the same whenever the record is read again. */
  #record(value: Readonly<Record<string, unknown>>, text: string, poll: Poll): PageRecord {
    const resource = this.#resource;
    const id = idOf(value["id"]) ?? digest(text);
    return {
      id,
      time: parseTime(resource.time(value)) ?? snowflakeTime(id) ?? poll.from,
      version: resource.version === undefined ? undefined : (textOf(resource.version(value)) ?? digest(text)),
      text,
    };
  }

  #emptyPage(checkpoint: Checkpoint, consoleVersion: string | undefined): Page {
    return {
      records: [],
      deadLetters: [],
      excluded: 0,
      checkpoint,
      seenSince: checkpoint.floor,
      consoleVersion,
      hasMore: false,
    };
  }
}

/**
 * Goes on without the console's cursor: a new list that begins at the last record read. False when that would lead to
 * where the window began.
 */
function startOver(poll: Poll): boolean {
  if (poll.last <= poll.from) return false;
  poll.from = poll.last;
  poll.cursor = undefined;
  poll.used.clear();
  poll.emptyPages = 0;
  return true;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function idOf(id: unknown): string | undefined {
  return typeof id === "number" ? String(id) : textOf(id);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
}

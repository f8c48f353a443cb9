import type { Appended, AuditableFeed, Checkpoint, Feed, FeedKey, Page } from "../bridge/ports.ts";
import type { FeedName, SecurityEvent } from "../event/event.ts";
import { type Micros, addMs, formatTime, microsFromMs } from "../event/time.ts";
import type { DetailSource, ScopeParameter, WindowSource } from "../feeds/definition.ts";
import type { Answer } from "./answer.ts";
import type { ApiRequest, ConsoleClient, Query } from "./client.ts";
import { CursorRefusedError } from "./errors.ts";
import { graphRequest, isWithin } from "./graph.ts";
import { Overlap } from "./overlap.ts";
import { type ApiElement, type ApiPage, readGraph, readPageAs, readTotal } from "./page.ts";
import { PAGE_LIMIT, begin, emptyPage, toEvent } from "./poll.ts";
import { type Item, sorted } from "./items.ts";
import { entryOf, isDeadLetter, readElement } from "./records.ts";
import { scopeQueries } from "./scope.ts";
import { WindowPoll } from "./window-poll.ts";

/** A feed of a console, which people can look into as well. */
export interface ConsoleFeed extends Feed {
  /** The newest records as events, oldest first, whatever the checkpoint is. */
  readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]>;
}

export interface FeedOptions {
  readonly console: string;
  readonly start: FeedStart;
  readonly overlapMs: number;
  readonly settleMs: number;
  readonly includeTypes: readonly number[];
  readonly excludeTypes: readonly number[];
  /** The ids that each scope parameter is limited to; without one, there is no limit. */
  readonly scope: Scope;
  /** Every object at each poll, not only those that are new or have changed. */
  readonly snapshot: boolean;
  /** What is read beside each changed object. */
  readonly details: ReadonlySet<DetailSource["option"]>;
  /** Nothing from this instant on is read. */
  readonly until?: Micros;
}

export type Scope = Readonly<Partial<Record<ScopeParameter, readonly string[]>>>;

/** Where a feed begins that has no checkpoint. */
export type FeedStart =
  | { readonly kind: "now" }
  | { readonly kind: "back"; readonly ms: number }
  | { readonly kind: "at"; readonly time: Micros };

/** A checkpoint so far ahead of the console's clock says that the clock was set back. */
const SET_BACK_MS = 60_000;

interface AnsweredPage extends ApiPage<Item> {
  /** How many records it was to have. */
  readonly limit: number;
  /** Gives the memory of the answer back, of which its texts may be part. */
  readonly release: () => void;
}

/**
 * Reads windows `[checkpoint - overlap, now - settle]`, oldest first, by the console's keyset cursor to the end. `now` is
 * the console's clock. Records that were seen before are not told apart here: the spool knows.
 *
 * Where the overlap is more than a page, what is new does not wait for it: the window is read from the checkpoint on, and
 * the overlap after that. The checkpoint moves when both are read, so that a stop in between leaves nothing out.
 */
export class WindowedFeed implements ConsoleFeed, AuditableFeed {
  readonly key: FeedKey;
  readonly #source: WindowSource;
  readonly #client: ConsoleClient;
  readonly #options: FeedOptions;
  readonly #overlap: Overlap;
  #poll: WindowPoll | undefined;
  /** The last poll brought more than a page. */
  #isLong = false;

  constructor(feed: FeedName, source: WindowSource, client: ConsoleClient, options: FeedOptions) {
    this.key = { console: options.console, feed };
    this.#source = source;
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
    if (checkpoint === undefined) {
      return { ...emptyPage(begin(this.#options.start, now), consoleVersion), hasMore: true };
    }
    this.#poll ??= this.#newPoll(checkpoint, now);
    const poll = this.#poll;
    if (poll.place.to < poll.place.from) {
      this.#poll = undefined;
      return emptyPage(checkpoint, consoleVersion);
    }
    const { elements, nextCursor, limit, release } = await this.#ask(poll, signal);
    const { records, deadLetters, excluded } = sorted(elements, poll);
    const { hasMore, reached = 0 } = poll.advance({ count: elements.length, limit }, nextCursor);
    if (!hasMore) this.#end(poll);
    return {
      records,
      deadLetters,
      excluded,
      consoleVersion,
      hasMore,
      release,
      checkpoint: { time: Math.max(checkpoint.time, reached) as Micros, floor: checkpoint.floor },
      seenSince: this.#overlap.seenSince(poll.readBefore),
      readBefore: poll.readBefore,
    };
  }

  async readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    const poll = new WindowPoll({ from: 0 as Micros, to: now, readBefore: now, sure: now });
    const { elements } = this.#parse(
      await this.#client.ask(this.#request(poll, limit, "desc"), signal),
      poll.place.from,
    );
    const { records } = sorted(elements, poll);
    return records.toReversed().map((record) => toEvent(this.key, consoleVersion, record));
  }

  auditable(): Promise<AuditableFeed> {
    return Promise.resolve(this);
  }

  get hasVersions(): boolean {
    return this.#source.isObject;
  }

  async settled(signal: AbortSignal): Promise<Micros> {
    await this.#client.version(signal);
    return addMs(this.#client.clock.now() ?? microsFromMs(Date.now()), -this.#options.settleMs);
  }

  async count(from: Micros, until: Micros, signal: AbortSignal): Promise<number | undefined> {
    const { includeTypes, excludeTypes } = this.#options;
    const total = await this.#total(from, until, {}, signal);
    const left = includeTypes.length === 0 ? excludeTypes : excludeTypes.filter((type) => includeTypes.includes(type));
    if (total === undefined || left.length === 0) return total;
    // The console can not leave out, but it can count what would be.
    const excluded = await this.#total(from, until, { activityTypes: left.join(",") }, signal);
    return excluded === undefined ? undefined : total - excluded;
  }

  within(from: Micros, until: Micros): WindowedFeed {
    const options = { ...this.#options, start: { kind: "at", time: from } as const, overlapMs: 0, settleMs: 0, until };
    return new WindowedFeed(this.key.feed as FeedName, this.#source, this.#client, options);
  }

  async #total(from: Micros, until: Micros, more: Query, signal: AbortSignal): Promise<number | undefined> {
    const { path, graphql } = this.#source;
    if (graphql !== undefined) return undefined;
    const query = { ...this.#filters(), ...more, ...this.#between(from, (until - 1) as Micros), countOnly: "true" };
    return readTotal((await this.#client.ask({ path, query }, signal)).body.text);
  }

  #between(from: Micros, to: Micros): Query {
    const { timeField } = this.#source;
    return { [`${timeField}__gte`]: formatTime(from), [`${timeField}__lte`]: formatTime(to) };
  }

  #filters(): Query {
    const { includeTypes, scope } = this.#options;
    return {
      ...this.#source.query,
      ...scopeQueries(this.#source, scope, this.key.feed)[0],
      ...(includeTypes.length === 0 ? {} : { activityTypes: includeTypes.join(",") }),
    };
  }

  #newPoll({ time, floor }: Checkpoint, now: Micros): WindowPoll {
    const { settleMs, until } = this.#options;
    const settled = addMs(now, -settleMs);
    const to = until === undefined ? settled : (Math.min(settled, until - 1) as Micros);
    const wasSetBack = time > floor && time > addMs(now, SET_BACK_MS);
    const readBefore = wasSetBack ? to : time;
    const back = addMs(readBefore, -this.#overlap.lookBackMs(now));
    // What happens after the clock was set back has times that were read before: reading one twice is better than never.
    const from = wasSetBack ? back : (Math.max(back, floor) as Micros);
    const sure = addMs(this.#client.clock.surely() ?? now, -settleMs);
    // After a long rest the new is a back-fill, in which the checkpoint has to move on.
    const isUsual = readBefore < to && to - readBefore < readBefore - from;
    return new WindowPoll({ from, to, readBefore, sure }, this.#isLong && isUsual ? "new first" : "in order");
  }

  #end({ read }: WindowPoll): void {
    this.#isLong = read > (this.#source.limit ?? PAGE_LIMIT);
    this.#poll = undefined;
  }

  async #ask(poll: WindowPoll, signal: AbortSignal): Promise<AnsweredPage> {
    try {
      return await this.#fetch(poll, signal);
    } catch (error) {
      if (!(error instanceof CursorRefusedError)) throw error;
      if (poll.startOver()) return await this.#ask(poll, signal);
      this.#poll = undefined;
      throw error;
    }
  }

  async #fetch(poll: WindowPoll, signal: AbortSignal): Promise<AnsweredPage> {
    const { from } = poll.place;
    const answer = await this.#client.ask(this.#request(poll), signal);
    const { limit = PAGE_LIMIT, body } = answer;
    return { ...this.#parse(answer, from), limit, release: () => body.release() };
  }

  /** `otherwise`: the time of a record that tells none. */
  #parse({ body }: Answer, otherwise: Micros): ApiPage<Item> {
    const { path, graphql } = this.#source;
    const read = (element: ApiElement): Item => this.#read(element, otherwise);
    if (graphql === undefined) return readPageAs(body.bytes, path, this.#source, read);
    const { elements, nextCursor } = readGraph(body.bytes, path, graphql.field);
    return { elements: elements.map(read), nextCursor };
  }

  #request({ place }: WindowPoll, limit = PAGE_LIMIT, order: "asc" | "desc" = "asc"): ApiRequest {
    const { from, to, cursor } = place;
    const { path, timeField, sortBy = timeField, graphql } = this.#source;
    if (graphql !== undefined) return graphRequest({ path, timeField, graphql }, { from, to, cursor, limit, order });
    return {
      path,
      query: {
        ...this.#filters(),
        limit: String(Math.min(limit, this.#source.limit ?? PAGE_LIMIT)),
        sortBy,
        sortOrder: order,
        skipCount: "true",
        ...this.#between(from, to),
        ...(cursor === undefined ? {} : { cursor }),
      },
    };
  }

  #read(element: ApiElement, otherwise: Micros): Item {
    const { excludeTypes, scope } = this.#options;
    const { typeField, graphql, isObject, time } = this.#source;
    const read = readElement(element, this.#source);
    if (isDeadLetter(read)) return read;
    const record = entryOf(read, this.#source, { time: time(read.value), otherwise, isObject });
    const isExcluded =
      (typeField !== undefined && excludeTypes.includes(Number(read.value[typeField]))) ||
      (graphql !== undefined && !isWithin(read.value, scope));
    return isExcluded ? { excludedAt: record.time } : record;
  }
}

import type { Checkpoint, DeadLetter, FeedKey, Page, PageRecord } from "../bridge/ports.ts";
import type { FeedName, SecurityEvent } from "../event/event.ts";
import { type Micros, addMs } from "../event/time.ts";
import type { NewestSource } from "../feeds/definition.ts";
import type { ConsoleClient, Query } from "./client.ts";
import { CursorRefusedError, FeedUnavailableError } from "./errors.ts";
import type { ConsoleFeed, FeedOptions } from "./feed.ts";
import { type ApiElement, readPage } from "./page.ts";
import { PAGE_LIMIT, begin, emptyPage, seenSince, toEvent } from "./poll.ts";
import { entryOf, isDeadLetter, readElement } from "./records.ts";
import { scopeQueries } from "./scope.ts";

interface Poll {
  readonly from: Micros;
  readonly to: Micros;
  readonly used: Set<string>;
  cursor: string | undefined;
}

/**
 * Reads a list from its newest record back to what is known. For lists whose own time is the endpoint's: an endpoint that
 * was offline tells days later, and only the ids say when the console heard of it.
 *
 * Within a poll of several pages newer records come before older ones; the checkpoint moves with the last of them.
 */
export class NewestFeed implements ConsoleFeed {
  readonly key: FeedKey;
  readonly #source: NewestSource;
  readonly #client: ConsoleClient;
  readonly #options: FeedOptions;
  #poll: Poll | undefined;

  constructor(feed: FeedName, source: NewestSource, client: ConsoleClient, options: FeedOptions) {
    this.key = { console: options.console, feed };
    this.#source = source;
    this.#client = client;
    this.#options = options;
  }

  async readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    if (checkpoint === undefined) {
      return { ...emptyPage(begin(this.#options.start, now), consoleVersion), hasMore: true };
    }
    const poll = (this.#poll ??= this.#newPoll(checkpoint, now));
    const { elements, nextCursor } = await this.#ask(poll, signal);
    const { records, deadLetters, oldest } = this.#read(elements, poll);
    const hasMore = nextCursor !== undefined && elements.length > 0 && (oldest === undefined || oldest >= poll.from);
    if (hasMore) this.#follow(poll, nextCursor);
    else this.#poll = undefined;
    const reached = Math.max(checkpoint.time, poll.to) as Micros;
    return {
      ...emptyPage(checkpoint, consoleVersion),
      records,
      deadLetters,
      hasMore,
      checkpoint: hasMore ? checkpoint : { time: reached, floor: checkpoint.floor },
      seenSince: seenSince(checkpoint, this.#options),
    };
  }

  async readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    const consoleVersion = await this.#client.version(signal);
    const poll: Poll = { from: 0 as Micros, to: Number.MAX_SAFE_INTEGER as Micros, used: new Set(), cursor: undefined };
    const { elements } = await this.#ask(poll, signal, { limit: String(limit) });
    return this.#read(elements, poll).records.map((record) => toEvent(this.key, consoleVersion, record));
  }

  #newPoll({ time, floor }: Checkpoint, now: Micros): Poll {
    const { overlapMs, settleMs } = this.#options;
    const from = Math.max(addMs(time, -overlapMs), floor) as Micros;
    return { from, to: addMs(now, -settleMs), used: new Set(), cursor: undefined };
  }

  async #ask({ cursor }: Poll, signal: AbortSignal, more: Query = {}) {
    const { path, query, limit = PAGE_LIMIT } = this.#source;
    const asked = {
      ...query,
      ...scopeQueries(this.#source, this.#options.scope, this.key.feed)[0],
      limit: String(limit),
      sortBy: "id",
      sortOrder: "desc",
      skipCount: "true",
      ...(cursor === undefined ? {} : { cursor }),
      ...more,
    };
    try {
      const { body } = await this.#client.get(path, asked, signal);
      return body.read((json) => readPage(json, path));
    } catch (error) {
      // The poll begins again at the newest; what it has read is known by then.
      if (error instanceof CursorRefusedError) this.#poll = undefined;
      throw error;
    }
  }

  /** The records of the window, oldest first, and how far back the page goes. */
  #read(
    elements: readonly ApiElement[],
    { from, to }: Poll,
  ): { records: PageRecord[]; deadLetters: DeadLetter[]; oldest: Micros | undefined } {
    const records: PageRecord[] = [];
    const deadLetters: DeadLetter[] = [];
    let oldest: Micros | undefined;
    for (const element of elements) {
      const read = readElement(element, this.#source);
      if (isDeadLetter(read)) {
        deadLetters.push(read);
        continue;
      }
      const record = entryOf(read, this.#source, {
        time: this.#source.time(read.value),
        otherwise: from,
        isObject: false,
      });
      oldest = record.time;
      if (record.time >= from && record.time <= to) records.push(record);
    }
    return { records: records.toReversed(), deadLetters, oldest };
  }

  #follow(poll: Poll, cursor: string): void {
    if (poll.used.has(cursor)) {
      this.#poll = undefined;
      throw new FeedUnavailableError(`the console's cursor leads in a circle on ${this.#source.path}`);
    }
    poll.used.add(cursor);
    poll.cursor = cursor;
  }
}

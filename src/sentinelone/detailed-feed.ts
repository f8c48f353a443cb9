import type { Appended, AuditableFeed, Checkpoint, DeadLetter, FeedKey, Page, PageRecord } from "../bridge/ports.ts";
import type { JsonRecord, SecurityEvent } from "../event/event.ts";
import { fingerprint } from "../event/fingerprint.ts";
import { type Micros, parseTime } from "../event/time.ts";
import type { DetailSource } from "../feeds/definition.ts";
import type { ConsoleClient } from "./client.ts";
import { FeedForbiddenError, FeedMissingError } from "./errors.ts";
import type { ConsoleFeed } from "./feed.ts";
import { type ApiPage, readPage } from "./page.ts";
import { PAGE_LIMIT } from "./poll.ts";
import { isDeadLetter, readElement } from "./records.ts";

/** Objects whose details are asked for before a page is handed on: each is a request of its own. */
const PAGE_OBJECTS = 25;

/** Versions whose details have been read: the overlap brings them back, and the details with them. */
const MAX_READ = 50_000;

/** A detail that the token may not read does not hold back the objects; it is asked for again this often. */
const LEFT_OUT_MS = 60 * 60_000;

/** As many details go out with the objects that they are of, however few those are: a timeline may be long. */
const PAGE_DETAILS = 2000;

/** What is to be handed on next. */
interface Found {
  readonly objects: PageRecord[];
  readonly records: PageRecord[];
  readonly deadLetters: DeadLetter[];
}

/** A page whose objects have not all been handed on, and what has been read for the next part of it. */
interface Pending {
  readonly page: Page;
  at: number;
  found: Found;
}

/**
 * A feed with what is told beside its objects, notes or the timeline, asked for whenever an object has changed. A detail
 * that was there before is known to the spool by its content.
 */
export class DetailedFeed implements ConsoleFeed {
  readonly key: FeedKey;
  readonly #feed: ConsoleFeed;
  readonly #details: readonly DetailSource[];
  readonly #client: ConsoleClient;
  readonly #read = new Set<string>();
  readonly #leftOut = new Map<DetailSource["option"], number>();
  #pending: Pending | undefined;

  constructor(feed: ConsoleFeed, details: readonly DetailSource[], client: ConsoleClient) {
    this.key = feed.key;
    this.#feed = feed;
    this.#details = details;
    this.#client = client;
  }

  get overlapMs(): number | undefined {
    return this.#feed.overlapMs;
  }

  stored(appended: Appended): boolean {
    return this.#feed.stored?.(appended) === true;
  }

  async readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    const pending = (this.#pending ??= {
      page: await this.#feed.readPage(checkpoint, signal),
      at: 0,
      found: nothing(),
    });
    const { page, found } = pending;
    const isFirst = pending.at === 0;
    // What was read before a request failed is kept: the next call goes on behind it.
    for (let object = next(pending); object !== undefined; object = next(pending)) {
      await this.#readDetails(object, found, signal);
      found.objects.push(object);
    }
    pending.at += found.objects.length;
    pending.found = nothing();
    const isLast = pending.at >= page.records.length;
    if (isLast) this.#pending = undefined;
    return {
      ...page,
      records: [...found.objects, ...found.records],
      deadLetters: [...(isFirst ? page.deadLetters : []), ...found.deadLetters],
      excluded: isFirst ? page.excluded : 0,
      // What has not been handed on is read again after a crash.
      ...(isLast
        ? {}
        : { release: undefined, checkpoint: checkpoint ?? page.checkpoint, hasMore: true, list: page.list && "part" }),
    };
  }

  readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    return this.#feed.readNewest(limit, signal);
  }

  /** Of the objects alone. */
  async auditable(signal: AbortSignal): Promise<AuditableFeed | undefined> {
    return await this.#feed.auditable?.(signal);
  }

  async #readDetails({ id, version, text }: PageRecord, found: Found, signal: AbortSignal): Promise<void> {
    const name = `${id}/${version ?? ""}`;
    if (this.#read.has(name)) return;
    const object = JSON.parse(String(text)) as JsonRecord;
    const own = nothing();
    for (const detail of this.#details) await this.#readList(id, object, detail, own, signal);
    found.records.push(...own.records);
    found.deadLetters.push(...own.deadLetters);
    this.#remember(name);
  }

  async #readList(
    id: string,
    object: JsonRecord,
    detail: DetailSource,
    found: Found,
    signal: AbortSignal,
  ): Promise<void> {
    const path = detail.path(encodeURIComponent(id));
    const source = { path, belongs: () => detail.belongs(object) };
    const used = new Set<string>();
    let cursor: string | undefined;
    do {
      const query = { limit: String(PAGE_LIMIT), sortBy: detail.sortBy, sortOrder: "asc", skipCount: "true" };
      const page = await this.#ask(detail, path, cursor === undefined ? query : { ...query, cursor }, signal);
      for (const element of page?.elements ?? []) {
        const read = readElement(element, source);
        if (isDeadLetter(read)) {
          found.deadLetters.push(read);
          continue;
        }
        const own = read.value[detail.version];
        const version = typeof own === "string" && own !== "" ? own : "1";
        const look = fingerprint(JSON.parse(String(element.text)) as JsonRecord, version);
        const time = parseTime(own) ?? (0 as Micros);
        found.records.push({ kind: detail.kind, id: read.id, time, version, fingerprint: look, text: read.text });
      }
      cursor = page?.nextCursor;
      if (cursor !== undefined && used.has(cursor)) cursor = undefined;
      if (cursor !== undefined) used.add(cursor);
    } while (cursor !== undefined);
  }

  /** Undefined when the object has gone. A detail that is refused is told once, and then left out for a while. */
  async #ask(
    { option }: DetailSource,
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ApiPage | undefined> {
    if (performance.now() < (this.#leftOut.get(option) ?? -Infinity)) return undefined;
    try {
      const { body } = await this.#client.get(path, query, signal);
      return body.read((json) => readPage(json, path));
    } catch (error) {
      if (error instanceof FeedMissingError) return undefined;
      if (!(error instanceof FeedForbiddenError)) throw error;
      this.#leftOut.set(option, performance.now() + LEFT_OUT_MS);
      throw new FeedForbiddenError(`${error.message}; ${option} are left out for now`, { cause: error });
    }
  }

  #remember(name: string): void {
    this.#read.add(name);
    if (this.#read.size <= MAX_READ) return;
    const [oldest = ""] = this.#read;
    this.#read.delete(oldest);
  }
}

function nothing(): Found {
  return { objects: [], records: [], deadLetters: [] };
}

/** The object whose details are to be read; undefined when there are enough, or no more. */
function next({ page, at, found: { objects, records } }: Pending): PageRecord | undefined {
  if (objects.length >= PAGE_OBJECTS || records.length >= PAGE_DETAILS) return undefined;
  return page.records[at + objects.length];
}

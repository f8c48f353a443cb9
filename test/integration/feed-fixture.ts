import type { Checkpoint, DeadLetter, Page, PageRecord } from "../../src/bridge/ports.ts";
import type { DemoConsole } from "../../src/demo/console/console.ts";
import type { FeedName } from "../../src/event/event.ts";
import { FEEDS } from "../../src/feeds/index.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import { BridgeError } from "../../src/lib/errors.ts";
import { type ClientOptions, ConsoleClient } from "../../src/sentinelone/client.ts";
import { RequestLimits } from "../../src/sentinelone/request-limits.ts";
import { createFeed } from "../../src/sentinelone/create-feed.ts";
import type { ConsoleFeed, FeedOptions } from "../../src/sentinelone/feed.ts";

export const TOKEN = "demo-token";

/** The time of consoles whose clock a test moves. */
export const NOON = Date.UTC(2026, 10, 21, 12);

export const MINUTE = 60_000;

/** A client that nothing holds back. */
export function clientOf(url: string, options: Partial<ClientOptions> = {}): ConsoleClient {
  return new ConsoleClient({
    url,
    token: () => TOKEN,
    ca: undefined,
    proxy: undefined,
    userAgent: "s1bridge/test",
    limits: new RequestLimits(),
    perSecond: { activities: 1e6, threats: 1e6, "system/info": 1e6 },
    ...options,
  });
}

export function feedOf(
  client: ConsoleClient,
  options: Partial<FeedOptions> = {},
  name: FeedName = "activities",
): ConsoleFeed {
  return createFeed(FEEDS[name], client, {
    console: "acme",
    start: { kind: "back", ms: 24 * 60 * MINUTE },
    overlapMs: 5 * MINUTE,
    settleMs: 10_000,
    includeTypes: [],
    excludeTypes: [],
    scope: {},
    snapshot: false,
    details: new Set(),
    ...options,
  });
}

/** Reads a feed as the intake does, and keeps everything that it gave. */
export class FeedReader {
  readonly feed: ConsoleFeed;
  readonly records: PageRecord[] = [];
  readonly deadLetters: DeadLetter[] = [];
  checkpoint: Checkpoint | undefined;

  constructor(feed: ConsoleFeed) {
    this.feed = feed;
  }

  get ids(): string[] {
    return this.records.map(({ id }) => id);
  }

  /** One page; a feed without checkpoint has its beginning fixed first. */
  async page(signal: AbortSignal = NEVER): Promise<Page> {
    if (this.checkpoint === undefined) this.checkpoint = (await this.feed.readPage(undefined, signal)).checkpoint;
    const page = await this.feed.readPage(this.checkpoint, signal);
    this.checkpoint = page.checkpoint;
    this.records.push(...page.records);
    this.deadLetters.push(...page.deadLetters);
    return page;
  }

  /** Pages until the console has no more for now. */
  async poll(): Promise<Page[]> {
    const pages = [await this.page()];
    while (pages.at(-1)?.hasMore === true) pages.push(await this.page());
    return pages;
  }
}

export const NEVER = new AbortController().signal;

/** Lets the client see where the console's clock stands now. */
export async function lookAtClock(client: ConsoleClient): Promise<void> {
  await client.get("system/info", {}, NEVER);
}

export function activity(id: string, ms: number, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ id, createdAt: formatTime(microsFromMs(ms)), activityType: 27, ...more });
}

export function threat(id: string, ms: number, more: Readonly<Record<string, unknown>> = {}): string {
  const time = formatTime(microsFromMs(ms));
  return JSON.stringify({ id, threatInfo: { threatId: id, createdAt: time, updatedAt: time, ...more } });
}

/** The ids that the console holds. */
export function idsOf(texts: Iterable<string>): string[] {
  return [...texts].map((text) => (JSON.parse(text) as { id: string }).id);
}

/** The error that the work rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<BridgeError> {
  const error = await work.then(
    () => new Error("it was no failure"),
    (reason: unknown) => reason,
  );
  if (error instanceof BridgeError) return error;
  throw error;
}

/** The requests for a list, oldest first. */
export function asked(console: DemoConsole, path = "/activities"): URLSearchParams[] {
  return console.requests.recent.filter((request) => request.path === path).map(({ search }) => search);
}

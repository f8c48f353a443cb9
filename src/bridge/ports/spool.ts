import type { Micros } from "../../event/time.ts";
import type { Frames } from "./collector.ts";
import type { Checkpoint, FeedKey } from "./feed.ts";
import type { Aside } from "./jobs.ts";
import type { Appended, Page } from "./page.ts";

/** The durable queue between intake and delivery, with the checkpoints and the ids seen. */
export interface Spool {
  checkpoint(key: FeedKey): Promise<Checkpoint | undefined>;
  /**
   * Stores the page's new events, its ids and its checkpoint: durable together when this resolves, or not at all.
   *
   * Waits while the spool is full. Rejects with the signal's reason when it is aborted meanwhile.
   */
  append(key: FeedKey, page: Page, signal: AbortSignal, options?: AppendOptions): Promise<Appended>;
  /** The collector's own place in the queue; a new collector begins with the oldest event that is still there. */
  reader(collector: string): Promise<SpoolReader>;
  close(): Promise<void>;
}

export interface AppendOptions {
  /** The page is no part of the feed's own course. */
  readonly aside?: Aside | undefined;
  /** What the append of the page before it gave, which may be under way: this one is stored behind that one, or not at all. */
  readonly after?: Promise<Appended> | undefined;
}

export interface SpoolReader {
  /** The first position that has not been released. */
  readonly position: number;
  /**
   * The next events from `position` on, at most `maxEvents`. Waits until there are some.
   *
   * Rejects with the signal's reason when it is aborted before.
   */
  read(position: number, maxEvents: number, signal: AbortSignal): Promise<Batch>;
  /** How many events the batch has that is being made ahead and begins at `position`; 0 when there is none. */
  upcoming(position: number): Promise<number>;
  /**
   * Forgets everything before `position` for this collector. Resolves with the error when the disk refuses to store that:
   * the reader goes on behind it all the same, and stores it as soon as it can.
   */
  release(position: number): Promise<Error | undefined>;
}

/** Events of the spool, in order, as messages of the collector. */
export interface Batch {
  readonly frames: Frames;
  /** The position behind the last event. */
  readonly end: number;
  /** The time of the last event. */
  readonly newest: Micros | undefined;
  /** Events that the disk gave back damaged, or that can not be mapped: kept aside, and counted. */
  readonly damaged: number;
  /** Events that go to no collector at all; told to one of the collectors only. */
  readonly unrouted: Unrouted;
  /** Why, for each of those that can not be mapped. */
  readonly unmapped?: readonly string[];
  /** The feed that all of them are of. */
  readonly origin?: FeedKey;
  /** The time of each message's event. */
  readonly times?: Float64Array;
}

/** A batch without what is sent. */
export type BatchFacts = Omit<Batch, "frames">;

/** How many events, by the site, account or console that they belong to. */
export type Unrouted = Readonly<Record<string, number>>;

/** An activity type and what the console calls it. */
export type TypeName = readonly [type: number, name: string];

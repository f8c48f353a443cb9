import type { Change, FeedName, SecurityEvent } from "../event/event.ts";
import type { Micros } from "../event/time.ts";

/**
 * What the bridge needs from the outside. `assemble.ts` brings the adapters; they know only these shapes and never each
 * other. The invariants that hold between them stand in docs/architecture.md.
 */

/** Names a feed of a console, as in metrics and checkpoints. */
export interface FeedKey {
  readonly console: string;
  readonly feed: FeedName;
}

/** Where a feed resumes. Moves forward only, in the transaction that stores the events it stands for. */
export interface Checkpoint {
  /** Everything before this instant has been read, but for what becomes visible late. */
  readonly time: Micros;
  /** Never read before this instant: where the feed was told to start. */
  readonly floor: Micros;
}

/** A record of a page, not yet known to be new. */
export interface PageRecord {
  readonly id: string;
  /** `createdAt` of an activity, `updatedAt` of an object: with the id, what makes a version unique. */
  readonly time: Micros;
  /** The record's own JSON text, as the console sent it. */
  readonly text: string;
}

/** A record that can not become an event, kept with the reason. */
export interface DeadLetter {
  readonly reason: string;
  readonly text: string;
}

export interface Page {
  readonly records: readonly PageRecord[];
  readonly deadLetters: readonly DeadLetter[];
  /** Where the feed resumes once this page is stored. */
  readonly checkpoint: Checkpoint;
  /** Entries whose identity is `(id, time)`: an object's versions. Otherwise the id alone is the identity. */
  readonly mutable: boolean;
  readonly consoleVersion: string | undefined;
  /** False when the console has nothing more to give for now. */
  readonly hasMore: boolean;
}

export interface Feed {
  readonly key: FeedKey;
  /**
   * Reads the next page after the checkpoint, overlap included. Undefined as checkpoint: the very first read.
   *
   * Holds the console's cursor between calls; a rejected call may be repeated and reads the same page again.
   */
  readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page>;
}

/** What became of a page. */
export interface Appended {
  readonly added: number;
  readonly duplicates: number;
}

/** Events of the spool in order, and the position behind the last of them. */
export interface Batch {
  readonly events: readonly SecurityEvent[];
  readonly end: number;
}

/** The durable queue between intake and delivery, with the checkpoints and the ids seen. */
export interface Spool {
  checkpoint(key: FeedKey): Promise<Checkpoint | undefined>;
  /**
   * Stores the page's new events, its ids and its checkpoint: durable together when this resolves, or not at all.
   *
   * Waits while the spool is full; rejects with the signal's reason when stopped meanwhile.
   */
  append(key: FeedKey, page: Page, signal: AbortSignal): Promise<Appended>;
  /** The collector's own place in the queue. */
  reader(collector: string): Promise<SpoolReader>;
  close(): Promise<void>;
}

export interface SpoolReader {
  /** The next events after `position`, at most about `maxBytes` of records. Waits until there are some, or `maxWaitMs`. */
  read(position: number, options: ReadOptions): Promise<Batch | undefined>;
  /** The first position that has not been released. */
  readonly position: number;
  /** Forgets everything before `position` for this collector. */
  release(position: number): Promise<void>;
}

export interface ReadOptions {
  readonly maxEvents: number;
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
}

/** Messages with their framing, several to a chunk. */
export interface Frames {
  readonly bytes: Buffer;
  readonly count: number;
}

export interface Collector {
  /**
   * Resolves when the peer has confirmed that it read every message of the window.
   *
   * A write that succeeds confirms nothing: the kernels buffer megabytes that a dying collector never reads. What counts
   * as confirmation depends on the transport, see docs/delivery.md. Rejects without partial success: send all of it again.
   */
  deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void>;
  /** Lets go of idle connections. A delivery that runs is ended by its signal. */
  close(): Promise<void>;
}

/** Soft: finish the window in flight. Hard: give up now. */
export interface StopSignals {
  readonly soft: AbortSignal;
  readonly hard: AbortSignal;
}

export type { Change };

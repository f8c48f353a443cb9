import type { EventFeed } from "../event/event.ts";
import type { Fingerprint } from "../event/fingerprint.ts";
import type { Micros } from "../event/time.ts";

/**
 * What the bridge needs from the outside. `assemble.ts` brings the adapters; they know only these shapes and never each
 * other. The invariants that hold between them stand in docs/architecture.md.
 */

/** Names a feed of a console, as in metrics and checkpoints. */
export interface FeedKey {
  readonly console: string;
  readonly feed: EventFeed;
}

/** Where a feed resumes. It moves in the transaction that stores the events it stands for, and never back. */
export interface Checkpoint {
  /** Everything before this instant has been read, but for what becomes visible late. */
  readonly time: Micros;
  /** Never read before this instant: where the feed began, or where the ids seen have been forgotten. */
  readonly floor: Micros;
}

/**
 * What a record is to the spool:
 *
 * - `entry`: of an append-only list, or a version of a mutable object when it has one: new once by id and version.
 * - `note`, `timeline`: an entry beside an object, with the same identity rule.
 * - `state`: an object without a time to ask by. It is new when its content is not what it was.
 * - `member`: an object of a snapshot, always forwarded: its version tells the snapshot.
 * - `mark`: behind the last object of a whole list; new when the list is not what it was.
 */
export type RecordKind = "entry" | "note" | "timeline" | "state" | "member" | "mark";

/** How a page is stored that is no part of its feed's own course: the feed's checkpoint stays where it is. */
export interface Aside {
  /**
   * What is left out. `sent`: what the ledger says was sent, or the ids seen where it does not know. `ledger`: by the ledger
   * alone, which an audit goes by. `nothing`: all of it is sent, again if it was before.
   */
  readonly leaveOut: "sent" | "ledger" | "nothing";
  /** The only collector that gets it; undefined: those that get such events. */
  readonly collector?: string | undefined;
  /** The job that goes on behind the page. */
  readonly job?: JobStep;
}

/** How far a job is once a page is stored. */
export interface JobStep {
  readonly id: number;
  readonly checkpoint: Micros;
  /** The identities at the checkpoint: reading on from there brings them again. */
  readonly boundary: readonly string[];
  /** Records read with this page. */
  readonly read: number;
}

/** A stretch of a feed's past to be forwarded. */
export interface JobOrder extends FeedKey {
  readonly from: Micros;
  readonly until: Micros;
  readonly collector?: string | undefined;
  readonly resend: boolean;
}

/** An order as the spool keeps it until it is done: whoever gives it again goes on with it. */
export interface Job extends JobOrder {
  readonly id: number;
  readonly checkpoint: Micros;
  readonly boundary: readonly string[];
  readonly read: number;
  readonly added: number;
}

/** A record of a page, not yet known to be new. */
export interface PageRecord {
  readonly id: string;
  /** `createdAt` of an activity, `updatedAt` of an object. */
  readonly time: Micros;
  /** The console's own text for the version of a mutable object, its `updatedAt`. Undefined: the id alone is the identity. */
  readonly version: string | undefined;
  /** `entry` when left out. */
  readonly kind?: RecordKind;
  /** What the object looks like, to be compared with what it was. */
  readonly fingerprint?: Fingerprint;
  /** The version in place of `version`, should the content have changed and that not. */
  readonly versionIfSame?: string;
  /** The record's JSON as the console sent it, but integers beyond ±2^53 in quotes, so that nobody rounds them. */
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
  /** Ids of records before this instant will not be asked for again. */
  readonly seenSince: Micros;
  readonly consoleVersion: string | undefined;
  /** Records that the console sent and the configuration excludes. */
  readonly excluded: number;
  /** The page is of a list that is read as a whole: what it does not have, from its first page to its `end`, has gone. */
  readonly list?: "part" | "end" | undefined;
  /** False when the console has nothing more to give for now. */
  readonly hasMore: boolean;
  /** An earlier poll has read up to here: what is new and before it became visible late. Undefined: nothing is late. */
  readonly readBefore?: Micros | undefined;
  /** To be counted in the same transaction, besides what the spool counts itself. */
  readonly tallies?: readonly Tally[];
}

/** What is counted for a feed, over all restarts. */
export type TallyName = "duplicates" | "late" | "dead_letters" | "dropped" | "damaged" | "heartbeats";

export interface Tally {
  readonly feed: EventFeed;
  readonly name: TallyName;
  readonly add: number;
}

export interface Feed {
  readonly key: FeedKey;
  /**
   * Reads the next page after the checkpoint, overlap included. Undefined as checkpoint: the very first read.
   *
   * Holds the console's cursor between calls. A rejected call may be repeated: it reads the same page again, or starts
   * over from the checkpoint.
   */
  readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page>;
  /** Learns what became of the page that was read last; true when it looks further back from now on. */
  stored?(appended: Appended): boolean;
  /** The feed's past, where it can be read again. */
  auditable?(signal: AbortSignal): Promise<AuditableFeed | undefined>;
  /** How far each poll looks back. Undefined: the feed has no overlap. */
  readonly overlapMs?: number | undefined;
}

/** What became of a page. */
export interface Appended {
  readonly added: number;
  readonly duplicates: number;
  /** Dead letters that were not kept before. */
  readonly deadLetters: number;
  /** What was deleted to make room for the page, where the configuration says so. */
  readonly dropped?: readonly Dropped[] | undefined;
  /** Undefined: none was late. */
  readonly late?: LateRecords | undefined;
  /** Why, for each of the dead letters, when there are any. */
  readonly reasons?: readonly string[];
}

/** An activity type and what the console calls it. */
export type TypeName = readonly [type: number, name: string];

/** Events of a feed that a collector had not confirmed when they were deleted. */
export interface Dropped extends FeedKey {
  readonly collector: string;
  readonly events: number;
}

/** New records that stood behind the place up to which an earlier poll had read. */
export interface LateRecords {
  readonly count: number;
  /** How far behind the latest stood. */
  readonly maxBehindMs: number;
}

/** The spool as jobs need it, beside the feeds' own course. */
export interface JobSpool extends Pick<Spool, "append"> {
  /** The job of an order that has not come to its end, or a new one. */
  openJob(order: JobOrder): Promise<Job>;
  endJob(id: number): Promise<void>;
  /** The position of the next event. */
  readonly end: number;
  /** How far each collector has confirmed. */
  readonly positions: ReadonlyMap<string, number>;
  /** Resolves when a collector has confirmed something, or after so long. */
  untilReleased(signal: AbortSignal, maxMs: number): Promise<void>;
  size(): Promise<{ readonly bytes: number }>;
}

/** What stands in the spool at a moment. */
export interface SpoolSurvey {
  /** Tells this spool from all others. */
  readonly id: string;
  readonly bytes: number;
  /** Events that some collector has not confirmed. */
  readonly events: number;
  /** The position of the next event. */
  readonly end: number;
  /** When the oldest event that waits was stored, in milliseconds of our clock. */
  readonly oldestStoredMs: number | undefined;
  readonly feeds: readonly FeedSurvey[];
  readonly collectors: readonly CollectorSurvey[];
}

export interface FeedSurvey extends FeedKey {
  readonly checkpoint: Micros | undefined;
  /** The number of the feed's newest event: how many it has had. */
  readonly sequence: number;
  readonly tallies: Readonly<Partial<Record<TallyName, number>>>;
}

export interface CollectorSurvey {
  readonly collector: string;
  /** How far it has confirmed. */
  readonly position: number;
  readonly oldestStoredMs: number | undefined;
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

/** The durable queue between intake and delivery, with the checkpoints and the ids seen. */
export interface Spool {
  checkpoint(key: FeedKey): Promise<Checkpoint | undefined>;
  /**
   * Stores the page's new events, its ids and its checkpoint: durable together when this resolves, or not at all.
   *
   * Waits while the spool is full. Rejects with the signal's reason when it is aborted meanwhile.
   */
  append(key: FeedKey, page: Page, signal: AbortSignal, aside?: Aside): Promise<Appended>;
  /** The collector's own place in the queue; a new collector begins with the oldest event that is still there. */
  reader(collector: string): Promise<SpoolReader>;
  close(): Promise<void>;
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
  /** Forgets everything before `position` for this collector. */
  release(position: number): Promise<void>;
}

/** Messages with their framing, several to a chunk. */
export interface Frames {
  readonly bytes: Buffer;
  readonly count: number;
}

export interface Collector {
  /**
   * True: a window lasts as long as its connection does, and is confirmed as it goes. Otherwise windows are closed by size
   * and age, each to be confirmed as a whole.
   */
  readonly confirmsAsItGoes?: boolean;
  /**
   * Resolves when the peer has confirmed that it read every message of the window.
   *
   * A write that succeeds confirms nothing: the kernels buffer megabytes that a dying collector never reads. What counts
   * as confirmation depends on the transport, see docs/delivery.md. Before it resolves or rejects, it may tell
   * `onConfirmed` how many `Frames` of the window, from the first on, are confirmed. Rejects when it is over and not all
   * of it is: send again what was not told.
   */
  deliver(window: AsyncIterable<Frames>, signal: AbortSignal, onConfirmed?: (chunks: number) => void): Promise<void>;
  /** Lets go of what is open. A delivery that still runs is ended by its own signal. */
  close(): Promise<void>;
}

/** Soft: finish the window in flight. Hard: give up now. */
export interface StopSignals {
  readonly soft: AbortSignal;
  readonly hard: AbortSignal;
}

/** What became of an event that was added: `undelivered` when a collector never got it, such as one that was dropped. */
export type Audited = "confirmed" | "waiting" | "undelivered";

export interface LedgerPart {
  /** What was added, by its identity (`identityOf`). */
  readonly events: ReadonlyMap<string, Audited>;
  /** Nothing is known of what was added before this instant. */
  readonly knownSince: Micros;
}

/** What the spool keeps of the events that it had. */
export interface LedgerPort {
  /** Those of a feed whose times lie in `[from, until)`. */
  between(key: FeedKey, from: Micros, until: Micros): LedgerPart;
}

/** Names what makes a record of a feed the one it is. */
export function identityOf(id: string, version: string | undefined): string {
  return version === undefined ? id : `${id} ${version}`;
}

/** A feed whose past can be read again. */
export interface AuditableFeed {
  readonly key: FeedKey;
  /** The same object comes again with each of its versions: the console shows the last one only. */
  readonly hasVersions: boolean;
  /** What is older than this the console shows for good. */
  settled(signal: AbortSignal): Promise<Micros>;
  /** How many records the console says that it has in `[from, until)`; undefined when it does not say. */
  count(from: Micros, until: Micros, signal: AbortSignal): Promise<number | undefined>;
  /** A feed of its own that reads `[from, until)` once, oldest first, and ends there. */
  within(from: Micros, until: Micros): Feed;
}

/** What may be told of the bridge's surroundings while it works, for metrics. */
export interface Surroundings {
  request(report: RequestReport): void;
  certificate(report: CertificateReport): void;
}

/** A request to a console. */
export interface RequestReport {
  readonly console: string;
  /** Without ids: it names a kind of request. */
  readonly path: string;
  /** Undefined: no answer. */
  readonly status: number | undefined;
  readonly tookMs: number;
  /** How long it waited for its turn within the limits before. */
  readonly waitedMs: number;
}

/** A certificate that was shown when a connection was opened. */
export interface CertificateReport {
  readonly peer: "collector" | "console";
  readonly name: string;
  readonly expiresMs: number;
}

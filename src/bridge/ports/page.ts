import type { EventFeed } from "../../event/event.ts";
import type { Fingerprint } from "../../event/fingerprint.ts";
import type { Micros } from "../../event/time.ts";
import type { Checkpoint, FeedKey } from "./feed.ts";

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

/** A record of a page, not yet known to be new. */
export interface PageRecord {
  readonly id: string;
  /** `createdAt` of an activity, `updatedAt` of an object. */
  readonly time: Micros;
  /** The console's own text for the version of a mutable object, its `updatedAt`. Undefined: the id alone is the identity. */
  readonly version: string | undefined;
  /** `entry` when left out. */
  readonly kind?: RecordKind;
  /** Set where it is known before: an entry of an append-only list is an `event`, once. */
  readonly change?: "event";
  /** What the object looks like, to be compared with what it was. */
  readonly fingerprint?: Fingerprint;
  /** The version in place of `version`, should the content have changed and that not. */
  readonly versionIfSame?: string;
  /** The record's JSON as the console sent it, but integers beyond ±2^53 in quotes, so that nobody rounds them. */
  readonly text: RecordText;
}

/** A text that may still be part of the answer in which it came. */
export type RecordText = string | TextBytes;

/** A text as bytes of UTF-8. */
export interface TextBytes {
  /** In UTF-16 code units. */
  readonly length: number;
  readonly byteLength: number;
  /** Writes it at `at`, and gives the place behind it. */
  copyTo(target: Buffer, at: number): number;
  toString(): string;
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
  /** Gives the memory of the texts back once the page is stored. Without it the collector frees them, but late. */
  readonly release?: (() => void) | undefined;
  /** To be counted in the same transaction, besides what the spool counts itself. */
  readonly tallies?: readonly Tally[];
}

/** What is counted for a feed, over all restarts. */
export type TallyName =
  | "duplicates"
  | "late"
  | "dead_letters"
  | "dead_letters_dropped"
  | "dropped"
  | "damaged"
  | "heartbeats";

export interface Tally {
  readonly feed: EventFeed;
  readonly name: TallyName;
  readonly add: number;
}

/** What became of a page. */
export interface Appended {
  readonly added: number;
  readonly duplicates: number;
  /** Dead letters that were not kept before. */
  readonly deadLetters: number;
  /** What was deleted to make room for the page, where the configuration says so. */
  readonly dropped?: readonly Dropped[] | undefined;
  /** What was deleted to make room for dead letters, since that was asked last. */
  readonly droppedLetters?: readonly DroppedLetters[];
  /** Undefined: none was late. */
  readonly late?: LateRecords | undefined;
  /** Why, for each of the dead letters, when there are any. */
  readonly reasons?: readonly string[];
}

/** New records that stood behind the place up to which an earlier poll had read. */
export interface LateRecords {
  readonly count: number;
  /** How far behind the latest stood. */
  readonly maxBehindMs: number;
}

/** Dead letters of a feed that were deleted. */
export interface DroppedLetters extends FeedKey {
  readonly letters: number;
}

/** Events of a feed that a collector had not confirmed when they were deleted. */
export interface Dropped extends FeedKey {
  readonly collector: string;
  readonly events: number;
}

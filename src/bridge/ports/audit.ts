import type { Micros } from "../../event/time.ts";
import type { Feed, FeedKey } from "./feed.ts";

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

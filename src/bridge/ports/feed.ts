import type { EventFeed } from "../../event/event.ts";
import type { Micros } from "../../event/time.ts";
import type { AuditableFeed } from "./audit.ts";
import type { Appended, Page } from "./page.ts";

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

export interface Feed {
  readonly key: FeedKey;
  /**
   * Reads the next page after the checkpoint, overlap included. Undefined as checkpoint: the very first read. Within a poll
   * it is the one of the page before, which may still be on its way into the spool.
   *
   * Holds the console's cursor between calls. A rejected call may be repeated: it reads the same page again, or starts
   * over from the checkpoint.
   */
  readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page>;
  /** Learns what became of a page, in their order; true when it looks further back from now on. */
  stored?(appended: Appended): boolean;
  /** The feed's past, where it can be read again. */
  auditable?(signal: AbortSignal): Promise<AuditableFeed | undefined>;
  /** How far each poll looks back. Undefined: the feed has no overlap. */
  readonly overlapMs?: number | undefined;
}

import type { Micros } from "../../event/time.ts";
import type { FeedKey } from "./feed.ts";
import type { TallyName } from "./page.ts";

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

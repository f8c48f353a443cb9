import type { Micros } from "../../event/time.ts";
import type { FeedKey } from "./feed.ts";
import type { Spool } from "./spool.ts";

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

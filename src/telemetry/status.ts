/**
 * What an operator may know of the bridge, in one shape: /api/status, `s1bridge status`, the heartbeat, the metrics' gauges
 * and the status page all show this and nothing else. Made by status-board.ts; a contract: fields are added, never renamed.
 * Times are ISO 8601 in UTC. What is not known is null.
 */
export interface BridgeStatus {
  /** `files`: the daemon does not answer, and this is what its files say. */
  readonly source: "daemon" | "files";
  /** When this was true. */
  readonly at: string;
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  /** As /readyz. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly consoles: readonly ConsoleStatus[];
  readonly feeds: readonly FeedStatus[];
  readonly collectors: readonly CollectorStatus[];
  readonly spool: SpoolStatus;
  /** Events that no collector takes, since the start; the most first, and the hundred that have most. */
  readonly unrouted: readonly UnroutedStatus[];
  /** The configuration that was refused at a reload and has not been replaced by a good one since. */
  readonly refused: RefusedConfiguration | null;
  /** The last faults since the start, newest first, also those that are over; 20 at most. */
  readonly incidents: readonly IncidentStatus[];
}

/** Events that are discarded, for no collector's `match` takes them and none has `default: true`. */
export interface UnroutedStatus {
  /** The site, account or console that they belong to, as `s1bridge routes` has it. */
  readonly belongsTo: string;
  readonly events: number;
  readonly lastAt: string;
}

/** What stands on disk and is not what runs. */
export interface RefusedConfiguration {
  readonly at: string;
  readonly code: string;
  readonly file: string;
  /** Each with line and column where it has one. */
  readonly faults: readonly string[];
}

export interface ConsoleStatus {
  readonly console: string;
  /** The console's build. */
  readonly version: string | null;
  /** How far its clock is ahead of ours. */
  readonly skewSeconds: number;
  readonly tokenExpiresAt: string | null;
  readonly tokenSecondsLeft: number | null;
}

/**
 * `starting`: has not read a page yet. `ok`: its last read was good. `failing`: tried again soon. `parked`: refused by the
 * console; looked at again now and then. `stopped`: the daemon is not running.
 */
export type FeedState = "starting" | "ok" | "failing" | "parked" | "stopped";

export interface FeedStatus {
  readonly console: string;
  readonly feed: string;
  readonly state: FeedState;
  readonly lastPageAt: string | null;
  /** How far the feed has been read, in the console's time. */
  readonly reached: string | null;
  /** The time of the newest event that a collector has confirmed since the start. */
  readonly newestConfirmedAt: string | null;
  /** Everything older than this has been confirmed by every collector. */
  readonly lagSeconds: number | null;
  readonly eventsPerMinute: number;
  /** Since the start. */
  readonly spooled: number;
  readonly duplicates: number;
  readonly late: number;
  /** How far behind what had been read the latest of them was, since the start. */
  readonly latestSeconds: number | null;
  readonly deadLetters: number;
  /** Over all restarts. */
  readonly total: FeedTotal;
  readonly fault: FaultStatus | null;
}

export interface FeedTotal {
  /** `S1seq` of the newest event. */
  readonly events: number;
  readonly duplicates: number;
  readonly late: number;
  readonly deadLetters: number;
  readonly dropped: number;
  readonly damaged: number;
  readonly heartbeats: number;
}

export interface CollectorStatus {
  readonly collector: string;
  /** `idle`: nothing has been sent yet. */
  readonly state: "idle" | "ok" | "failing" | "stopped";
  /** Whether the last connection did its work; null before the first. */
  readonly connected: boolean | null;
  readonly lastConfirmAt: string | null;
  /** Events, since the start. */
  readonly confirmed: number;
  readonly eventsPerMinute: number;
  /** Messages sent and not confirmed now; they are sent again. */
  readonly inDoubt: number;
  /** The same, added up since the start. */
  readonly inDoubtTotal: number;
  /** The position behind the last confirmed event. */
  readonly position: number;
  /** Events between there and the end of the spool, those for other collectors included. */
  readonly waiting: number;
  /** When the oldest of them was stored. */
  readonly oldestWaitingAt: string | null;
  readonly oldestWaitingSeconds: number | null;
  readonly fault: FaultStatus | null;
}

export interface SpoolStatus {
  /** Tells this spool from all others. */
  readonly id: string;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Events that some collector has not confirmed. */
  readonly events: number;
  /** The position of the next event: how many there have ever been. */
  readonly end: number;
  /** A page waits for room, and polling with it. */
  readonly full: boolean;
  /** What the file system has left; null while nobody has looked. Less than `minFreeBytes` is full as well. */
  readonly diskFreeBytes: number | null;
  readonly minFreeBytes: number | null;
  readonly oldestAt: string | null;
  readonly oldestSeconds: number | null;
}

/** A fault as an operator sees it. */
export interface FaultStatus {
  /** Of docs/errors.md. */
  readonly code: string;
  readonly message: string;
  /** The first time in a row. */
  readonly since: string;
  readonly at: string;
  readonly attempt: number;
  readonly retryAt: string;
}

/** A fault with its course: the same code of the same feed or collector, until it is over and for ten minutes after. */
export interface IncidentStatus {
  readonly kind: "feed" | "collector";
  /** `console/feed`, or the collector. */
  readonly about: string;
  /** Of docs/errors.md. */
  readonly code: string;
  /** Of the last time. */
  readonly message: string;
  readonly since: string;
  /** The last time. */
  readonly at: string;
  readonly times: number;
  /** Null while it goes on. */
  readonly overAt: string | null;
}

import type { FeedKey, SpoolSurvey } from "../bridge/ports.ts";
import { type Micros, toMs } from "../event/time.ts";
import { Rate } from "../lib/rate.ts";
import { iso, isoOrNull, seconds, stateOf, totalOf } from "./status-parts.ts";
import type { ConsoleStatus, FaultStatus, FeedStatus } from "./status.ts";

/** What is noted of a feed. */
export interface FeedNotes {
  readonly key: FeedKey;
  readonly rate: Rate;
  lastPageMs: number | undefined;
  reached: Micros | undefined;
  /** The newest confirmed event, by collector. */
  readonly confirmed: Map<string, Micros>;
  /** A position behind all events of the feed. */
  end: number;
  spooled: number;
  duplicates: number;
  late: number;
  latestMs: number | undefined;
  deadLetters: number;
  fault: FaultStatus | undefined;
}

export function feedNotes(key: FeedKey, end: number): FeedNotes {
  return {
    key: { console: key.console, feed: key.feed },
    rate: new Rate(),
    lastPageMs: undefined,
    reached: undefined,
    confirmed: new Map(),
    end,
    spooled: 0,
    duplicates: 0,
    late: 0,
    latestMs: undefined,
    deadLetters: 0,
    fault: undefined,
  };
}

/** What else a feed's status is made of. */
export interface Surroundings {
  readonly survey: SpoolSurvey;
  readonly consoles: readonly ConsoleStatus[];
  readonly nowMs: number;
}

export function feedStatus(notes: FeedNotes, { survey, consoles, nowMs }: Surroundings): FeedStatus {
  const { key, fault } = notes;
  const surveyed = survey.feeds.find(({ console, feed }) => console === key.console && feed === key.feed);
  const skewMs = (consoles.find(({ console }) => console === key.console)?.skewSeconds ?? 0) * 1000;
  const reached = notes.reached ?? surveyed?.checkpoint;
  const newest = notes.confirmed.size === 0 ? undefined : (Math.min(...notes.confirmed.values()) as Micros);
  return {
    ...key,
    state: fault === undefined ? (notes.lastPageMs === undefined ? "starting" : "ok") : stateOf(fault),
    lastPageAt: isoOrNull(notes.lastPageMs),
    reached: reached === undefined ? null : iso(toMs(reached)),
    newestConfirmedAt: newest === undefined ? null : iso(toMs(newest)),
    lagSeconds: lagSeconds({ ...notes, reached, newest }, survey, nowMs + skewMs),
    eventsPerMinute: notes.rate.perMinute(nowMs),
    spooled: notes.spooled,
    duplicates: notes.duplicates,
    late: notes.late,
    latestSeconds: notes.latestMs === undefined ? null : seconds(notes.latestMs),
    deadLetters: notes.deadLetters,
    total: totalOf(surveyed),
    fault: fault ?? null,
  };
}

/** While nothing of the feed waits, the collectors are as far as the feed; else as far as the newest that they have. */
function lagSeconds(
  { end, reached, newest }: Pick<FeedNotes, "end" | "reached"> & { readonly newest: Micros | undefined },
  { collectors, oldestStoredMs }: SpoolSurvey,
  nowMs: number,
): number | null {
  const isConfirmed = collectors.every(({ position }) => position >= end);
  const upTo = isConfirmed ? reached : newest;
  const upToMs = upTo === undefined ? (isConfirmed ? undefined : oldestStoredMs) : toMs(upTo);
  return upToMs === undefined ? null : seconds(Math.max(0, nowMs - upToMs));
}

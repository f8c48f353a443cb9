import type { ConsoleFacts } from "../bridge/bridge.ts";
import type { CollectorSurvey, FeedSurvey, SpoolSurvey } from "../bridge/ports.ts";
import { isParked } from "./codes.ts";
import type { CollectorStatus, ConsoleStatus, FaultStatus, FeedStatus, FeedTotal, SpoolStatus } from "./status.ts";

/** Parts of a status, out of what a spool or a console tells: the same from the daemon and from its files. */

export function totalOf(surveyed: FeedSurvey | undefined): FeedTotal {
  const tallies = surveyed?.tallies ?? {};
  return {
    events: surveyed?.sequence ?? 0,
    duplicates: tallies.duplicates ?? 0,
    late: tallies.late ?? 0,
    deadLetters: tallies.dead_letters ?? 0,
    dropped: tallies.dropped ?? 0,
    damaged: tallies.damaged ?? 0,
    heartbeats: tallies.heartbeats ?? 0,
  };
}

export function stateOf({ code }: FaultStatus): FeedStatus["state"] {
  return isParked(code) ? "parked" : "failing";
}

export function consoleStatus(
  { console, skewMs, tokenExpiresMs }: ConsoleFacts,
  version: string | undefined,
  nowMs: number,
): ConsoleStatus {
  return {
    console,
    version: version ?? null,
    skewSeconds: seconds(skewMs),
    tokenExpiresAt: isoOrNull(tokenExpiresMs),
    tokenSecondsLeft: tokenExpiresMs === undefined ? null : seconds(tokenExpiresMs - nowMs),
  };
}

export function waiting(
  surveyed: CollectorSurvey | undefined,
  end: number,
  nowMs: number,
): Pick<CollectorStatus, "position" | "waiting" | "oldestWaitingAt" | "oldestWaitingSeconds"> {
  const position = surveyed?.position ?? 0;
  const oldestMs = surveyed?.oldestStoredMs;
  return {
    position,
    waiting: Math.max(0, end - position),
    oldestWaitingAt: isoOrNull(oldestMs),
    oldestWaitingSeconds: oldestMs === undefined ? null : seconds(Math.max(0, nowMs - oldestMs)),
  };
}

export function spoolStatus(
  { id, bytes, events, end, oldestStoredMs }: SpoolSurvey,
  maxBytes: number,
  full: boolean,
  nowMs: number,
): SpoolStatus {
  return {
    id,
    bytes,
    maxBytes,
    events,
    end,
    full,
    diskFreeBytes: null,
    minFreeBytes: null,
    oldestAt: isoOrNull(oldestStoredMs),
    oldestSeconds: oldestStoredMs === undefined ? null : seconds(Math.max(0, nowMs - oldestStoredMs)),
  };
}

export function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}

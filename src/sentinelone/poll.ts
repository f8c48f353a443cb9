import type { Checkpoint, FeedKey, Page, PageRecord } from "../bridge/ports.ts";
import { type JsonRecord, type SecurityEvent, eventKey } from "../event/event.ts";
import { type Micros, addMs } from "../event/time.ts";
import type { FeedOptions, FeedStart } from "./feed.ts";

/** What all kinds of feeds do alike. */

export const PAGE_LIMIT = 1000;

/** Ids are kept this much longer than the overlap can bring them back, for an overlap that is made longer. */
const SEEN_MARGIN_MS = 10 * 60_000;

/** Where a feed begins that has no checkpoint. */
export function begin(start: FeedStart, now: Micros): Checkpoint {
  const floor = start.kind === "now" ? now : start.kind === "back" ? addMs(now, -start.ms) : start.time;
  return { time: floor, floor };
}

export function seenSince({ time }: Checkpoint, { overlapMs }: FeedOptions): Micros {
  return addMs(time, -2 * overlapMs - SEEN_MARGIN_MS);
}

export function emptyPage(checkpoint: Checkpoint, consoleVersion: string | undefined): Page {
  return {
    records: [],
    deadLetters: [],
    excluded: 0,
    checkpoint,
    seenSince: checkpoint.floor,
    consoleVersion,
    hasMore: false,
  };
}

/** The event of a record that has not gone through the spool, which alone knows whether it is new. */
export function toEvent(key: FeedKey, consoleVersion: string | undefined, record: PageRecord): SecurityEvent {
  return {
    ...key,
    consoleVersion,
    change: changeOf(record),
    id: record.id,
    key: eventKey(key.feed, record.id, record.version),
    time: record.time,
    record: JSON.parse(String(record.text)) as JsonRecord,
  };
}

function changeOf({ kind = "entry", version }: PageRecord): SecurityEvent["change"] {
  switch (kind) {
    case "entry":
      return version === undefined ? "event" : "updated";
    case "state":
      return "changed";
    case "member":
      return "listed";
    case "mark":
      return "snapshot";
    case "note":
    case "timeline":
      return kind;
  }
}

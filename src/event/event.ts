import type { Micros } from "./time.ts";

/** A value of a console record. Integers beyond ±2^53 are given as their decimal string, so none is ever rounded. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonRecord;

/** A record as the console returned it. Any field may be missing, null, or of another type than documented. */
export interface JsonRecord {
  readonly [key: string]: JsonValue;
}

export type FeedName = "activities" | "threats";

/**
 * How the event came to be. `event`: an entry of an append-only feed. `new` and `updated`: a version of a mutable
 * object, at first sight and later; it becomes the class id `<feed>.<change>`.
 */
export type Change = "event" | "new" | "updated";

/** One thing that is forwarded: an activity, or a version of an object. */
export interface SecurityEvent {
  /** The name of the console in the configuration. */
  readonly console: string;
  /** The console's build, such as `S-25.1.3#77`; undefined when it was not told. */
  readonly consoleVersion: string | undefined;
  readonly feed: FeedName;
  readonly change: Change;
  /** The console's id of the record. */
  readonly id: string;
  /** `<feed>/<id>`, for objects `<feed>/<id>/<updatedAt>`: unique for each forwarded version, stable over restarts. */
  readonly key: string;
  /** When it happened: `createdAt` of an activity, `updatedAt` of an object's version. */
  readonly time: Micros;
  readonly record: JsonRecord;
}

/** The `key` of an event; `version` is undefined for entries of append-only feeds. */
export function eventKey(feed: FeedName, id: string, version: string | undefined): string {
  return version === undefined ? `${feed}/${id}` : `${feed}/${id}/${version}`;
}

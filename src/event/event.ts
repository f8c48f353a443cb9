import type { Micros } from "./time.ts";

/** A value of a console record. Integers beyond ±2^53 are given as their decimal string, so none is ever rounded. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonRecord;

/** A record as the console returned it. Any field may be missing, null, or of another type than documented. */
export interface JsonRecord {
  readonly [key: string]: JsonValue;
}

/** Every feed of a console, in the order of the reference pages. */
export const FEED_NAMES = [
  "activities",
  "threats",
  "alerts",
  "device_control_events",
  "agents",
  "applications",
  "application_risks",
  "groups",
  "sites",
  "accounts",
  "policies",
  "exclusions",
  "blocklist",
  "firewall_rules",
  "device_control_rules",
  "users",
  "service_users",
  "rogues",
  "ranger",
] as const;

export type FeedName = (typeof FEED_NAMES)[number];

/** What the bridge says of itself, heartbeats and notices: no feed of a console, and on the same way as all of them. */
export const OWN_FEED = "bridge";

/** Where an event comes from. */
export type EventFeed = FeedName | typeof OWN_FEED;

/**
 * How the event came to be; with the feed it is the class id of everything but activities, `<feed>.<change>`.
 *
 * - `event`: an entry of an append-only feed.
 * - `new`: the first sight of an object.
 * - `updated`, `changed`: a later version of it, by its `updatedAt` or, where the console tells none, by its content.
 * - `listed`: an object of a snapshot that is as it was.
 * - `snapshot`: not a record, but the mark behind the last one of a whole list.
 * - `note`, `timeline`: what is told beside an object.
 */
export type Change = "event" | "new" | "updated" | "changed" | "listed" | "snapshot" | "note" | "timeline";

export interface JsonBytes {
  readonly byteLength: number;
  /** Writes it at `at`. */
  copyTo(target: Uint8Array, at: number): void;
}

/** One thing that is forwarded: an activity, or a version of an object. */
export interface SecurityEvent {
  /** The name of the console in the configuration. */
  readonly console: string;
  /** The console's build, such as `S-25.1.3#77`; undefined when it was not told. */
  readonly consoleVersion: string | undefined;
  readonly feed: EventFeed;
  readonly change: Change;
  /** The console's id of the record. */
  readonly id: string;
  /** `<feed>/<id>`, for objects `<feed>/<id>/<updatedAt>`: unique for each forwarded version, stable over restarts. */
  readonly key: string;
  /** When it happened: `createdAt` of an activity, `updatedAt` of an object's version. */
  readonly time: Micros;
  readonly record: JsonRecord;
  /** The JSON that `record` is parsed from, where it is at hand as bytes of UTF-8: it may be read without that. */
  readonly json?: JsonBytes | undefined;
  /** The event's number in its feed, from 1 without a gap, the same each time it is sent. Undefined outside the spool. */
  readonly sequence?: number;
  /** What the console itself calls its activity types, where it has told. */
  readonly typeNames?: ReadonlyMap<number, string> | undefined;
  /** The fields that differ from the object's version before, such as `threatInfo.incidentStatus`, where that is known. */
  readonly changed?: readonly string[];
}

/** The `key` of an event; `version` is undefined for entries of append-only feeds. */
export function eventKey(feed: EventFeed, id: string, version: string | undefined): string {
  return version === undefined ? `${feed}/${id}` : `${feed}/${id}/${version}`;
}

import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import type { FeedName, JsonRecord, JsonValue, SecurityEvent } from "../../../src/event/event.ts";
import { parseTime } from "../../../src/event/time.ts";
import type { Micros } from "../../../src/event/time.ts";
import type { MessageOptions } from "../../../src/message/encoder.ts";

export const OPTIONS: MessageOptions = {
  format: "cef",
  header: "rfc3164",
  facility: "local4",
  hostname: "s1bridge",
  maxMessageBytes: 8000,
  rt: "epoch",
  unmappedData: true,
};

const NOON = Date.UTC(2026, 8, 21, 12) * 1000;

const RECORDS = new URL("../../fixtures/records/", import.meta.url);

/** The feeds that there are records of. */
export const FIXTURE_FEEDS = globSync("*.json", { cwd: RECORDS })
  .map((file) => basename(file, ".json") as FeedName)
  .toSorted();

/** Records in the shape of the API, by feed. */
export function fixtures(feed: FeedName): readonly JsonRecord[] {
  return JSON.parse(readFileSync(new URL(`${feed}.json`, RECORDS), "utf8")) as JsonRecord[];
}

export function activity(record: JsonRecord, overrides: Partial<SecurityEvent> = {}): SecurityEvent {
  const id = text(record["id"], "2287311540987129999");
  return {
    console: "acme",
    consoleVersion: "S-25.1.3#77",
    feed: "activities",
    change: "event",
    id,
    key: `activities/${id}`,
    time: parseTime(record["createdAt"]) ?? (NOON as Micros),
    record,
    ...overrides,
  };
}

export function threat(record: JsonRecord, overrides: Partial<SecurityEvent> = {}): SecurityEvent {
  const id = text(record["id"], "2287311540881209999");
  const info = record["threatInfo"];
  const nested = typeof info === "object" && info !== null && !Array.isArray(info) ? (info as JsonRecord) : record;
  const updatedAt = nested["updatedAt"];
  return {
    console: "acme",
    consoleVersion: "S-25.1.3#77",
    feed: "threats",
    change: "new",
    id,
    key: `threats/${id}/${text(updatedAt, "never")}`,
    time: parseTime(updatedAt) ?? (NOON as Micros),
    record,
    ...overrides,
  };
}

/** A record of any feed as the event that it becomes at first sight. */
export function eventOf(feed: FeedName, record: JsonRecord): SecurityEvent {
  if (feed === "activities") return activity(record);
  const event = threat(record);
  return { ...event, feed, key: event.key.replace("threats/", `${feed}/`) };
}

function text(value: JsonValue | undefined, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

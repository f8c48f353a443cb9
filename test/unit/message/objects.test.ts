import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type Change,
  FEED_NAMES,
  type FeedName,
  type JsonRecord,
  type SecurityEvent,
} from "../../../src/event/event.ts";
import { type Micros, parseTime } from "../../../src/event/time.ts";
import { FEEDS } from "../../../src/feeds/index.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import { cefPart, decodeCef } from "../../support/cef-decoder.ts";
import { OPTIONS, fixtures } from "./events.ts";

const NOON = (Date.UTC(2026, 8, 21, 12) * 1000) as Micros;

/** Feeds of objects and entries that are mapped as such. */
const OBJECT_FEEDS = FEED_NAMES.filter((name) => "noun" in FEEDS[name].mapping);

function event(feed: FeedName, record: JsonRecord, change: Change, more: Partial<SecurityEvent> = {}): SecurityEvent {
  const id = typeof record["id"] === "string" ? record["id"] : "7";
  const version = typeof record["updatedAt"] === "string" ? record["updatedAt"] : "2026-09-21T12:00:00.000000Z";
  return {
    console: "acme",
    consoleVersion: "S-25.1.3#77",
    feed,
    change,
    id,
    key: change === "event" ? `${feed}/${id}` : `${feed}/${id}/${version}`,
    time: parseTime(version) ?? NOON,
    record,
    ...more,
  };
}

const { encode } = createEncoder(OPTIONS);

describe.each(OBJECT_FEEDS)("%s", (feed) => {
  test("golden messages", async () => {
    const change = FEEDS[feed].source.read === "newest" ? "event" : "new";
    const lines = fixtures(feed).map((record) => encode(event(feed, record, change)));
    for (const line of lines) decodeCef(cefPart(line));
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`golden/${feed}.txt`);
  });

  test("a class id of its own, no activity, and what has changed", () => {
    const [record = {}] = fixtures(feed);
    const { classId, extension } = decodeCef(
      cefPart(encode(event(feed, record, "changed", { changed: ["name", "tags.a"] }))),
    );
    expect(classId).toBe(`${feed}.changed`);
    expect(extension.get("S1changed")).toBe("name,tags.a");
    expect([extension.has("activityID"), extension.has("activityType")]).toEqual([false, false]);
    expect([...extension.keys()].at(-1)).toBe("notificationScope");
  });

  test("secrets of the API never leave, wherever they stand", () => {
    const deep = { passphrase: "SECRET-MARK", list: [{ apiToken: "SECRET-MARK" }] };
    for (const record of fixtures(feed)) {
      const withMore = { ...record, registrationToken: "SECRET-MARK", licenseKey: "SECRET-MARK", deep, other: "kept" };
      const message = encode(event(feed, withMore, "new"));
      expect(message).not.toContain("SECRET-MARK");
      expect(message).toContain("kept");
    }
  });

  test("a record of nothing but its id is a message", () => {
    const { extension } = decodeCef(cefPart(encode(event(feed, { id: "7" }, "new"))));
    expect(extension.get("externalId")).toBe("7");
  });

  test("its mark says how many there are", () => {
    const record = { feed, count: 12, mode: "changes", listedAt: "2026-09-21T12:00:00.000000Z" };
    const { classId, extension } = decodeCef(cefPart(encode(event(feed, record, "snapshot"))));
    expect(classId).toBe(`${feed}.snapshot`);
    expect([extension.get("S1feed"), extension.get("cn1"), extension.get("cn1Label")]).toEqual([feed, "12", "objects"]);
  });
});

test("golden messages of what is told beside a threat", async () => {
  const path = new URL("../../fixtures/details/threats.json", import.meta.url);
  const [note = {}, entry = {}] = JSON.parse(readFileSync(path, "utf8")) as JsonRecord[];
  const lines = [encode(event("threats", note, "note")), encode(event("threats", entry, "timeline"))];
  expect(lines.map((line) => decodeCef(cefPart(line)).classId)).toEqual(["threats.note", "threats.timeline"]);
  for (const line of lines) expect(line).not.toContain("SECRET-MARK");
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/threat-details.txt");
});

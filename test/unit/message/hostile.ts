import * as fc from "fast-check";

import { Random } from "../../../src/demo/records/random.ts";
import type { JsonRecord, JsonValue, SecurityEvent } from "../../../src/event/event.ts";
import { activity, eventOf, FIXTURE_FEEDS, fixtures, threat } from "./events.ts";

/** Records that were made to break a message, or the collector that reads it. */

export const HOSTILE = [
  "\n",
  "\r\n<14>Sep 21 13:47:01 h CEF:0|Fake|x|1|1|x|10|msg=forged",
  "|CEF:0|Fake|x|",
  "\u0000",
  "\u001b[31mred\u001b[0m",
  "\ud800 and \udc00",
  "a activityType=19 notificationScope=SITE",
  "\\",
  "\\=\\",
  "ends with a backslash\\",
  "=".repeat(5000),
  "\\".repeat(5001),
  "x".repeat(100_000),
  "🦀".repeat(3000),
  "\ufeff\u2028\u2029\u0085",
  "   ",
  "{novel;}",
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: fc.constantFrom("\\", "=", "\n", "\r", "|", " ", ";", "a", "🦀", "\ud83e", "\t") }),
);

const value = fc.oneof(
  { weight: 6, arbitrary: text },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JsonValue>(null, 0, -1, 1e300, true, false, [], {}, "198.51.100.7", "2001:db8::1"),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }) as fc.Arbitrary<JsonValue> },
);

/** Objects whose keys are those of the given records, and some of their own. */
function like(records: readonly JsonRecord[]): fc.Arbitrary<JsonRecord> {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return fc.dictionary(
    fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: text }),
    value,
    { maxKeys: 30 },
  );
}

function members(feed: "activities" | "threats", name: string): readonly JsonRecord[] {
  return fixtures(feed).map((record) => (record[name] ?? {}) as JsonRecord);
}

const activityRecord = fc
  .tuple(
    like(fixtures("activities")),
    fc.oneof(like(members("activities", "data")), value),
    fc.oneof(fc.nat(20_000), value),
  )
  .map(([record, data, activityType]): JsonRecord => ({ ...record, data, activityType }));

const threatRecord = fc
  .tuple(
    like(fixtures("threats")),
    fc.oneof(like(members("threats", "threatInfo")), value),
    fc.oneof(like(members("threats", "agentRealtimeInfo")), value),
    fc.oneof(like(members("threats", "agentDetectionInfo")), value),
  )
  .map(([record, threatInfo, agentRealtimeInfo, agentDetectionInfo]): JsonRecord => ({
    ...record,
    threatInfo,
    agentRealtimeInfo,
    agentDetectionInfo,
  }));

const id = fc.bigInt({ min: 10n ** 17n, max: 2n ** 63n - 1n }).map(String);

export const activityEvent = fc
  .tuple(activityRecord, id)
  .map(([record, ofEvent]) => activity({ ...record, id: ofEvent }));

export const threatEvent = fc
  .tuple(threatRecord, id, fc.constantFrom("new" as const, "updated" as const))
  .map(([record, ofEvent, change]) =>
    threat(record, { id: ofEvent, key: `threats/${ofEvent}/2026-09-21T12:00:00.000000Z`, change }),
  );

/** Pieces of text that mean something to some reader on the way. */
const PIECES = [
  ...Array.from("\\=|;,\"'[]{}^%#&<>\n\r\t\u0000\u001b\u007f\u0085\u2028\ufeff "),
  "\ud800",
  "\udc00",
  "日本",
  "🦀",
  "\\n",
  "\\=",
  "\\\\",
  " S1eventKey=activities/1 ",
  " activityType=19 ",
  " notificationScope=SITE",
  "CEF:0|Fake|x|1|1|x|10|msg=forged",
  "\n<14>Sep 21 13:47:01 h CEF:0|Fake|x|1|1|x|10|a=b",
  "#012",
  "%s%n",
  "Ada Example",
  "C:\\Windows\\System32\\",
  "198.51.100.7",
  "2001:db8::7",
  "x",
];

/** Made of the seed and the index alone, and quickly: for tests with very many. */
export function hostileEvent(seed: number, index: number): SecurityEvent {
  const random = new Random(seed, index);
  const feed = random.below(2) === 0 ? "activities" : random.pick(FIXTURE_FEEDS);
  const record = spoil(random, random.pick(RECORDS.get(feed) ?? []), 0) as JsonRecord;
  // An id is the console's; a record without a proper one is kept aside when its page is read.
  const ofEvent = String(10n ** 17n + (BigInt(random.next()) << 30n) + BigInt(index));
  const event = eventOf(feed, { ...record, id: ofEvent });
  if (feed === "activities") return event;
  return { ...event, key: `${feed}/${ofEvent}/2026-09-21T12:00:00.000000Z`, change: random.pick(["new", "updated"]) };
}

const RECORDS = new Map(FIXTURE_FEEDS.map((feed) => [feed, fixtures(feed)]));

/** Replaces some values, at any depth, by hostile texts and by values of other kinds. */
function spoil(random: Random, original: JsonValue, depth: number): JsonValue {
  if (Array.isArray(original)) return (original as readonly JsonValue[]).map((item) => spoil(random, item, depth + 1));
  if (typeof original === "object" && original !== null) {
    const spoiled = Object.entries(original).map(([name, member]) => [name, spoil(random, member, depth + 1)] as const);
    const extra = random.below(8) === 0 ? [[hostileText(random), hostileText(random)] as const] : [];
    return Object.fromEntries([...spoiled, ...extra]);
  }
  const chance = random.below(100);
  if (chance < 30 && depth > 0) return hostileText(random);
  if (chance < 34 && depth > 0)
    return random.pick<JsonValue>([null, -1, 1e300, true, [], {}, ["a", 1], { a: { b: [null, "c=d"] } }]);
  return original;
}

function hostileText(random: Random): string {
  const length = random.below(50) === 0 ? 200 + random.below(2000) : random.below(12);
  let made = "";
  for (let piece = 0; piece < length; piece += 1) made += random.pick(PIECES);
  return made;
}

/** What a consumer must read: CEF has no form for the rest. */
export function readable(original: string): string {
  return original
    .toWellFormed()
    .replaceAll("\ufeff", "")
    .replace(/[^\P{Cc}\n\r]|[\u2028\u2029]/gu, " ")
    .replace(/ +$/, "");
}

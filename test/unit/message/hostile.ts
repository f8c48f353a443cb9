import * as fc from "fast-check";

import type { JsonRecord, JsonValue } from "../../../src/event/event.ts";
import { activity, fixtures, threat } from "./events.ts";

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

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../../src/event/event.ts";
import { changedFields, fingerprint, isSameContent, isSameVersion } from "../../../src/event/fingerprint.ts";

const SITE: JsonRecord = { id: "1", name: "HQ", licenses: { total: 5, used: 3 }, tags: ["a", "b"] };

const look = (record: JsonRecord, version?: string): Uint8Array => fingerprint(record, version);

describe("the content of an object", () => {
  test.each<[string, JsonRecord]>([
    ["another order of its fields", { tags: ["a", "b"], licenses: { used: 3, total: 5 }, name: "HQ", id: "1" }],
    ["another order of a list", { ...SITE, tags: ["b", "a"] }],
    ["null, empty and missing fields", { ...SITE, note: null, text: "", list: [], inner: {}, deep: { x: null } }],
  ])("stays the same with %s", (_, record) => {
    expect(isSameContent(look(SITE), look(record))).toBe(true);
    expect(changedFields(look(SITE), record)).toEqual([]);
  });

  test.each<[string, JsonRecord, string[]]>([
    ["a field", { ...SITE, name: "HQ 2" }, ["name"]],
    ["a field of an object", { ...SITE, licenses: { total: 5, used: 4 } }, ["licenses.used"]],
    ["a type", { ...SITE, id: 1 }, ["id"]],
    ["an item more", { ...SITE, tags: ["a", "b", "c"] }, ["tags"]],
    ["a field more", { ...SITE, state: "active" }, ["state"]],
    ["a field that has become null", { ...SITE, name: null }, ["name"]],
  ])("changes with %s, which is named", (_, record, names) => {
    expect(isSameContent(look(SITE), look(record))).toBe(false);
    expect(changedFields(look(SITE), record)).toEqual(names);
  });

  test("does not count what moves without anything having happened", () => {
    const volatile = new Set(["lastSeen", "licenses"]);
    const before = fingerprint({ ...SITE, lastSeen: "1" }, undefined, volatile);
    const after = { ...SITE, lastSeen: "2", licenses: { total: 6, used: 3 } };
    expect(isSameContent(before, fingerprint(after, undefined, volatile))).toBe(true);
    expect(isSameContent(before, fingerprint({ ...after, name: "x" }, undefined, volatile))).toBe(false);
  });
});

test("a version is told apart from another", () => {
  expect(isSameVersion(look(SITE, "2026-01-01"), look({ id: "2" }, "2026-01-01"))).toBe(true);
  expect(isSameVersion(look(SITE, "2026-01-01"), look(SITE, "2026-01-02"))).toBe(false);
});

test("that the time of the change has changed goes without saying", () => {
  const before = look({ updatedAt: "1", threatInfo: { updatedAt: "1", incidentStatus: "unresolved" } });
  const after = { updatedAt: "2", threatInfo: { updatedAt: "2", incidentStatus: "resolved" } };
  expect(changedFields(before, after)).toEqual(["threatInfo.incidentStatus"]);
});

test("a record of thousands of fields has a small fingerprint", () => {
  const record = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, index]));
  expect(look(record).length).toBeLessThan(1500);
});

test("any record has one, always the same, and does not differ from itself", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const record = { value } as JsonRecord;
      expect(look(record)).toEqual(look(JSON.parse(JSON.stringify(record)) as JsonRecord));
      expect(changedFields(look(record), record)).toEqual([]);
    }),
  );
});

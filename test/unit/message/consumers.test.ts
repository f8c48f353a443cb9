import { describe, expect, test } from "vitest";

import type { JsonRecord } from "../../../src/event/event.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import { cefPart, decodeCef } from "../../support/cef-decoder.ts";
import { activity, fixtures, OPTIONS, threat } from "./events.ts";

/** What known consumers ask of a message, in their own patterns. */

function fixture(type: number): JsonRecord {
  const record = fixtures("activities").find((candidate) => candidate["activityType"] === type);
  if (record === undefined) throw new Error(`no fixture of type ${type}`);
  return record;
}

describe("parsers of SentinelOne's native syslog", () => {
  const native = createEncoder({ ...OPTIONS, rt: "native" });
  const messages = fixtures("activities").map((record) => native.encode(activity(record)));

  test.each([
    ["the vendor and product", /CEF:0\|SentinelOne\|Mgmt\|[^|]+\|\d+\|[^|]+\|\d+\|/],
    ["activityType, with a key behind it", /activityType=(\d+)\s\w+=/],
    ["activityID, with a key behind it", /activityID=(\d+)\s\w+=/],
    ["the category", /\|cat=SystemEvent /],
    ["the scope at the very end", / notificationScope=(?:SITE|ACCOUNT|GLOBAL)$/],
    [
      "a time with a key before and behind it",
      /\w \brt=(?:#arcsightDate\(\w{3}, \d\d \w{3} \d{4}, \d\d:\d\d:\d\d UTC\)|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\s\w+=/,
    ],
  ])("find %s in every activity", (_what, pattern) => {
    for (const message of messages) expect(message).toMatch(pattern);
  });

  test("find the trailer in its order", () => {
    const trailer = "activityID activityType siteId siteName accountId accountName notificationScope".split(" ");
    for (const message of messages) {
      const keys = [...decodeCef(cefPart(message)).extension.keys()];
      expect(keys.slice(keys.indexOf("activityID"))).toStrictEqual(trailer.filter((key) => keys.includes(key)));
    }
  });

  test("find the host, the file and the microseconds of a detection", () => {
    const message = native.encode(activity(fixture(19)));
    expect(message).toMatch(/\|New active threat - machine (FIN-LAP-07)\|/);
    expect(message).toMatch(/fileHash=([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\s\w+=/);
    expect(message).toMatch(/\srt=2026-09-21 14:02:10\.305435\s/);
  });

  test("find the words of a login", () => {
    expect(native.encode(activity(fixture(27)))).toMatch(/\|SentinelOne - New Console Login Activity - Ada Example\|/);
    expect(native.encode(activity({ ...fixture(27), activityType: 133 }))).toMatch(
      /\|SentinelOne - Failed Console Login Activity - .*outcome=failure/,
    );
  });

  test("never take a threat for a second detection", () => {
    for (const record of fixtures("threats")) {
      for (const change of ["new", "updated"] as const) {
        const message = native.encode(threat(record, { change }));
        expect(message).not.toContain("New active threat");
        expect(message).not.toContain("activityType=");
        expect(message).toContain(`|threats.${change}|`);
      }
    }
  });
});

describe("Microsoft's analytic rules read", () => {
  test.each([
    [27, { msg: /Address\s(\d+\.\d+\.\d+\.\d+)/, cs2: /^Admin$/, suser: /Ada Example/ }],
    [31, { dhost: /^FIN-LAP-07$/ }],
    [3608, { msg: /Custom Rule:\s(.*?)\sin Group.*detected on\s(\S+)\./ }],
    [3020, { suser: /Ada Example/, cs1: /^[0-9a-f]{40}$/, rt: /^\d{13}$/ }],
    [3008, { msg: /added.*exclusion/, suser: /Ada Example/ }],
    [23, { suser: /Ada Example/, duser: /Bob Example/ }],
    [3602, { cs3: /^Encoded PowerShell$/, cs4: /^SrcProcCmdLine = "powershell -enc"/, suser: /Ada Example/ }],
    [3603, { cs3: /^Encoded PowerShell$/, cs4: /^SrcProcCmdLine = /, suser: /Ada Example/ }],
    [64, { suser: /Ada Example/, dhost: /^FIN-LAP-07$/ }],
  ])("type %i", (type, patterns) => {
    const { classId, extension } = decodeCef(cefPart(createEncoder(OPTIONS).encode(activity(fixture(type)))));
    expect(classId).toBe(String(type));
    for (const [key, pattern] of Object.entries(patterns))
      expect([key, extension.get(key)]).toStrictEqual([key, expect.stringMatching(pattern)]);
  });

  test("labels, so that a rule can tell what a custom string holds", () => {
    const { extension } = decodeCef(cefPart(createEncoder(OPTIONS).encode(activity(fixture(3602)))));
    expect([extension.get("cs3Label"), extension.get("cs4Label")]).toStrictEqual(["ruleName", "ruleQueryDetails"]);
  });
});

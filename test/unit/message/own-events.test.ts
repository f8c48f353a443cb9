import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOTICE_CODES } from "../../../src/cef/mapping/bridge.ts";
import type { JsonRecord, SecurityEvent } from "../../../src/event/event.ts";
import { parseTime, type Micros } from "../../../src/event/time.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import { cefPart, decodeCef, type DecodedCef } from "../../support/cef-decoder.ts";
import { activity, OPTIONS } from "./events.ts";

const HEARTBEAT: JsonRecord = {
  kind: "heartbeat",
  console: "acme",
  feed: "activities",
  number: 41,
  everySeconds: 300,
  state: "ok",
  text: "activities of acme: 1234 events, read up to 2026-11-22T02:00:00Z",
  lastSequence: 1234,
  duplicates: 7,
  late: 0,
  spoolEvents: 3,
  tokenDaysLeft: 12,
  startedAt: "2026-11-22T01:00:00.000Z",
  bridgeId: "0badcafe",
};

const NOTICE: JsonRecord = {
  kind: "notice",
  console: "acme",
  feed: "threats",
  code: "dead_letters",
  count: 12,
  reason: "not JSON (12)",
  text: "12 records of threats can not become events",
};

function own(record: JsonRecord, id: string): SecurityEvent {
  const time = parseTime("2026-11-22T02:05:00Z") as Micros;
  return activity(record, { feed: "bridge", id, key: `bridge/${id}`, time, sequence: 99 });
}

function decoded(record: JsonRecord, id: string, overrides: Partial<typeof OPTIONS> = {}): DecodedCef {
  return decodeCef(cefPart(createEncoder({ ...OPTIONS, ...overrides }).encode(own(record, id))));
}

test("a heartbeat is clean CEF with the console's vendor and product, and its numbers", () => {
  const { extension, ...header } = decoded(HEARTBEAT, "heartbeat/activities/41@acme.0badcafe");
  expect(header).toEqual({
    deviceVendor: "SentinelOne",
    deviceProduct: "Mgmt",
    deviceVersion: "S-25.1.3#77",
    classId: "bridge.heartbeat",
    name: "s1bridge heartbeat",
    severity: 1,
  });
  expect([...extension.keys()].join(" ")).toBe(
    "cat externalId S1eventKey rt msg start S1console S1feed S1heartbeat S1heartbeatEvery S1state S1lastSeq " +
      "S1duplicates S1late S1spoolEvents S1tokenDaysLeft S1bridgeId notificationScope",
  );
  expect(Object.fromEntries(extension)).toMatchObject({
    cat: "BridgeEvent",
    externalId: "heartbeat/activities/41",
    S1eventKey: "bridge/heartbeat/activities/41@acme.0badcafe",
    S1heartbeat: "41",
    S1lastSeq: "1234",
    S1late: "0",
    notificationScope: "GLOBAL",
  });
});

test.each([
  ["ok", 1],
  ["failing", 4],
  ["parked", 6],
])("a heartbeat of a feed that is %s has severity %i", (state, severity) => {
  expect(decoded({ ...HEARTBEAT, state }, "heartbeat/activities/41").severity).toBe(severity);
});

describe("a notice", () => {
  test.each(Object.entries(NOTICE_CODES))("%s has its severity", (code, { severity }) => {
    const cef = decoded({ ...NOTICE, code }, "notice/1.1@acme.0badcafe");
    expect(cef).toMatchObject({ classId: "bridge.notice", severity });
    expect(cef.extension.get("S1code")).toBe(code);
    expect(cef.extension.get("cnt")).toBe("12");
  });

  test("may be worse or better than usual", () => {
    expect(decoded({ ...NOTICE, severity: 3 }, "notice/1.1").severity).toBe(3);
    expect(decoded({ ...NOTICE, severity: 11, code: "constructor" }, "notice/1.1").severity).toBe(5);
  });
});

test("whatever stands in the record, the message is clean", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys({ ...HEARTBEAT, ...NOTICE })), fc.jsonValue()),
      (record) => {
        const cef = decoded(record as JsonRecord, "heartbeat/activities/41@acme.0badcafe", { maxMessageBytes: 2048 });
        expect(cef.classId).toMatch(/^bridge\.(heartbeat|notice)$/);
      },
    ),
  );
});

describe("S1seq", () => {
  const numbered = activity({ id: "1", activityType: 27, data: { fill: "x".repeat(9000) } }, { sequence: 4711 });

  test("stands behind the key where it is asked for, however short the message has to be", () => {
    const { encode } = createEncoder({ ...OPTIONS, sequence: true, maxMessageBytes: 2048 });
    const { extension } = decodeCef(cefPart(encode(numbered)));
    expect([...extension.keys()].slice(0, 4)).toEqual(["cat", "externalId", "S1eventKey", "S1seq"]);
    expect(extension.get("S1seq")).toBe("4711");
  });

  test("is not there otherwise, nor for an event that was never stored", () => {
    expect(createEncoder(OPTIONS).encode(numbered)).not.toContain("S1seq");
    expect(createEncoder({ ...OPTIONS, sequence: true }).encode(activity({ id: "1" }))).not.toContain("S1seq");
  });
});

test("the event of send-test is one of the bridge's own, and says that it is a test", () => {
  const event = own({ kind: "test", text: "s1bridge test event, to be ignored" }, "s1bridge-test-1");
  const cef = decodeCef(cefPart(createEncoder(OPTIONS).encode(event)));
  expect([cef.classId, cef.name, cef.extension.get("msg")]).toEqual([
    "bridge.test",
    "s1bridge test",
    "s1bridge test event, to be ignored",
  ]);
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { JsonValue, SecurityEvent } from "../../../src/event/event.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import type { Field } from "../../../src/message/fields.ts";
import type { MessageOptions } from "../../../src/message/encoder.ts";
import { cefPart, decodeCef } from "../../support/cef-decoder.ts";
import type { DecodedCef } from "../../support/cef-decoder.ts";
import { activity, OPTIONS } from "./events.ts";
import { activityEvent, HOSTILE, readable, threatEvent } from "./hostile.ts";

const FIELDS: readonly Field[] = [
  { key: "cs6", path: "data.username", value: undefined, as: "upper", label: "user" },
  { key: "duser", path: "id", value: undefined, as: undefined, label: undefined },
  { key: "src", path: "primaryDescription", value: undefined, as: undefined, label: undefined },
  { key: "S1everything", path: "data", value: undefined, as: "first", label: undefined },
  { key: "S1count", path: "data", value: undefined, as: "count", label: undefined },
  { key: "S1tenant", path: undefined, value: "a=b|c;\nd", as: undefined, label: undefined },
];

const options = fc.record<MessageOptions>({
  format: fc.constant("cef"),
  header: fc.constantFrom("rfc3164", "rfc5424", "none"),
  facility: fc.constantFrom("local4", "user", "kern"),
  hostname: fc.constantFrom("s1bridge", "a b\n<14>", "\u0000gr\u00fcn.example", "", "h".repeat(300)),
  maxMessageBytes: fc.constantFrom(2048, 2500, 8000, 60_000),
  rt: fc.constantFrom("epoch", "native"),
  unmappedData: fc.boolean(),
  fields: fc.constantFrom([], FIELDS),
});

/** Values of other kinds are for other tests. */
function expectWholeOrNamed(decoded: DecodedCef, key: string, original: JsonValue | undefined): void {
  if (typeof original !== "string") return;
  const expected = readable(original);
  const actual = decoded.extension.get(key) ?? "";
  if (actual === expected) return;
  const truncated = (decoded.extension.get("S1truncated") ?? "").split(",");
  expect(truncated.includes(key) || truncated.includes("*")).toBe(true);
  expect(expected.startsWith(actual)).toBe(true);
}

function check(encoded: string, { maxMessageBytes, header }: MessageOptions, of: SecurityEvent): DecodedCef {
  expect(Buffer.byteLength(encoded)).toBeLessThanOrEqual(maxMessageBytes);
  expect(encoded).not.toMatch(/[\p{Cc}\u2028\u2029\ufeff]/u);
  expect(encoded.isWellFormed()).toBe(true);
  const pri = header === "none" ? "" : "<\\d{1,3}>";
  expect(encoded).toMatch(new RegExp(`^${pri}.*CEF:0\\|SentinelOne\\|Mgmt\\|`));
  const decoded = decodeCef(cefPart(encoded));
  expect(decoded.extension.get("externalId")).toBe(of.id);
  expect(decoded.extension.get("S1eventKey")).toBe(of.key);
  expect([...decoded.extension.keys()][0]).toBe("cat");
  expect([...decoded.extension.keys()].at(-1)).toBe("notificationScope");
  return decoded;
}

describe("any record gives one valid message", () => {
  test("of the activities, with every option", () => {
    fc.assert(
      fc.property(activityEvent, options, (of, how) => {
        const decoded = check(createEncoder(how).encode(of), how, of);
        expect(decoded.extension.get("activityID")).toBe(of.id);
        expect(decoded.extension.get("activityType")).toBe(decoded.classId);
        expectWholeOrNamed(decoded, "msg", of.record["primaryDescription"]);
        expectWholeOrNamed(decoded, "cs1", of.record["secondaryDescription"]);
      }),
      { numRuns: 400 },
    );
  });

  test("of the threats, with every option", () => {
    fc.assert(
      fc.property(threatEvent, options, (of, how) => {
        const decoded = check(createEncoder(how).encode(of), how, of);
        expect(decoded.classId).toBe(`threats.${of.change}`);
        expect(decoded.extension.has("activityType")).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  test("and the same message each time", () => {
    const encoder = createEncoder(OPTIONS);
    fc.assert(
      fc.property(activityEvent, activityEvent, threatEvent, (first, second, third) => {
        const once = encoder.encode(first);
        encoder.encode(second);
        encoder.encode(third);
        expect(encoder.encode(first)).toBe(once);
      }),
      { numRuns: 100 },
    );
  });

  test.each(HOSTILE.map((hostile) => [JSON.stringify(hostile.slice(0, 40)), hostile]))(
    "with %s in every field",
    (_shown, hostile) => {
      const of = activity({
        activityType: 19,
        primaryDescription: hostile,
        secondaryDescription: hostile,
        siteName: hostile,
        accountName: hostile,
        accountId: "1",
        threatId: hostile,
        data: {
          username: hostile,
          computerName: hostile,
          osName: hostile,
          filePath: hostile,
          novel: hostile,
          [hostile]: hostile,
        },
      });
      const decoded = check(createEncoder(OPTIONS).encode(of), OPTIONS, of);
      expect(decoded.classId).toBe("19");
      expect(decoded.extension.get("activityType")).toBe("19");
      expectWholeOrNamed(decoded, "msg", hostile);
    },
  );
});

import { describe, expect, test } from "vitest";

import { dictionaryKey, isCustomKey } from "../../../src/cef/dictionary.ts";
import { Extension, extensionKey } from "../../../src/cef/extension.ts";
import { ACTIVITIES } from "../../../src/cef/mapping/activities.ts";
import { CompiledTable } from "../../../src/cef/mapping/table.ts";
import { THREATS } from "../../../src/cef/mapping/threats.ts";

describe("the dictionary", () => {
  test.each([
    ["msg", "string", 1023],
    ["externalId", "string", 40],
    ["dvchost", "string", 100],
    ["act", "string", 63],
    ["src", "ipv4", Number.POSITIVE_INFINITY],
    ["c6a2", "ipv6", Number.POSITIVE_INFINITY],
    ["dvcmac", "mac", Number.POSITIVE_INFINITY],
    ["rt", "time", Number.POSITIVE_INFINITY],
    ["fsize", "integer", Number.POSITIVE_INFINITY],
  ])("%s is a %s", (key, type, maxLength) => {
    expect(dictionaryKey(key)).toStrictEqual({ type, maxLength });
  });

  test.each(["eventId", "rawEvent", "agt", "ahost", "slat", "agentZoneURI", "threatActor", "customerURI"])(
    "%s is not for producers",
    (key) => {
      expect(dictionaryKey(key)).toBeUndefined();
      expect(isCustomKey(key)).toBe(false);
      expect(() => extensionKey(key)).toThrow(key);
    },
  );

  test.each(["sourceHostName", "message", "deviceReceiptTime", "S1-id", "S1 id", ""])(
    "%j can not be a custom key",
    (key) => {
      expect(isCustomKey(key)).toBe(false);
    },
  );
});

describe("the tables", () => {
  test.each([
    ["activities", ACTIVITIES],
    ["threats", THREATS],
  ])("%s: every key may be written, and has one row", (_feed, table) => {
    expect(() => new CompiledTable(table)).not.toThrow();
  });

  test.each([
    ["activities", ACTIVITIES],
    ["threats", THREATS],
  ])("%s: the custom keys of the dictionary have labels, and no other key has", (_feed, table) => {
    for (const row of [...table.rows, ...table.trailer]) {
      expect([row.key, row.label !== undefined]).toStrictEqual([
        row.key,
        /^(?:cs|cn|c6a|deviceCustomDate)\d$/.test(row.key),
      ]);
    }
  });
});

describe("an extension", () => {
  test("leaves out a key whose value is empty once it is clean", () => {
    const extension = new Extension();
    expect(extension.add(extensionKey("msg"), " \t\u0000\ufeff")).toBe(false);
    expect(extension.keys).toStrictEqual([]);
  });

  test("cuts a value to the length of its key and remembers which", () => {
    const extension = new Extension();
    extension.add(extensionKey("act"), "=".repeat(64));
    extension.add(extensionKey("outcome"), "x".repeat(63));
    expect(extension.values).toStrictEqual(["\\=".repeat(63), "x".repeat(63)]);
    expect(extension.truncated).toStrictEqual(["act"]);
  });

  test("writes no semicolon into keys that the dictionary does not know", () => {
    const extension = new Extension();
    extension.add(extensionKey("S1engines"), "a;b");
    extension.add(extensionKey("cs1", "label"), "a;b");
    expect(extension.values).toStrictEqual(["a,b", "a;b"]);
  });
});

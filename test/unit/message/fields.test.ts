import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../../../src/event/event.ts";
import { FIELD_TRANSFORMS } from "../../../src/config/schema/routing.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import { type Field, TRANSFORMS, fieldFault } from "../../../src/message/fields.ts";
import { cefPart, decodeCef } from "../../support/cef-decoder.ts";
import { OPTIONS, activity } from "./events.ts";

function field(key: string, own: Partial<Field>): Field {
  return { key, path: undefined, value: undefined, as: undefined, label: undefined, ...own };
}

function extensionOf(record: JsonRecord, ...fields: readonly Field[]): ReadonlyMap<string, string> {
  return decodeCef(cefPart(createEncoder({ ...OPTIONS, fields }).encode(activity(record)))).extension;
}

describe("keys that the operator adds or overrides", () => {
  const record = {
    activityType: 27,
    primaryDescription: "words",
    data: { username: "Ada", list: ["B", "C"], path: "C:\\temp\\x.exe", big: "12345678901234567890" },
  };

  it.each<[string, Field, string, string | undefined]>([
    ["a path", field("S1list", { path: "data.list.1" }), "S1list", "C"],
    ["a constant", field("S1tenant", { value: "seven" }), "S1tenant", "seven"],
    ["the console", field("S1console", { path: "@console" }), "S1console", "acme"],
    ["lower", field("S1user", { path: "data.username", as: "lower" }), "S1user", "ada"],
    ["first", field("S1first", { path: "data.list", as: "first" }), "S1first", "B"],
    ["count", field("S1count", { path: "data.list", as: "count" }), "S1count", "2"],
    ["file_name", field("S1file", { path: "data.path", as: "file_name" }), "S1file", "x.exe"],
    ["a key of the mapping is overridden", field("suser", { path: "data.path" }), "suser", "C:\\temp\\x.exe"],
    ["and stays where the path has nothing", field("suser", { path: "data.none" }), "suser", "Ada"],
    ["a value of another type than the key's is left out", field("dpt", { path: "data.username" }), "dpt", undefined],
    ["a label", field("cs6", { path: "data.username", label: "who" }), "cs6Label", "who"],
    [
      "the path is the label of a custom key without one",
      field("cs6", { path: "data.username" }),
      "cs6Label",
      "username",
    ],
    ["inherited names of objects are no paths", field("S1a", { path: "data.constructor" }), "S1a", undefined],
  ])("%s", (_, own, key, value) => {
    expect(extensionOf(record, own).get(key)).toBe(value);
  });

  it("stand before the trailer, each once", () => {
    const keys = [
      ...extensionOf({ ...record, siteId: "1" }, field("S1a", { value: "a" }), field("msg", { value: "m" })).keys(),
    ];
    expect(keys.indexOf("S1a")).toBeLessThan(keys.indexOf("activityID"));
    expect(keys.at(-1)).toBe("notificationScope");
    expect(keys.filter((key) => key === "msg")).toHaveLength(1);
  });

  it("a shortened value that is overridden is not named as shortened", () => {
    const long = { ...record, primaryDescription: "x".repeat(3000) };
    expect(extensionOf(long).get("S1truncated")).toBe("msg");
    expect(extensionOf(long, field("msg", { value: "short" })).has("S1truncated")).toBe(false);
  });

  it.each([
    ["externalId", {}, "expected a key that s1bridge does not need itself"],
    ["siteName", {}, "expected a key that s1bridge does not need itself"],
    ["deviceAction", {}, "expected a key of the CEF dictionary"],
    ["mykey", {}, "expected a key of the CEF dictionary"],
    ["cs1Label", {}, "expected cs1 with a label"],
    ["duser", { label: "x" }, "a label is for the custom keys only"],
    ["cs1", { path: "data.apiToken" }, "expected a path without a secret"],
  ])("%s %j is refused", (key, own, message) => {
    expect(fieldFault(field(key, { path: "id", ...own }))).toContain(message);
  });

  it("the configuration knows the same transforms", () => {
    expect(FIELD_TRANSFORMS.toSorted()).toEqual(Object.keys(TRANSFORMS).toSorted());
  });
});

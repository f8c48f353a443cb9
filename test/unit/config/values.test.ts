import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../src/lib/duration.ts";
import { formatSize, parseSize } from "../../../src/lib/size.ts";
import { closest } from "../../../src/lib/suggest.ts";

describe("durations and sizes", () => {
  test.each([
    ["0s", 0],
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
  ])("%s is %d milliseconds", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(["", "5", "5 m", "-5m", "5M", "1.5h", "1h30m", "m", "5mm"])("%j is no duration", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    ["0B", 0],
    ["1.5KiB", 1536],
    ["512MiB", 512 * 1024 ** 2],
    ["2GiB", 2 * 1024 ** 3],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(["", "5", "2GB", "2 GiB", "2gib", "-1MiB"])("%j is no size", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  test("are read back as they were written", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e12 - 1 }), (value) => {
        expect(parseDuration(formatDuration(value))).toBe(value);
        expect(parseSize(formatSize(value))).toBe(value);
      }),
    );
  });
});

describe("a suggestion", () => {
  test.each([
    ["adress", "address"],
    ["adderss", "address"],
    ["PROFILE", "profile"],
    ["facilty", "facility"],
    ["profiles_list", "profile"],
  ])("for %s is %s", (word, meant) => {
    expect(closest(word, ["name", "address", "profile", "facility"])).toBe(meant);
  });

  test("is not made for a word that is like none", () => {
    expect(closest("timeout", ["name", "address", "profile"])).toBeUndefined();
  });
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatTime, parseTime } from "../../../src/event/time.ts";

const DAY_MS = 86_400_000;

test("a time stamp is the instant that the runtime reads, and its microseconds", () => {
  const ms = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(2999, 11, 31) });
  fc.assert(
    fc.property(ms, fc.integer({ min: 0, max: 999 }), (at, micros) => {
      const text = `${new Date(at).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
      const expected = Date.parse(text) * 1000 + micros;
      expect(parseTime(text)).toBe(expected === 0 ? undefined : expected);
    }),
  );
});

test("every day there is has its time, and no other", () => {
  for (let at = Date.UTC(1895, 0, 1); at < Date.UTC(2105, 0, 1); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    expect(parseTime(`${day}T12:00:00.000001Z`)).toBe(at * 1000 + 43_200_000_001);
  }
  for (const day of ["2026-02-29", "2026-02-30", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32"])
    expect(parseTime(`${day}T12:00:00.000001Z`)).toBeUndefined();
});

test.each([
  ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000000Z"],
  ["2026-11-22 10:00:00", "2026-11-22T10:00:00.000000Z"],
  ["2026-11-22T10:00:00.5+00:00", "2026-11-22T10:00:00.500000Z"],
  ["2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00.123456Z"],
  ["2026-11-22T12:00:00.123456+02:00", "2026-11-22T10:00:00.123456Z"],
  ["2024-02-29T23:59:59.999999Z", "2024-02-29T23:59:59.999999Z"],
])("%s is %s", (text, formatted) => {
  const time = parseTime(text);
  expect(time === undefined ? undefined : formatTime(time)).toBe(formatted);
});

test.each(["1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z", "2185-07-21T23:34:33.709552Z", "", "now", 17, null])(
  "%s is no time",
  (text) => {
    expect(parseTime(text)).toBeUndefined();
  },
);

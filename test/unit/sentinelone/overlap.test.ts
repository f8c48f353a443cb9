import { expect, test } from "vitest";
import { type Micros, addMs, microsFromMs } from "../../../src/event/time.ts";
import { Overlap } from "../../../src/sentinelone/overlap.ts";

const MINUTE = 60_000;
const START = microsFromMs(Date.UTC(2026, 10, 21, 12));

function at(minutes: number): Micros {
  return addMs(START, minutes * MINUTE);
}

test("one poll in ten minutes looks six times as far back", () => {
  const overlap = new Overlap(5 * MINUTE);
  expect([0, 5, 9.9, 10, 10.5, 19, 20].map((minutes) => overlap.lookBackMs(at(minutes)) / MINUTE)).toEqual([
    5, 5, 5, 30, 5, 5, 30,
  ]);
});

test("it grows to half as much again as the latest record, and never beyond a day", () => {
  const overlap = new Overlap(5 * MINUTE);
  expect(overlap.learn(4 * MINUTE)).toBe(false);
  expect(overlap.learn(12 * MINUTE)).toBe(true);
  expect(overlap.ms).toBe(18 * MINUTE);
  expect(overlap.learn(17 * MINUTE)).toBe(false);
  expect(overlap.learn(3 * 24 * 60 * MINUTE)).toBe(true);
  expect(overlap.ms).toBe(24 * 60 * MINUTE);
  expect(overlap.learn(3 * 24 * 60 * MINUTE)).toBe(false);
});

test("ids are kept for as long as any poll can bring them back", () => {
  const overlap = new Overlap(5 * MINUTE);
  expect(overlap.seenSince(at(0))).toBeLessThan(at(-30));
});

test("an overlap of nothing stays nothing", () => {
  const overlap = new Overlap(0);
  expect([overlap.lookBackMs(at(0)), overlap.lookBackMs(at(60)), overlap.learn(MINUTE), overlap.ms]).toEqual([
    0,
    0,
    false,
    0,
  ]);
});

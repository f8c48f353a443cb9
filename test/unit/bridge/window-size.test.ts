import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type WindowLimits, WindowSize } from "../../../src/bridge/window-size.ts";

const LIMITS: WindowLimits = {
  maxEvents: 20_000,
  maxBytes: 16 << 20,
  minAgeMs: 50,
  maxAgeMs: 1000,
  restMs: 1000,
  fewEvents: 50,
};

/** The size after so many full windows at a collector that reads so fast and confirms so late. */
function settled(eventsPerSecond: number, confirmMs: number): WindowSize {
  const size = new WindowSize(LIMITS);
  for (let times = 0; times < 20; times++) {
    const events = size.begin(0).maxEvents;
    size.confirmed({
      events,
      isFull: true,
      tookMs: (events / eventsPerSecond) * 1000 + confirmMs,
      waitedMs: confirmMs,
    });
  }
  return size;
}

describe("the size of a window", () => {
  test.each([
    { name: "a collector next door, over TCP", eventsPerSecond: 50_000, confirmMs: 2, from: 1000, to: 2600 },
    { name: "the same over TLS", eventsPerSecond: 50_000, confirmMs: 8, from: 5000, to: 8000 },
    { name: "one far away", eventsPerSecond: 50_000, confirmMs: 100, from: 19_000, to: 20_000 },
    { name: "a slow one", eventsPerSecond: 100, confirmMs: 2000, from: 1, to: 100 },
  ])("follows the time of a confirmation: $name", ({ eventsPerSecond, confirmMs, from, to }) => {
    const { events } = settled(eventsPerSecond, confirmMs);
    expect(events).toBeGreaterThanOrEqual(from);
    expect(events).toBeLessThanOrEqual(to);
  });

  test("does not grow without end while windows have few events", () => {
    const size = new WindowSize(LIMITS);
    for (let times = 0; times < 20; times++) size.confirmed({ events: 1, isFull: false, tookMs: 60, waitedMs: 2 });
    expect(size.events).toBe(1000);
  });

  test("is halved with each window that breaks, down to one event", () => {
    const size = new WindowSize(LIMITS);
    const sizes = Array.from({ length: 6 }, () => (size.broke(100), size.events));
    expect(sizes).toEqual([50, 25, 12, 6, 3, 1]);
    size.broke(0);
    expect(size.events).toBe(1);
  });

  test("does not let an event wait that comes after a rest", () => {
    const size = new WindowSize(LIMITS);
    expect(size.begin(0).fewAgeMs).toBe(50);
    expect(size.begin(100).fewAgeMs).toBe(900);
    expect(size.begin(5000).fewAgeMs).toBe(50);
  });

  test("always stays within its limits", () => {
    const number = fc.double({ min: 0, max: 1e9, noNaN: true });
    const step = fc.oneof(
      fc.record({ events: fc.nat(1e6), isFull: fc.boolean(), tookMs: number, waitedMs: number }),
      fc.nat(1e6),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const size = new WindowSize(LIMITS);
        let now = 0;
        for (const each of steps) {
          if (typeof each === "number") size.broke(each);
          else size.confirmed(each);
          const { maxEvents, ageMs, fewAgeMs } = size.begin((now += 10));
          expect(Number.isInteger(maxEvents) && maxEvents >= 1 && maxEvents <= LIMITS.maxEvents).toBe(true);
          expect(ageMs >= LIMITS.minAgeMs && ageMs <= LIMITS.maxAgeMs).toBe(true);
          expect(fewAgeMs <= LIMITS.restMs).toBe(true);
        }
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Trust, type WindowLimits, WindowSize } from "../../../src/bridge/window-size.ts";

const LIMITS: WindowLimits = {
  maxEvents: 20_000,
  maxBytes: 16 << 20,
  minAgeMs: 50,
  maxAgeMs: 1000,
  restMs: 1000,
  fewEvents: 50,
};

/** As after a long time without a break. */
function trusting(): Trust {
  const trust = new Trust({ isNew: false });
  trust.confirmed(1e9);
  return trust;
}

/** The size after so many full windows at a collector that reads so fast and confirms so late. */
function settled(eventsPerSecond: number, confirmMs: number): WindowSize {
  const size = new WindowSize(LIMITS, trusting());
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
    const size = new WindowSize(LIMITS, trusting());
    for (let times = 0; times < 20; times++) size.confirmed({ events: 1, isFull: false, tookMs: 60, waitedMs: 2 });
    expect(size.events).toBe(1000);
  });

  test("is no more than one of 200 events that were confirmed since the last break, or 150", () => {
    const trust = new Trust({ isNew: false });
    const size = new WindowSize(LIMITS, trust);
    const sizeAfter = (events: number): number => (trust.confirmed(events), size.events);
    expect([size.events, sizeAfter(20_000), sizeAfter(20_000), sizeAfter(60_000)]).toEqual([150, 150, 200, 500]);
    trust.broke();
    expect([size.events, sizeAfter(80_000)]).toEqual([150, 400]);
  });

  test("is larger before the first break of a queue that is new", () => {
    const trust = new Trust({ isNew: true });
    const size = new WindowSize(LIMITS, trust);
    expect(size.events).toBe(1000);
    trust.broke();
    expect(size.events).toBe(150);
  });

  test("keeps what comes twice under 0.5 % and 150 for each break, whenever they come", () => {
    const runs = fc.array(fc.nat({ max: 2_000_000 }), { maxLength: 30 });
    fc.assert(
      fc.property(runs, (confirmedBetweenBreaks) => {
        const trust = new Trust({ isNew: false });
        const size = new WindowSize(LIMITS, trust);
        let [confirmed, twice] = [0, 0];
        for (const most of confirmedBetweenBreaks) {
          for (let before = 0; before + size.events <= most;) {
            const { events } = size;
            before += events;
            confirmed += events;
            trust.confirmed(events);
            size.confirmed({ events, isFull: true, tookMs: 10 + events / 50, waitedMs: 10 });
          }
          twice += size.events;
          trust.broke();
          size.broke(size.events);
        }
        expect(twice).toBeLessThanOrEqual(confirmed / 200 + 150 * confirmedBetweenBreaks.length);
      }),
      { numRuns: 20 },
    );
  });

  test("is halved with each window that breaks, down to one event", () => {
    const size = new WindowSize(LIMITS, new Trust({ isNew: false }));
    const sizes = Array.from({ length: 6 }, () => (size.broke(100), size.events));
    expect(sizes).toEqual([50, 25, 12, 6, 3, 1]);
    size.broke(0);
    expect(size.events).toBe(1);
  });

  test("does not let an event wait that comes after a rest", () => {
    const size = new WindowSize(LIMITS, new Trust({ isNew: false }));
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
        const size = new WindowSize(LIMITS, trusting());
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

import { describe, expect, test } from "vitest";
import { FAULTS, type FaultName, plan } from "../../chaos/plan.ts";

const MINUTE = { seed: 7, durationMs: 60_000, everyMs: 1000, without: [], holdUps: 1 };

describe("a plan of faults", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(plan(MINUTE)).toEqual(plan(MINUTE));
    expect(plan({ ...MINUTE, seed: 8 })).not.toEqual(plan(MINUTE));
  });

  test("has about as many as were asked for, in order, within the time", () => {
    const faults = plan({ ...MINUTE, durationMs: 600_000 });
    expect(faults.length).toBeGreaterThan(500);
    expect(faults.length).toBeLessThan(700);
    expect(faults.map(({ atMs }) => atMs)).toEqual(faults.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
    expect(faults.at(-1)?.atMs).toBeLessThan(600_000);
  });

  test("has at least 10 kinds even when it is short", () => {
    for (let seed = 1; seed < 200; seed += 1) {
      const kinds = new Set(plan({ ...MINUTE, seed, durationMs: 25_000 }).map(({ name }) => name));
      expect(kinds.size).toBeGreaterThanOrEqual(10);
    }
  });

  test("leaves out what is not possible, and holds the feed up no more often than was said", () => {
    const faults = plan({ ...MINUTE, durationMs: 600_000, without: ["disk full"], holdUps: 2 });
    const times = (name: FaultName): number => faults.filter((fault) => fault.name === name).length;
    expect([times("disk full"), times("console hangs"), times("console 401")]).toEqual([0, 2, 2]);
    expect(faults.every(({ name, transport }) => "onCollector" in FAULTS[name] === (transport !== undefined))).toBe(
      true,
    );
  });
});

import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import type * as Block from "../../../src/spool/block.ts";
import { HARD, QUIET, SOUND, play, scenarios } from "./model.ts";

vi.mock("../../../src/spool/thread.ts", async () => (await import("./mocks.ts")).threadHere());
vi.mock("../../../src/spool/block.ts", async (original) =>
  (await import("./mocks.ts")).blockObserved(await original<typeof Block>()),
);

/** More of them: model.slow.test.ts. A seed that fails becomes a test with a name here. */
const RUNS = 12;

test("without faults everything comes once, late events as well", async () => {
  const events = Array.from({ length: 80 }, (_, at) => ({
    atMs: 500 * Math.floor(at / 4),
    lateMs: at % 9 === 0 ? 3000 : 0,
  }));
  expect(await play({ ...QUIET, events, threats: 3, changes: [{ threat: 1, atMs: 20_000 }] })).toEqual(SOUND);
});

// Seen to fail, with each of these put into the delivery by hand (2026-11-22): one chunk more confirmed than was told, a broken
// window taken as confirmed, a release before the confirmation, going on behind a break. bugs.slow.test.ts has more.
test("in bursts of events nothing is missing, whatever becomes of the windows", async () => {
  for (const scenario of HARD) expect(await play(scenario)).toEqual(SOUND);
});

test("whatever console, collector and power do, nothing is missing, and what comes twice is explained", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios(40), async (scenario) => {
      expect(await play(scenario)).toEqual(SOUND);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

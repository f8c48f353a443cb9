import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import type * as Block from "../../../src/spool/block.ts";
import { SOUND, play, scenarios } from "./model.ts";

vi.mock("../../../src/spool/thread.ts", async () => (await import("./mocks.ts")).threadHere());
vi.mock("../../../src/spool/block.ts", async (original) =>
  (await import("./mocks.ts")).blockObserved(await original<typeof Block>()),
);

const RUNS = 120;

/** So long at most, whatever the machine. */
const LIMIT_MS = 90_000;

test("in many scenarios nothing is missing, and what comes twice is explained", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios(100), async (scenario) => {
      expect(await play(scenario)).toEqual(SOUND);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: false },
  );
});

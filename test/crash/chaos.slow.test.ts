import { describe, expect, test } from "vitest";
import { chaos } from "../chaos/run.ts";
import { formatResult } from "../chaos/table.ts";
import { requireProgram } from "../support/requires.ts";

const seed = Number(process.env["S1BRIDGE_TEST_SEED"] ?? 1 + (Date.now() % 1_000_000));

/** A short one of `npm run chaos`, whose long result stands in docs/delivery.md. */
describe.skipIf(requireProgram("rsyslogd").missing)("s1bridge and three real collectors", () => {
  test(`lose nothing under 30 random faults (S1BRIDGE_TEST_SEED=${seed})`, async () => {
    const result = await chaos({ seed, events: 60_000, minutes: 0.8, faults: 30, onProgress: () => undefined });
    process.stdout.write(`${formatResult(result)}\n`);
    expect(result.bridge.map(({ missing, unknown, missed }) => ({ missing, unknown, missed }))).toEqual(
      result.bridge.map(() => ({ missing: 0, unknown: 0, missed: [] })),
    );
    expect(Object.keys(result.faults).length).toBeGreaterThanOrEqual(10);
    expect(result.exitCode).toBe(0);
  });
});

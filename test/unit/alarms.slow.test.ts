import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireProgram } from "../support/requires.ts";

const RULES = join(import.meta.dirname, "../../deploy/prometheus");

/** That there is one for each alarm says alarms.test.ts. */
test.skipIf(requireProgram("promtool").missing)("promtool finds each alarm as its tests say", () => {
  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", "rules.test.yaml"], {
    cwd: RULES,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("SUCCESS");
});

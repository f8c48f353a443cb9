import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BridgeHome } from "../support/bridge-process.ts";

const EXAMPLES = join(import.meta.dirname, "../../docs/scenarios");

test.each(readdirSync(EXAMPLES))(
  "the example %s plays all of its faults, and nothing is lost",
  async (name) => {
    await using home = new BridgeHome();
    const { code, stdout } = await home.command(
      "demo",
      "--events",
      "20000",
      "--spool",
      home.spool,
      "--scenario",
      join(EXAMPLES, name),
    );
    expect(stdout).toMatch(/fetched 21\d{3}, delivered \d+, confirmed 21\d{3}, lost 0,/);
    expect(stdout).not.toContain("not reached");
    expect(code).toBe(0);
  },
  180_000,
);

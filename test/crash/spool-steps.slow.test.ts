import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { DamagedWorld, missingLater } from "../support/damaged-spool.ts";

const support = (name: string): string => fileURLToPath(new URL(`../support/${name}.ts`, import.meta.url));
const root = mkdtempSync(join(tmpdir(), "s1bridge-steps-"));
/** What the other process's console had, for each feed. */
const RECORDS = 4;

/** Every step takes minutes; a different fifth of them each day does not. */
const STRIDE = process.env["S1BRIDGE_EVERY_STEP"] === undefined ? 5 : 1;
const OFFSET = Math.floor(Date.now() / 86_400_000) % STRIDE;

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** One life of a spool, killed before a step. */
function lived(directory: string, life: string, killAt: number): { signal: string | null; stdout: string } {
  const { signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", support("kill-at-step"), support("spool-steps"), directory, life],
    { env: { ...process.env, KILL_AT_STEP: String(killAt) }, encoding: "utf8" },
  );
  expect(stderr).toBe("");
  return { signal, stdout };
}

function stepsOf(life: string): number {
  const { signal, stdout } = lived(join(root, `${life}-count`), life, 0);
  expect(signal).toBeNull();
  return Number(/steps (\d+)/.exec(stdout)?.[1]);
}

test.each(["whole", "damaged"])(
  "a spool (%s) that is killed before any statement or file-system call goes on without a gap",
  { timeout: 300_000 },
  async (life) => {
    const steps = stepsOf(life);
    // The damaged one begins as the whole one does.
    const first = life === "damaged" ? stepsOf("whole") : 1;
    expect(steps).toBeGreaterThan(first + 10);
    for (let at = first + OFFSET; at <= steps; at += STRIDE) {
      const directory = join(root, `${life}-${at}`);
      const { signal, stdout } = lived(directory, life, at);
      expect([at, signal]).toEqual([at, "SIGKILL"]);
      const world = new DamagedWorld(directory);
      world.recall(RECORDS);
      for (const line of stdout.split("\n")) {
        const [collector = "", key = ""] = line.split(" ");
        if (key !== "") world.arrived.get(collector)?.push(key);
      }
      expect([at, await missingLater(world)]).toEqual([at, []]);
      rmSync(directory, { recursive: true });
    }
    process.stdout.write(`${life}: killed at one in ${STRIDE} of ${steps - first + 1} steps, nothing missing\n`);
  },
);

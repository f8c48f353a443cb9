import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { readDeadLetters } from "../../src/spool/dead-letters.ts";
import { SpoolInspector } from "../../src/spool/inspect.ts";
import { SpoolStore } from "../../src/spool/store.ts";
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
function lived(
  directory: string,
  life: string,
  killAt: number,
  program = "spool-steps",
): { signal: string | null; stdout: string } {
  const { signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", support("kill-at-step"), support(program), directory, life],
    { env: { ...process.env, KILL_AT_STEP: String(killAt) }, encoding: "utf8" },
  );
  expect(stderr).toBe("");
  return { signal, stdout };
}

function stepsOf(life: string, program?: string): number {
  const { signal, stdout } = lived(join(root, `${life}-count`), life, 0, program);
  expect(signal).toBeNull();
  return Number(/steps (\d+)/.exec(stdout)?.[1]);
}

test.each(["whole", "damaged"])(
  "a spool (%s) that is killed before any statement or file-system call goes on without a gap",
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

test("dead letters that are killed before any step are kept, or counted as dropped", async () => {
  const steps = stepsOf("letters", "letter-steps");
  expect(steps).toBeGreaterThan(20);
  for (let at = 1 + OFFSET; at <= steps; at += STRIDE) {
    const directory = join(root, `letters-${at}`);
    const { signal, stdout } = lived(directory, "letters", at, "letter-steps");
    expect([at, signal]).toEqual([at, "SIGKILL"]);
    const promised = stdout.split("\n").slice(0, -1).map(Number);
    // The next start keeps more, behind what is there.
    const options = { directory, maxBytes: 1 << 30, minFreeBytes: 0, collectors: ["c"], deadLetterBytes: 1000 };
    const store = SpoolStore.open(options);
    store.keepDeadLetters({ console: "acme", feed: "activities" }, [{ reason: "not JSON", text: "last" }]);
    store.close();
    const kept = await keptIn(directory);
    using inspector = new SpoolInspector(directory);
    const { droppedLetters } = inspector.overview();
    expect([at, kept.at(-1)]).toEqual([at, "last"]);
    const missing = promised.filter((number) => !kept.includes(String(number)));
    expect([at, missing]).toEqual([at, promised.slice(0, missing.length)]);
    expect(droppedLetters, `step ${at}`).toBeGreaterThanOrEqual(missing.length);
    rmSync(directory, { recursive: true });
  }
});

async function keptIn(directory: string): Promise<string[]> {
  const kept: string[] = [];
  for await (const { text } of readDeadLetters(directory)) kept.push(text.split(" ")[0] ?? "");
  return kept;
}

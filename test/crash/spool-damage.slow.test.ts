import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, type BridgeProcess, eventually } from "../support/bridge-process.ts";
import { type Comparison, compareKeys, supply } from "../support/event-keys.ts";
import { requireMounts } from "../support/requires.ts";

const HOUR_MS = 3_600_000;
const FIRST = 3000;
const LATER = 500;

let console: DemoConsole;
let collector: DemoCollector;
let home: BridgeHome;
let expected: string[];

beforeEach(async () => {
  console = await DemoConsole.start();
  collector = await DemoCollector.start({ keep: "keys" });
  home = new BridgeHome();
  home.configure({
    consoles: [home.console(console, { feed: { overlap: "1m" } })],
    collectors: [{ name: "siem", address: collector.address }],
  });
  expected = supply(console, { activities: activities(1, FIRST, Date.now() - HOUR_MS) });
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
  await collector.close();
  await console.close();
});

function activities(seed: number, count: number, startMs: number): string[] {
  return [...generateActivities({ seed, count, startMs, stepMs: 10 })];
}

/** A bridge with everything in its spool and nothing confirmed. */
async function withFullSpool(): Promise<BridgeProcess> {
  await collector.goAway();
  const bridge = await home.start();
  await eventually(
    async () => (await bridge.total("s1bridge_feed_events_spooled_total")) === FIRST,
    "all events are in the spool",
    20_000,
  );
  return bridge;
}

/** The collector comes back, the console has more, and everything arrives. */
async function everythingArrives(bridge: BridgeProcess): Promise<void> {
  expected.push(...supply(console, { activities: activities(2, LATER, Date.now() - 60_000) }));
  await collector.back();
  const compared = (): Comparison => compareKeys(expected, collector.received.keys);
  await eventually(
    () => compared().missing.length === 0,
    () => `${compared().missing.length} are missing`,
  );
  expect(compared().unknown).toStrictEqual([]);
  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
}

const isDamage = ({ code, level }: { code?: unknown; level: string }): boolean =>
  level === "error" && code === "BRIDGE_SPOOL_DAMAGED";

test(
  "a block that the disk damaged under a running bridge is read again, in the same process",
  { timeout: 60_000 },
  async () => {
    const bridge = await withFullSpool();
    const database = new DatabaseSync(join(home.spool, "spool.db"), { timeout: 5000 });
    database.exec(
      "UPDATE blocks SET body = zeroblob(length(body)) WHERE position = (SELECT max(position) FROM blocks)",
    );
    database.close();
    await everythingArrives(bridge);
    const line = await bridge.logged((one) => isDamage(one) && "lost" in one, "what was lost");
    expect(line["lost"]).toBeGreaterThan(0);
    expect(line["feeds"]).toMatchObject([{ console: "acme", feed: "activities" }]);
    expect(await home.command("spool", "check", "-c", home.configFile)).toMatchObject({ code: 0 });
  },
);

test("a spool that is deleted under a running bridge is written again", { timeout: 60_000 }, async () => {
  const bridge = await withFullSpool();
  rmSync(home.spool, { recursive: true });
  // Its place is looked at once a second, which is longer than a fast machine needs for all the rest.
  await bridge.logged((one) => isDamage(one) && String(one["error"]).includes("was deleted"), "that it was deleted");
  await everythingArrives(bridge);
  expect(readdirSync(home.spool)).toContain("spool.db");
  expect(collector.received.duplicates).toBeLessThanOrEqual(FIRST);
});

test("a spool that is deleted just before a stop is there afterwards, with all that was queued", async () => {
  const bridge = await withFullSpool();
  rmSync(home.spool, { recursive: true });
  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 1, signal: null });
  expect(bridge.log.at(-1)).toMatchObject({ level: "fatal", code: "BRIDGE_SPOOL_DAMAGED" });
  const { stdout } = await home.command("spool", "ls", "--json", "-c", home.configFile);
  const { feeds } = JSON.parse(stdout) as { feeds: object[] };
  expect(feeds).toContainEqual(expect.objectContaining({ feed: "activities", waiting: FIRST }));
  await everythingArrives(await home.start());
  expect(collector.received.duplicates).toBe(0);
});

test("a spool that became garbage between two starts is replaced, and kept", { timeout: 60_000 }, async () => {
  const first = await withFullSpool();
  expect(await first.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  execFileSync("dd", ["if=/dev/urandom", `of=${join(home.spool, "spool.db")}`, "bs=8192", "count=20", "conv=notrunc"], {
    stdio: "ignore",
  });
  const bridge = await home.start();
  await everythingArrives(bridge);
  await bridge.logged(isDamage, "the damage");
  expect(readdirSync(home.spool).filter((name) => name.startsWith("spool.db.damaged-"))).toHaveLength(1);
});

test.skipIf(requireMounts().missing)(
  "a spool on a disk that is read-only is refused with its reason, and goes on when it can be written",
  { timeout: 60_000 },
  async () => {
    mkdirSync(home.spool);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", home.spool]);
    try {
      const first = await withFullSpool();
      await first.signal("SIGTERM");
      execFileSync("mount", ["-o", "remount,ro", home.spool]);
      const refused = home.run();
      expect(await refused.exit).toStrictEqual({ code: 1, signal: null });
      expect(refused.log.at(-1)).toMatchObject({ level: "fatal", code: "BRIDGE_SPOOL_UNUSABLE" });
      execFileSync("mount", ["-o", "remount,rw", home.spool]);
      await everythingArrives(await home.start());
    } finally {
      execFileSync("umount", ["-l", home.spool]);
    }
  },
);

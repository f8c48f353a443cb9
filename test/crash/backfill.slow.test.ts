import { setTimeout as pause } from "node:timers/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import { BridgeHome, EAGER_FEED, eventually } from "../support/bridge-process.ts";
import { activity } from "../integration/feed-fixture.ts";
import { compareKeys } from "../support/event-keys.ts";

const HOUR = 3_600_000;
const EVENTS = 30_000;
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

function iso(ms: number): string {
  return formatTime(microsFromMs(ms));
}

/** A day of the past, and a bridge that began after it. */
async function setUp() {
  const console = await DemoConsole.start();
  const collector = await DemoCollector.start({ keep: "keys" });
  const home = new BridgeHome();
  const startMs = Math.floor(Date.now() / HOUR) * HOUR - 30 * HOUR;
  const past = new ActivityDataset({ seed: 5, count: EVENTS, startMs, stepMs: (24 * HOUR) / EVENTS, burst: 9 });
  console.activities.setDataset(past);
  const feeds = { activities: { ...EAGER_FEED, start: "2h", overlap: "30s" } };
  home.configure({
    consoles: [home.console(console, { feeds })],
    collectors: [{ name: "siem", address: collector.address, framing: "octet_counting" }],
  });
  const range = ["--feed", "activities", "--from", iso(startMs), "--to", iso(startMs + 25 * HOUR)];
  const keys = [...past.ids()].map((id) => `activities/${id}`);
  const close = async (): Promise<void> => {
    await home[Symbol.asyncDispose]();
    await Promise.all([console.close(), collector.close()]);
  };
  return { console, collector, home, range, keys, [Symbol.asyncDispose]: close };
}

test("a backfill that is killed with kill -9, with the bridge or alone, goes on where it was and sends nothing twice but the window in flight", async () => {
  await using world = await setUp();
  const { collector, home, range, keys } = world;
  for (let kill = 0; kill < 4; kill++) {
    const before = collector.received.keys.size;
    const bridge = kill % 2 === 0 ? await home.start() : undefined;
    const command = spawn(process.execPath, [MAIN, "backfill", "-c", home.configFile, ...range], { stdio: "ignore" });
    const ended = once(command, "close");
    await eventually(() => collector.received.keys.size > before + 3000, "it goes on");
    await bridge?.kill();
    command.kill("SIGKILL");
    await ended;
    await eventually(() => collector.open === 0, "the collector has read its connections to the end");
  }
  const last = await home.command("backfill", "-c", home.configFile, ...range, "--json");
  expect([last.code, last.stderr]).toEqual([0, ""]);
  expect(last.stdout).toContain('"resumedAt"');
  const { duplicates, ...others } = compareKeys(keys, collector.received.keys);
  expect(others).toStrictEqual({ missing: [], unknown: [] });
  // At most a page is under way at each kill.
  expect(duplicates).toBeLessThanOrEqual(4 * 1000);
  const audit = await home.command("verify", "-c", home.configFile, ...range, "--ids", "--json");
  expect([audit.code, audit.stderr]).toEqual([0, ""]);
  process.stdout.write(`${EVENTS} events of the past, 4 kills: none missing, ${duplicates} twice\n`);
}, 180_000);

test("live events arrive while a backfill goes on, and nothing comes twice", async () => {
  await using world = await setUp();
  const { console, collector, home, range } = world;
  const bridge = await home.start();
  const command = home.command("backfill", "-c", home.configFile, ...range, "--json");
  const isDone = command.then(() => true);
  const ahead: number[] = [];
  for (let live = 0; live < 20; live++) {
    const key = `activities/${90_000 + live}`;
    console.addActivities([activity(String(90_000 + live), Date.now())]);
    await eventually(() => collector.received.keys.has(key), "the live event arrives");
    ahead.push(collector.received.keys.size);
    if (await Promise.race([isDone, pause(100, false)])) break;
  }
  expect(ahead.length).toBeGreaterThan(3);
  expect((await command).code).toBe(0);
  expect(collector.received.duplicates).toBe(0);
  await bridge.signal("SIGTERM");
}, 120_000);

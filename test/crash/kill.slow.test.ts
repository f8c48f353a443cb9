import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import { Random } from "../../src/demo/records/random.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import type { BridgeProcess } from "../support/bridge-process.ts";
import { compareKeys } from "../support/event-keys.ts";

const KILLS = 50;
const EVENTS = 60_000;
const SPAN_MS = 3_600_000;
/** The most events of a window, and so the most that a kill can double. */
const WINDOW_EVENTS = 5000;

/** Chooses the moments of the kills; what happens in them is up to the machine. */
const seed = Number(process.env["S1BRIDGE_TEST_SEED"] ?? Date.now() % 1_000_000);

test(`none of ${EVENTS} events is missing after ${KILLS} times kill -9 (S1BRIDGE_TEST_SEED=${seed})`, async () => {
  // The console's hour goes by in steps, so that there are new events in each of the bridge's lives.
  const startMs = Date.now() - SPAN_MS - 60_000;
  let nowMs = startMs;
  await using console = await DemoConsole.start({ clock: () => nowMs });
  await using collector = await DemoCollector.start({ keep: "keys" });
  await using home = new BridgeHome();
  const dataset = new ActivityDataset({ seed: 3, count: EVENTS, startMs, stepMs: SPAN_MS / EVENTS, burst: 11 });
  console.activities.setDataset(dataset);
  home.configure({
    // Over the edge of a life, what was read twice is known by its id.
    consoles: [home.console(console, { feed: { overlap: "1m" } })],
    // Of a message that a kill cuts off, a collector would log the beginning as a message of its own.
    collectors: [{ name: "siem", address: collector.address, framing: "octet_counting" }],
  });
  const { received } = collector;
  const doubled: number[] = [];

  for (let kill = 0; kill < KILLS; kill += 1) {
    nowMs = startMs + Math.round((SPAN_MS * (kill + 1)) / KILLS);
    const before = received.duplicates;
    const bridge = home.run();
    await moment(kill, bridge, console, collector);
    await bridge.kill();
    // What the dead process had sent may still have to be read.
    await eventually(() => collector.open === 0, "the collector has read its connections to the end");
    doubled.push(received.duplicates - before);
    checkSpool(home.spool, dataset, received.keys.size);
  }
  nowMs = startMs + SPAN_MS + 60_000;
  const last = await home.start();
  await received.keysAtLeast(EVENTS);
  await eventually(async () => (await last.total("s1bridge_spool_events")) === 0, "all is confirmed and released");
  expect(await last.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });

  const { duplicates, ...others } = compareKeys(
    [...dataset.ids()].map((id) => `activities/${id}`),
    received.keys,
  );
  expect(others).toStrictEqual({ missing: [], unknown: [] });
  expect(received.withoutKey).toBe(0);
  expect(Math.max(...doubled)).toBeLessThanOrEqual(WINDOW_EVENTS);
  process.stdout.write(
    `${EVENTS} events, ${KILLS} kills: none missing, ${duplicates} twice, at most ${Math.max(...doubled)} by one kill\n`,
  );
});

/** Waits for the moment of a kill: some time after the start, in the middle of reading, or in the middle of sending. */
async function moment(
  kill: number,
  bridge: BridgeProcess,
  console: DemoConsole,
  collector: DemoCollector,
): Promise<void> {
  const random = new Random(seed, kill);
  const longEnough = pause(2000);
  switch (random.below(3)) {
    case 0:
      await pause(random.below(1000));
      return;
    case 1: {
      const requests = console.requests.count("/activities") + 1 + random.below(4);
      await Promise.race([asked(console, requests), longEnough]);
      break;
    }
    default: {
      const messages = collector.received.count + 1 + random.below(2000);
      await Promise.race([collector.received.atLeast(messages), longEnough]);
    }
  }
  await pause(random.below(40));
  expect(bridge.process.exitCode).toBeNull();
}

async function asked(console: DemoConsole, requests: number): Promise<void> {
  while (console.requests.count("/activities") < requests)
    await console.requests.next(({ path }) => path === "/activities");
}

/** What a kill leaves on the disk: looked at in a copy, so that the bridge itself is the first to open it again. */
function checkSpool(directory: string, dataset: ActivityDataset, arrived: number): void {
  if (!existsSync(join(directory, "spool.db"))) return;
  const copy = mkdtempSync(join(tmpdir(), "s1bridge-spool-copy-"));
  try {
    for (const name of ["spool.db", "spool.db-wal"]) {
      if (existsSync(join(directory, name))) copyFileSync(join(directory, name), join(copy, name));
    }
    using database = new DatabaseSync(join(copy, "spool.db"));
    const value = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
    if (value("PRAGMA user_version") === 0) return;
    expect(value("PRAGMA integrity_check")).toBe("ok");
    const end = Number(value("SELECT value FROM facts WHERE key = 'end'"));
    const oldest = Number(value("SELECT coalesce(min(position), (SELECT value FROM facts)) FROM blocks"));
    const checkpoint = Number(value("SELECT max(checkpoint) FROM feeds WHERE feed = 'activities'") ?? 0);
    const released = Number(value("SELECT max(position) FROM collectors") ?? 0);

    // Events and ids are of one transaction, and no block is missing between what is released and the end.
    expect(value("SELECT count(*) FROM seen")).toBe(end);
    expect(oldest + Number(value("SELECT coalesce(sum(count), 0) FROM blocks"))).toBe(end);
    expect(oldest).toBeLessThanOrEqual(released);
    // Nothing is forgotten that has not arrived.
    expect(released).toBeLessThanOrEqual(arrived);
    // The checkpoint is not ahead of its events: everything before it is here.
    const seen = new Set(
      database
        .prepare("SELECT CAST(id AS TEXT) AS id FROM seen")
        .all()
        .map(({ id }) => id),
    );
    const ahead = idsBefore(dataset, checkpoint).filter((id) => !seen.has(id));
    expect(ahead).toStrictEqual([]);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function idsBefore(dataset: ActivityDataset, checkpoint: number): string[] {
  const ids: string[] = [];
  for (let index = 0; index < dataset.length; index += 1) {
    const entry = dataset.at(index);
    if ((entry.time(["createdAt"]) ?? 0) >= checkpoint) break;
    ids.push(entry.id);
  }
  return ids;
}

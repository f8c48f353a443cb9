import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Appended, Feed } from "../../src/bridge/ports.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { ConsoleClock } from "../../src/sentinelone/clock.ts";
import type { ConsoleClient } from "../../src/sentinelone/client.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { MINUTE, NEVER, NOON, activity, clientOf, feedOf, lookAtClock } from "./feed-fixture.ts";

/** The console's time, and ours with it: the bridge sees a clock that goes, not one that jumps. */
let now: number;
let ourClock: number;
let console: DemoConsole;
let client: ConsoleClient;
let spool: ThreadedSpool;
let directory: string;

beforeEach(async () => {
  now = NOON;
  ourClock = 0;
  directory = mkdtempSync(join(tmpdir(), "s1bridge-late-"));
  spool = await ThreadedSpool.open({
    directory,
    maxBytes: 1 << 30,
    minFreeBytes: 0,
    collectors: jsonCollectors("siem"),
  });
  console = await DemoConsole.start({ clock: () => now });
  const clock = new ConsoleClock(
    () => 0,
    () => ourClock,
  );
  client = clientOf(console.url, { clock });
});

afterEach(async () => {
  await client.close();
  await console.close();
  await spool.close();
  rmSync(directory, { recursive: true });
});

async function goOn(ms: number): Promise<void> {
  now += ms;
  ourClock += ms;
  await lookAtClock(client);
}

/** Reads and stores pages as the intake does, until the console has no more for now. */
async function poll(feed: Feed): Promise<Appended & { widened: boolean }> {
  const sum = { added: 0, duplicates: 0, deadLetters: 0, count: 0, maxBehindMs: 0, widened: false };
  for (;;) {
    const page = await feed.readPage(await spool.checkpoint(feed.key), NEVER);
    const { late, ...appended } = await spool.append(feed.key, page, NEVER);
    sum.widened = feed.stored?.({ late, ...appended }) === true || sum.widened;
    sum.added += appended.added;
    sum.duplicates += appended.duplicates;
    sum.count += late?.count ?? 0;
    sum.maxBehindMs = Math.max(sum.maxBehindMs, late?.maxBehindMs ?? 0);
    if (!page.hasMore) break;
  }
  const { count, maxBehindMs, ...others } = sum;
  return { ...others, late: { count, maxBehindMs } };
}

describe("records that become visible late", () => {
  test("are found after what is new, where the overlap is longer than a page", async () => {
    const many = Array.from({ length: 2500 }, (_, at) => activity(String(at + 1), NOON - 4 * MINUTE + at * 80));
    console.addActivities(many);
    const feed = feedOf(client);
    expect((await poll(feed)).added).toBe(2500);
    console.addActivities([activity("9001", NOON - 3 * MINUTE), activity("9002", NOON + 5000)]);
    await goOn(30_000);
    const before = await spool.checkpoint(feed.key);
    const first = await feed.readPage(before, NEVER);
    expect(first.records.map(({ id }) => id)).toEqual(["9002"]);
    expect([first.hasMore, first.checkpoint.time]).toEqual([true, before?.time]);
    // Here it stops and begins anew: the new record comes again, as the checkpoint has not moved.
    const { added, late } = await poll(feedOf(client));
    expect([added, late?.count]).toEqual([2, 1]);
    expect((await spool.checkpoint(feed.key))?.time).toBeGreaterThan(before?.time ?? 0);
  });

  test("are counted with how far behind they stood, and are no more when they are in time", async () => {
    console.addActivities([activity("1", NOON - 20 * MINUTE), activity("2", NOON - 30_000)]);
    const feed = feedOf(client);
    expect((await poll(feed)).late).toEqual({ count: 0, maxBehindMs: 0 });
    console.addActivities([activity("3", NOON - 4 * MINUTE)]);
    await goOn(30_000);
    console.addActivities([activity("4", NOON + 5000)]);
    const { added, late, widened } = await poll(feed);
    expect([added, late?.count, widened]).toEqual([2, 1, false]);
    expect(late?.maxBehindMs).toBeGreaterThan(3.8 * MINUTE - 1000);
    expect(late?.maxBehindMs).toBeLessThanOrEqual(4 * MINUTE);
  });

  test("beyond the overlap are found by the poll that looks further back, and the overlap grows", async () => {
    const feed = feedOf(client);
    await poll(feed);
    console.addActivities([activity("late", NOON - 12 * MINUTE)]);
    await goOn(MINUTE);
    expect((await poll(feed)).added).toBe(0);
    await goOn(10 * MINUTE);
    const found = await poll(feed);
    expect([found.added, found.widened]).toEqual([1, true]);
    expect(found.late?.maxBehindMs).toBeGreaterThan(12 * MINUTE);
    expect(feed.overlapMs).toBeGreaterThan(18 * MINUTE);
    console.addActivities([activity("as late", NOON - 4 * MINUTE)]);
    await goOn(MINUTE);
    const next = await poll(feed);
    expect([next.added, next.widened]).toEqual([1, false]);
    await goOn(MINUTE);
    expect(await poll(feed)).toMatchObject({ added: 0, widened: false });
  });

  test("of which a tenth is up to four minutes late are all found, once each", async () => {
    const feed = feedOf(client);
    await poll(feed);
    const ids: string[] = [];
    for (let at = 0; at < 600; at++) {
      const id = String(1000 + at);
      const ms = NOON + at * 1000;
      ids.push(id);
      const lateMs = at % 10 === 3 ? 4000 + ((at * 7919) % 236) * 1000 : 0;
      console.addActivities([activity(id, ms)], { visibleAtMs: ms + lateMs });
    }
    let added = 0;
    for (let polls = 0; polls < 31; polls++) {
      await goOn(30_000);
      added += (await poll(feed)).added;
    }
    expect(added).toBe(ids.length);
    expect(feed.overlapMs).toBe(5 * MINUTE);
  });
});

describe("a console's clock", () => {
  test.each([10, -10])("that is %i minutes off costs nothing", async (minutes) => {
    now += minutes * MINUTE;
    const feed = feedOf(client);
    console.addActivities([activity("1", now - MINUTE)]);
    expect((await poll(feed)).added).toBe(1);
    await goOn(MINUTE);
    console.addActivities([activity("2", now - 20_000)]);
    expect((await poll(feed)).added).toBe(1);
  });

  test("that jumps ahead and comes back hides nothing that happens then", async () => {
    const feed = feedOf(client);
    await poll(feed);
    now += 60 * MINUTE;
    await lookAtClock(client);
    console.addActivities([activity("in the wrong time", now - 30_000)]);
    expect((await poll(feed)).added).toBe(1);
    now -= 60 * MINUTE;
    await goOn(MINUTE);
    console.addActivities([activity("in the right time", now - 20_000)]);
    expect((await poll(feed)).added).toBe(1);
    await goOn(MINUTE);
    expect((await poll(feed)).added).toBe(0);
  });

  test("that was ahead for long and is set back hides nothing either", async () => {
    now += 60 * MINUTE;
    const feed = feedOf(client);
    for (let minutes = 0; minutes < 20; minutes++) {
      await poll(feed);
      await goOn(MINUTE);
    }
    now -= 60 * MINUTE;
    await goOn(MINUTE);
    for (let times = 0; times < 3; times++) {
      console.addActivities([activity(`after ${times}`, now - 20_000)]);
      expect((await poll(feed)).added).toBe(1);
      await goOn(MINUTE);
    }
    expect((await poll(feed)).added).toBe(0);
  });
});

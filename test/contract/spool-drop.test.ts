import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Appended, Dropped, SpoolReader } from "../../src/bridge/ports.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { eventsOf, jsonCollectors } from "../support/json-renderer.ts";
import { ACTIVITIES, NEVER, THREATS, checkpoint, idsOf, page, readTo, record } from "./spool.contract.ts";

const MAX_BYTES = 1 << 20;

let directory: string;
let spool: ThreadedSpool;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-drop-"));
  spool = await open();
});

afterEach(async () => {
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(more: { minFreeBytes?: number } = {}): Promise<ThreadedSpool> {
  const collectors = jsonCollectors("slow", "fast");
  return ThreadedSpool.open({
    directory,
    maxBytes: MAX_BYTES,
    minFreeBytes: 0,
    whenFull: "drop_oldest",
    collectors,
    ...more,
  });
}

/** An event of some 50 kB that does not compress. */
function bulk(id: number): ReturnType<typeof record> {
  const fill = Array.from({ length: 12_000 }, (_, at) => ((at + 1) * 7919 * (id + 3)) % 65_521);
  return record(String(id), { text: JSON.stringify({ id: String(id), fill }) });
}

async function append(count: number, from = 0, key = ACTIVITIES): Promise<Appended[]> {
  const results: Appended[] = [];
  for (let id = from; id < from + count; id++) {
    results.push(await spool.append(key, page([bulk(id)], { checkpoint: checkpoint(id + 1) }), NEVER));
  }
  return results;
}

function totals(results: readonly Appended[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { collector, feed, events } of results.flatMap(({ dropped = [] }): readonly Dropped[] => dropped))
    sums[`${collector} ${feed}`] = (sums[`${collector} ${feed}`] ?? 0) + events;
  return sums;
}

describe("a full spool that drops its oldest events", () => {
  test("takes every page, stays within its size, and counts by collector and feed what is gone", async () => {
    const before = await append(2, 0, THREATS);
    const fast = await spool.reader("fast");
    await readTo(2, fast);
    await fast.release(2);
    const results = [...before, ...(await append(60))];
    expect((await spool.size()).bytes).toBeLessThanOrEqual(MAX_BYTES);
    const { events } = await spool.size();
    const lost = 62 - events;
    expect(lost).toBeGreaterThan(20);
    expect(totals(results)).toEqual({
      "slow threats": 2,
      "slow activities": lost - 2,
      "fast activities": lost - 2,
    });
    // What is left arrives, in order and without a word of damage, also where a reader was in the middle.
    const slow = await spool.reader("slow");
    const first = await slow.read(2, 1000, NEVER);
    expect([first.damaged, first.frames.count, first.end]).toEqual([0, 0, lost]);
    const ids = Array.from({ length: events }, (_, at) => String(lost - 2 + at));
    expect(idsOf(await readTo(62, slow, first.end))).toEqual(ids);
    await slow.release(62);
  });

  test("goes on after a restart where the oldest event now stands", async () => {
    await append(60);
    const { events } = await spool.size();
    await spool.close();
    expect(statSync(join(directory, "spool.db")).size).toBeLessThanOrEqual(MAX_BYTES + 4 * 8192);
    spool = await open();
    expect(spool.salvaged).toBeUndefined();
    const reader: SpoolReader = await spool.reader("slow");
    expect(reader.position).toBe(60 - events);
    expect(idsOf(eventsOf(await reader.read(reader.position, 1, NEVER)))).toEqual([String(60 - events)]);
  });

  test("drops nothing while there is room", async () => {
    expect(totals(await append(5))).toEqual({});
    expect((await spool.size()).events).toBe(5);
  });

  test("waits all the same on a disk with too little space and nothing left to drop", async () => {
    await spool.close();
    spool = await open({ minFreeBytes: Number.MAX_SAFE_INTEGER });
    const stop = new AbortController();
    const waiting = spool.append(ACTIVITIES, page([bulk(1)]), stop.signal);
    while (!spool.isFull) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
  });
});

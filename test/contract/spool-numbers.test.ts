import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Spool } from "../../src/bridge/ports.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { restoreKept } from "../support/kept-spool.ts";
import { ACTIVITIES, NEVER, THREATS, micros, page, readTo, record } from "./spool.contract.ts";

let directory: string;
let spool: ThreadedSpool;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-numbers-"));
  spool = await open();
});

afterEach(async () => {
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(): Promise<ThreadedSpool> {
  return ThreadedSpool.open({ directory, maxBytes: 1 << 30, minFreeBytes: 0, collectors: jsonCollectors("c") });
}

async function reopen(): Promise<void> {
  await spool.close();
  spool = await open();
}

async function numbers(of: Spool): Promise<(readonly [string, number | undefined])[]> {
  const events = await readTo(spool.end, await of.reader("c"), 0);
  return events.map(({ feed, id, sequence }) => [`${feed}/${id}`, sequence] as const);
}

test("events are numbered by feed, over restarts, and have the same number each time they are read", async () => {
  await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
  await spool.append(THREATS, page([record("1", { version: "a" })]), NEVER);
  await reopen();
  await spool.append(ACTIVITIES, page([record("2"), record("3")]), NEVER);
  await spool.append({ console: "globex", feed: "activities" }, page([record("1")]), NEVER);
  const expected = [
    ["activities/1", 1],
    ["activities/2", 2],
    ["threats/1", 1],
    ["activities/3", 3],
    ["activities/1", 1],
  ];
  expect(await numbers(spool)).toEqual(expected);
  await reopen();
  expect(await numbers(spool)).toEqual(expected);
});

test("a page that can not be stored leaves no gap in the numbers", async () => {
  await spool.append(ACTIVITIES, page([record("1")]), NEVER);
  const poison = page([record("2")], { checkpoint: { time: micros(1.5), floor: micros(0) } });
  await expect(spool.append(ACTIVITIES, poison, NEVER)).rejects.toThrow("can not be written");
  await spool.append(ACTIVITIES, page([record("3")]), NEVER);
  expect(await numbers(spool)).toEqual([
    ["activities/1", 1],
    ["activities/3", 2],
  ]);
});

test("what was queued before there were numbers gets them in its order", async () => {
  await spool.close();
  for (const file of ["spool.db-wal", "spool.db-shm"]) rmSync(join(directory, file), { force: true });
  restoreKept("v1", directory);
  spool = await ThreadedSpool.open({
    directory,
    maxBytes: 1 << 30,
    minFreeBytes: 0,
    collectors: jsonCollectors("c", "archive"),
  });
  expect((await numbers(spool)).map(([, sequence]) => sequence)).toEqual([1, 2, 3, 1, 2]);
  await spool.append(ACTIVITIES, page([record("9")]), NEVER);
  expect((await numbers(spool)).at(-1)).toEqual(["activities/9", 4]);
});

test("counts what it drops and what came late, with the events and over restarts", async () => {
  const late = page([record("2", { time: micros(3_000_000) }), record("3", { time: micros(9_000_000) })], {
    readBefore: micros(8_000_000),
    tallies: [{ feed: "threats", name: "heartbeats", add: 1 }],
    deadLetters: [{ reason: "not JSON", text: "{" }],
  });
  await spool.append(ACTIVITIES, page([record("1")]), NEVER);
  expect(await spool.append(ACTIVITIES, late, NEVER)).toEqual({
    added: 2,
    duplicates: 0,
    deadLetters: 1,
    reasons: ["not JSON"],
    late: { count: 1, maxBehindMs: 5000 },
  });
  expect(await spool.append(ACTIVITIES, late, NEVER)).toEqual({ added: 0, duplicates: 2, deadLetters: 0 });
  await reopen();
  const { feeds } = await spool.survey();
  expect(feeds.map(({ feed, sequence, tallies }) => ({ feed, sequence, tallies }))).toEqual([
    { feed: "activities", sequence: 3, tallies: { duplicates: 2, late: 1, dead_letters: 1 } },
    { feed: "threats", sequence: 0, tallies: { heartbeats: 2 } },
  ]);
});

test("the survey tells what waits, for whom, and since when", async () => {
  const before = Date.now();
  const empty = await spool.survey();
  expect(empty).toMatchObject({ events: 0, end: 0, oldestStoredMs: undefined, feeds: [] });
  expect(empty.collectors).toEqual([{ collector: "c", position: 0, oldestStoredMs: undefined }]);
  await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
  const waiting = await spool.survey();
  expect(waiting).toMatchObject({ id: empty.id, events: 2, end: 2 });
  expect(waiting.oldestStoredMs).toBeGreaterThanOrEqual(before);
  expect(waiting.collectors[0]?.oldestStoredMs).toBe(waiting.oldestStoredMs);
  const reader = await spool.reader("c");
  await reader.release(1);
  expect(await spool.survey()).toMatchObject({ events: 1 });
  await reader.release(2);
  expect(await spool.survey()).toMatchObject({ events: 0, oldestStoredMs: undefined });
});

test("each spool has an id of its own, and keeps it", async () => {
  const { id } = await spool.survey();
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  await reopen();
  expect((await spool.survey()).id).toBe(id);
});

test("a batch tells its feed, the times of its events, and why some can not be mapped", async () => {
  const records = [
    record("1", { time: micros(1) }),
    record("2", { time: micros(2), text: '{"mapping":"fails"}' }),
    record("3", { time: micros(3) }),
  ];
  await spool.append(ACTIVITIES, page(records), NEVER);
  const batch = await (await spool.reader("c")).read(0, 10, NEVER);
  expect(batch).toMatchObject({ origin: ACTIVITIES, damaged: 1, unmapped: ["can not be mapped: no such mapping"] });
  expect([...(batch.times ?? [])]).toEqual([1, 3]);
});

test("a damaged block is counted for its feed, and what is read again has numbers of its own", async () => {
  await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
  const database = new DatabaseSync(join(directory, "spool.db"));
  database.exec("UPDATE blocks SET body = x'00'");
  database.close();
  await expect((await spool.reader("c")).read(0, 10, NEVER)).rejects.toThrow("can not be read");
  await reopen();
  expect((await spool.survey()).feeds[0]?.tallies).toEqual({ damaged: 2 });
  await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
  expect(await numbers(spool)).toEqual([
    ["activities/1", 3],
    ["activities/2", 4],
  ]);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SpoolReader } from "../../src/bridge/ports.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { eventsOf, jsonCollectors } from "../support/json-renderer.ts";
import { ACTIVITIES, NEVER, THREATS, idsOf, page, record } from "./spool.contract.ts";

let directory: string;
let spool: ThreadedSpool;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-reader-"));
  spool = await ThreadedSpool.open({
    directory,
    maxBytes: 1 << 30,
    minFreeBytes: 0,
    collectors: jsonCollectors("one", "other"),
  });
});

afterEach(async () => {
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Some small blocks and a large one, of two feeds. */
async function fill(from: number, sizes: readonly number[]): Promise<string[]> {
  let next = from;
  for (const [at, size] of sizes.entries()) {
    const ids = Array.from({ length: size }, () => `${next++}`);
    await spool.append(at % 2 === 0 ? ACTIVITIES : THREATS, page(ids.map((id) => record(id))), NEVER);
  }
  return Array.from({ length: next - from }, (_, at) => `${from + at}`);
}

/** A delivery's way through the queue: windows of some events, some of which break and are read again from their beginning. */
async function read(reader: SpoolReader, end: number, windows: readonly Window[]): Promise<string[]> {
  const confirmed: string[] = [];
  let at = 0;
  for (let position = 0; position < end; at += 1) {
    const { maxEvents, breaks } = windows[at % windows.length] ?? { maxEvents: 1, breaks: false };
    const ids: string[] = [];
    let behind = position;
    while (
      behind < end &&
      ids.length < maxEvents &&
      (ids.length === 0 || (await reader.upcoming(behind)) <= maxEvents - ids.length)
    ) {
      const batch = await reader.read(behind, maxEvents - ids.length, NEVER);
      ids.push(...idsOf(eventsOf(batch)));
      behind = batch.end;
    }
    expect(ids.length).toBeLessThanOrEqual(maxEvents);
    if (breaks && at < 2 * windows.length) continue;
    confirmed.push(...ids);
    position = behind;
  }
  return confirmed;
}

interface Window {
  readonly maxEvents: number;
  readonly breaks: boolean;
}

const windows = fc.array(fc.record({ maxEvents: fc.integer({ min: 1, max: 60 }), breaks: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
});

test("whatever is read ahead, a reader gives every event once, in order, and never more than it was asked for", async () => {
  const all = await fill(0, [1, 40, 7, 90, 3, 25]);
  await fc.assert(
    fc.asyncProperty(windows, windows, async (ofOne, ofOther) => {
      const [one, other] = await Promise.all([spool.reader("one"), spool.reader("other")]);
      const both = await Promise.all([read(one, spool.end, ofOne), read(other, spool.end, ofOther)]);
      expect(both).toEqual([all, all]);
    }),
    { numRuns: 60 },
  );
});

test("what is appended while it was read ahead up to the end comes behind it", async () => {
  const reader = await spool.reader("one");
  const windowsOf = [{ maxEvents: 10, breaks: false }];
  const first = await fill(0, [5, 5, 5]);
  expect(await read(reader, spool.end, windowsOf)).toEqual(first);
  const second = await fill(15, [5, 5]);
  const behind: string[] = [];
  for (let position = 15; position < spool.end;) {
    const batch = await reader.read(position, 10, NEVER);
    behind.push(...idsOf(eventsOf(batch)));
    position = batch.end;
  }
  expect(behind).toEqual(second);
});

test("a reader says how many events stand behind a batch", async () => {
  await fill(0, [20, 20, 20]);
  const reader = await spool.reader("one");
  for (let position = 0; position < 60;) {
    const batch = await reader.read(position, 15, NEVER);
    expect(batch.frames.behind).toBe(60 - batch.end);
    position = batch.end;
  }
});

test("a collector that asks for the same again and again has nothing read ahead for it", async () => {
  await fill(0, [20, 20, 20, 20]);
  const reader = await spool.reader("one");
  for (let again = 0; again < 3; again += 1) {
    const batch = await reader.read(0, 100, NEVER);
    // An answer to whatever was asked for meanwhile stands before this one.
    await spool.size();
    expect(await reader.upcoming(batch.end)).toBe(0);
  }
});

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Appended, DeadLetter } from "../../src/bridge/ports.ts";
import { LETTER_FILES, readDeadLetters } from "../../src/spool/dead-letters.ts";
import { SpoolInspector } from "../../src/spool/inspect.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { requireMounts } from "../support/requires.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { ACTIVITIES, NEVER, THREATS, page } from "./spool.contract.ts";

const MAX_BYTES = 100_000;

let directory: string;
let spool: ThreadedSpool | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-letters-"));
});

afterEach(async () => {
  await spool?.close();
  spool = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function open(): Promise<ThreadedSpool> {
  const collectors = jsonCollectors("c");
  const options = { directory, maxBytes: 1 << 30, minFreeBytes: 0, deadLetterBytes: MAX_BYTES, collectors };
  spool = await ThreadedSpool.open(options);
  return spool;
}

/** Each is another record; together they are this long. */
function letters(first: number, count: number, bytes: number): DeadLetter[] {
  const fill = "x".repeat(Math.floor(bytes / count));
  return Array.from({ length: count }, (_, at) => ({ reason: "not JSON", text: `${first + at} ${fill}` }));
}

async function kept(): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { text } of readDeadLetters(directory)) numbers.push(Number.parseInt(text, 10));
  return numbers;
}

function bytesOnDisk(): number {
  const sizes = LETTER_FILES.map((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

function dropped(appended: readonly Appended[]): number {
  return appended.flatMap(({ droppedLetters = [] }) => droppedLetters).reduce((sum, one) => sum + one.letters, 0);
}

function numbersFrom(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, at) => first + at);
}

describe("dead letters without an end", () => {
  test("never take more than their size: the newest are kept, and the others told and counted", async () => {
    const open1 = await open();
    const told: Appended[] = [];
    for (let round = 0; round < 20; round++) {
      const deadLetters = letters(round * 10, 10, 12_000);
      told.push(await open1.append(round % 2 === 0 ? ACTIVITIES : THREATS, page([], { deadLetters }), NEVER));
      expect(bytesOnDisk()).toBeLessThanOrEqual(MAX_BYTES);
    }
    const numbers = await kept();
    expect(numbers).toEqual(numbersFrom(200 - numbers.length, 200));
    expect(bytesOnDisk()).toBeGreaterThan(MAX_BYTES / 2);
    expect(dropped(told)).toBe(200 - numbers.length);
    const { feeds } = await open1.survey();
    const tallies = feeds.map(({ feed, tallies: { dead_letters_dropped = 0 } }) => [feed, dead_letters_dropped]);
    const byFeed = (feed: string): number =>
      told
        .flatMap(({ droppedLetters = [] }) => droppedLetters)
        .filter((one) => one.feed === feed)
        .reduce((sum, one) => sum + one.letters, 0);
    expect(Object.fromEntries(tallies)).toEqual({ activities: byFeed("activities"), threats: byFeed("threats") });
    using inspector = new SpoolInspector(directory);
    expect(inspector.overview()).toMatchObject({ deadLetters: numbers.length, droppedLetters: dropped(told) });
  });

  test("of one page that is larger than their size leave its newest", async () => {
    const deadLetters = letters(0, 100, 3 * MAX_BYTES);
    const { droppedLetters } = await (await open()).append(ACTIVITIES, page([], { deadLetters }), NEVER);
    const numbers = await kept();
    expect(numbers).toEqual(numbersFrom(100 - numbers.length, 100));
    expect(droppedLetters?.reduce((sum, one) => sum + one.letters, 0)).toBe(100 - numbers.length);
    expect(bytesOnDisk()).toBeLessThanOrEqual(MAX_BYTES);
  });

  test("that are larger than their size each are kept all the same, one in each file", async () => {
    const opened = await open();
    for (let round = 0; round < 3; round++)
      await opened.append(ACTIVITIES, page([], { deadLetters: letters(round, 1, 2 * MAX_BYTES) }), NEVER);
    expect(await kept()).toEqual([1, 2]);
  });

  test("are read to their end though the bridge makes the newer file the older one meanwhile", async () => {
    const opened = await open();
    await opened.append(ACTIVITIES, page([], { deadLetters: letters(0, 20, 60_000) }), NEVER);
    const reading = readDeadLetters(directory);
    const numbers = [Number.parseInt((await reading.next()).value?.text ?? "", 10)];
    await opened.append(ACTIVITIES, page([], { deadLetters: letters(20, 10, 45_000) }), NEVER);
    for await (const { text } of reading) numbers.push(Number.parseInt(text, 10));
    expect(numbers.slice(0, 20)).toEqual(numbersFrom(0, 20));
  });
});

test.skipIf(requireMounts().missing)("a full disk takes a page's dead letters whole, or none of them", async () => {
  using disk = new SmallDisk(directory, "3m");
  const opened = await open();
  await opened.append(ACTIVITIES, page([], { deadLetters: letters(0, 2, 1000) }), NEVER);
  disk.fill();
  const deadLetters = letters(2, 10, 40_000);
  await expect(opened.append(ACTIVITIES, page([], { deadLetters }), NEVER)).rejects.toMatchObject({
    code: "BRIDGE_SPOOL_WRITE",
  });
  expect(await kept()).toEqual([0, 1]);
  expect(bytesOnDisk()).toBeLessThan(2000);
  disk.free();
  await opened.append(ACTIVITIES, page([], { deadLetters }), NEVER);
  expect(await kept()).toEqual(numbersFrom(0, 12));
  await spool?.close();
  spool = undefined;
});

import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LiveDataset, readId } from "../../chaos/live-dataset.ts";
import { Tally } from "../../chaos/tally.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-tally-"));
  file = join(directory, "received");
});

afterEach(() => rmSync(directory, { recursive: true }));

test("a tally tells what is missing, what came twice, and how long it took", async () => {
  const startMs = Date.parse("2026-11-22T00:00:00Z");
  const dataset = new LiveDataset({ seed: 1, count: 5, startMs, durationMs: 5000 });
  const tally = new Tally(file, 5);
  await tally.update();
  expect(tally.missing).toBe(5);
  const line = (at: number, lateMs: number): string => {
    const { createdMs } = readId(dataset.at(at).id);
    return `K activities/${dataset.at(at).id} ${new Date(createdMs + lateMs).toISOString()}\n`;
  };
  appendFileSync(file, line(0, 10) + line(1, 1000) + line(1, 9000).slice(0, 20));
  await tally.update();
  expect([tally.distinct, tally.duplicates]).toEqual([2, 0]);
  // What a kill has cut off stands before the next line.
  appendFileSync(file, line(1, 2000) + line(4, 500) + "K activities/9 x\nK \n");
  await tally.update();
  await tally.close();
  expect([tally.missing, tally.missed(10), tally.duplicates, tally.unknown]).toEqual([2, [2, 3], 1, 2]);
  expect([tally.worstMs, tally.quantileMs(1)]).toEqual([1000, 1000]);
});

test("late events become visible later than their time, by less than the overlap", () => {
  const dataset = new LiveDataset({ seed: 1, count: 1000, startMs: Date.now() - 500, durationMs: 1000 });
  const delays = (): number[] =>
    Array.from({ length: 1000 }, (_, at) => {
      const entry = dataset.at(at);
      return entry.visibleAtMs === 0 ? 0 : entry.visibleAtMs - readId(entry.id).createdMs;
    });
  expect(delays().every((ms) => ms === 0)).toBe(true);
  dataset.lateFor(60_000);
  const late = delays().filter((ms) => ms > 0);
  expect(late.length).toBeGreaterThan(10);
  expect(Math.max(...late)).toBeLessThan(3000);
});

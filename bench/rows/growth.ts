import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PageRecord } from "../../src/bridge/ports.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import type { Micros } from "../../src/event/time.ts";
import { jsonCollectors } from "../../test/support/json-renderer.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { type FilledSpool, enlarge, filledSpool } from "../filled-spool.ts";
import { type Row, ratio, under, whole } from "./row.ts";

const PAGE = 1000;
const KEY = { console: "bench", feed: "activities" } as const;

/** How many events are timed at each size. */
const TIMED = 10_000;

/** Beyond this the spool grows by copying its blocks: nothing is timed in between. */
const APPENDED = 1_000_000;

/** So much dearer the last events may be than the first. */
const FLAT = 1.5;

interface Step {
  readonly events: number;
  readonly microsPerEvent: number;
}

/** Time per event while what is behind grows, a tenfold at a time. */
export const growth: Row = {
  name: "growth",
  about: "time per event at 10^4, 10^5 … events behind, for the whole intake and for the spool alone",
  async run({ behind, growth: most }, progress) {
    const intake = intakeSteps(await filledSpool(behind, progress));
    const steps = await spoolSteps(
      [1e4, 1e5, 1e6, 1e7].filter((size) => size <= most),
      progress,
    );
    return {
      figures: { intake, intakeSlope: slopeOf(intake), spool: steps, spoolSlope: slopeOf(steps) },
      lines: [`into the spool, from a console: ${told(intake)}`, `the spool alone, appending:     ${told(steps)}`],
      targets: [
        under("intake: time per event at the largest size against the smallest", FLAT, slopeOf(intake), ratio),
        under("spool: time per event at the largest size against the smallest", FLAT, slopeOf(steps), ratio),
      ],
    };
  },
};

/** From half of each size to the whole of it; where one look saw both, to the next look. */
function intakeSteps({ course, events: most }: FilledSpool): Step[] {
  const sizes = [1e4, 1e5, 1e6].filter((size) => size <= most);
  const at = (events: number): readonly [number, number] => course.find(([count]) => count >= events) ?? [0, 0];
  return sizes.map((size) => {
    const [fromEvents, fromMs] = at(size / 2);
    const [toEvents, toMs] = at(Math.max(size, Math.min(most, fromEvents + 1)));
    return { events: size, microsPerEvent: ((toMs - fromMs) / Math.max(1, toEvents - fromEvents)) * 1000 };
  });
}

async function spoolSteps(sizes: readonly number[], progress: (text: string) => void): Promise<Step[]> {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-growth-"));
  const count = Math.max(...sizes) + 2 * APPENDED;
  const dataset = new ActivityDataset({ seed: 5, count, startMs: Date.UTC(2026, 0), stepMs: 50 });
  const steps: Step[] = [];
  let spool = await open(directory);
  for (const size of sizes) {
    if (size > APPENDED) {
      await spool.close();
      progress(`the spool is made ${whole(size)} events long`);
      enlarge(directory, ({ events }) => events >= size);
      spool = await open(directory);
    }
    let spentMs = 0;
    let timed = 0;
    // Behind what was copied the ids go on where they were.
    for (let done = steps.at(-1)?.events ?? 0; done < Math.min(size, APPENDED + TIMED); done += PAGE) {
      const page = pageOf(dataset, done);
      if (done % 10_000 === 0) progress(`${whole(done)} of ${whole(size)} events`);
      const startedMs = performance.now();
      await spool.append(KEY, page, new AbortController().signal);
      if (done < Math.min(size, APPENDED + TIMED) - TIMED) continue;
      spentMs += performance.now() - startedMs;
      timed += PAGE;
    }
    steps.push({ events: size, microsPerEvent: (spentMs * 1000) / timed });
  }
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
  return steps;
}

function open(directory: string): Promise<ThreadedSpool> {
  return ThreadedSpool.open({ directory, maxBytes: 2 ** 36, minFreeBytes: 0, collectors: jsonCollectors("bench") });
}

function slopeOf(steps: readonly Step[]): number {
  return (steps.at(-1)?.microsPerEvent ?? 0) / (steps[0]?.microsPerEvent ?? 1);
}

function told(steps: readonly Step[]): string {
  return `${steps.map(({ events, microsPerEvent }) => `${microsPerEvent.toFixed(1)} µs at ${whole(events)}`).join(", ")}; last to first ${ratio(slopeOf(steps))}`;
}

function pageOf(dataset: ActivityDataset, from: number): Parameters<ThreadedSpool["append"]>[1] {
  const records = Array.from({ length: PAGE }, (_, at): PageRecord => {
    const { id, text } = dataset.at(from + at);
    return { id, time: dataset.at(from + at).time(["createdAt"]) as Micros, version: undefined, text };
  });
  const time = records.at(-1)?.time ?? (0 as Micros);
  return {
    records,
    deadLetters: [],
    checkpoint: { time, floor: 0 as Micros },
    seenSince: (time - 3_600_000_000) as Micros,
    consoleVersion: "S-25.1.3#77",
    excluded: 0,
    hasMore: true,
  };
}

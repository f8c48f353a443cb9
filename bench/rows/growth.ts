import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PageRecord } from "../../src/bridge/ports.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import type { Micros } from "../../src/event/time.ts";
import { jsonCollectors } from "../../test/support/json-renderer.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { type Row, secondsSince, whole } from "./row.ts";

const PAGE = 1000;
const KEY = { console: "bench", feed: "activities" } as const;

/** Time per event of the spool alone while it grows: appending the last tenth of each size. */
export const growth: Row = {
  name: "growth",
  about: "the spool alone: time per appended event at 10^4, 10^5 … events behind",
  async run({ behind }) {
    const sizes = [1e4, 1e5, 1e6, 1e7].filter((size) => size <= behind);
    const directory = mkdtempSync(join(tmpdir(), "s1bridge-growth-"));
    const spool = await ThreadedSpool.open({
      directory,
      maxBytes: 2 ** 36,
      minFreeBytes: 0,
      collectors: jsonCollectors("bench"),
    });
    const dataset = new ActivityDataset({
      seed: 5,
      count: sizes.at(-1) ?? PAGE,
      startMs: Date.UTC(2026, 0),
      stepMs: 50,
    });
    const steps: { events: number; microsPerEvent: number }[] = [];
    let done = 0;
    for (const size of sizes) {
      let spentMs = 0;
      for (; done < size; done += PAGE) {
        const page = pageOf(dataset, done);
        const startedMs = performance.now();
        await spool.append(KEY, page, new AbortController().signal);
        if (done >= size * 0.9) spentMs += secondsSince(startedMs) * 1000;
      }
      steps.push({ events: size, microsPerEvent: (spentMs * 1000) / (size * 0.1) });
    }
    await spool.close();
    rmSync(directory, { recursive: true, force: true });
    const slope = (steps.at(-1)?.microsPerEvent ?? 0) / (steps[0]?.microsPerEvent ?? 1);
    return {
      figures: { steps, slope },
      lines: [
        ...steps.map(
          ({ events, microsPerEvent }) =>
            `${whole(events).padStart(10)} events: ${microsPerEvent.toFixed(1)} µs per event`,
        ),
        `last to first: ${slope.toFixed(2)}`,
      ],
    };
  },
};

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

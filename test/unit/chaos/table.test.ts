import { expect, test } from "vitest";
import type { Outcome } from "../../chaos/run.ts";
import { formatResult } from "../../chaos/table.ts";

const outcome: Outcome = {
  collector: "tcp",
  sender: "s1bridge",
  events: 1_000_000,
  missing: 0,
  duplicates: 1234,
  unknown: 0,
  latencyMs: { p50: 1500, p99: 4000, worst: 61_234 },
  after: { "bridge killed": 1200, refused: 34 },
  missed: [],
};

test("the result of a run is tables in Markdown", () => {
  const text = formatResult({
    seed: 7,
    seconds: 599.6,
    faults: { "bridge killed": 3, refused: 4 },
    without: ["disk full"],
    bridge: [outcome],
    omfwd: { ...outcome, sender: "rsyslog omfwd", collector: "omfwd", missing: 15_626, latencyMs: undefined },
    starts: 4,
    gaveUp: [],
    peakBytes: 200 << 20,
    exitCode: 0,
  });
  expect(text.split("\n")).toEqual([
    "| fault | times | sent twice after it: tcp |",
    "| --- | --- | --- |",
    "| bridge killed: kill -9 of s1bridge, started again | 3 | 1,200 |",
    "| refused: no new connection for 1 to 4 s, the old ones reset | 4 | 34 |",
    "| **2 kinds** | **7** | |",
    "",
    "| sender | collector | events | missing | sent twice | worst latency | p50 / p99 |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    "| s1bridge | tcp | 1,000,000 | 0 | 1,234 (0.12 %) | 61.2 s | 1.5 / 4.0 s |",
    "| rsyslog omfwd | tcp | 1,000,000 | 15,626 | 1,234 (0.12 %) |  |  |",
    "",
    "s1bridge: 4 starts, 0 of them because it had given up; peak memory 200 MiB. 600 s, seed 7.",
    "Not possible here: disk full.",
  ]);
});

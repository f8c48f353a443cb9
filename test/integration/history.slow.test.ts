import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, keysOf } from "../support/event-keys.ts";

const HOUR_MS = 3_600_000;
const MEGABYTE = 2 ** 20;

/** `S1BRIDGE_HISTORY=1000000` for the figures of docs/performance.md. */
const HISTORY = Number(process.env["S1BRIDGE_HISTORY"] ?? 150_000);
const LIMIT_MS = 60_000 + HISTORY;

test(
  "a long history is read with the documented 10 requests a second at most, and the process does not grow",
  async () => {
    const count = HISTORY;
    await using console = await DemoConsole.start();
    const startMs = Date.now() - 30 * 24 * HOUR_MS;
    const stepMs = (29 * 24 * HOUR_MS) / count;
    const history = new ActivityDataset({ seed: 1, count, startMs, stepMs, burst: 7 });
    console.activities.setDataset(history);
    await using collector = await DemoCollector.start({ keep: "keys" });
    await using home = new BridgeHome();
    const feeds = { activities: { every: "1s", start: "31d", settle: "0s" } };
    home.configure({
      consoles: [home.console(console, { feeds })],
      collectors: [{ name: "siem", address: collector.address }],
    });
    const bridge = await home.start();
    const startedMs = performance.now();
    await bridge.confirmed(count / 3, LIMIT_MS);
    const [early] = (await bridge.metric("process_resident_memory_bytes")).values();
    await bridge.confirmed(count, LIMIT_MS);
    const seconds = (performance.now() - startedMs) / 1000;
    const [late] = (await bridge.metric("process_resident_memory_bytes")).values();
    expect(console.requests.busiestSecond("/activities")).toBeLessThanOrEqual(10);
    const expected = [...history.ids()].map((id) => `activities/${id}`);
    expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
    const megabytes = [early, late].map((bytes = 0) => `${Math.round(bytes / MEGABYTE)} MB`).join(", at the end ");
    process.stdout.write(
      `${count} activities in ${seconds.toFixed(0)} s, ${console.requests.busiestSecond("/activities")} requests in the busiest second; resident after a third ${megabytes}\n`,
    );
    // What twice as many events more cost: nothing but the noise of a collector of garbage.
    expect((late ?? 0) - (early ?? 0)).toBeLessThan(80 * MEGABYTE);
  },
  180_000 + LIMIT_MS,
);

/**
 * The time is shortened twentyfold, the proportions are those of the defaults: an overlap of 5 min and records up to
 * 4 min late are 15 s and 12 s here, settle 0.5 s.
 */
test("of live events of which a tenth is late by up to four fifths of the overlap, none is missing and none comes twice", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start({ keep: "keys" });
  await using home = new BridgeHome();
  const feeds = { activities: { every: "1s", start: "1h", overlap: "15s", settle: "500ms" } };
  home.configure({
    consoles: [home.console(console, { feeds })],
    collectors: [{ name: "siem", address: collector.address }],
  });
  const bridge = await home.start();
  const expected: string[] = [];
  const batches = 60;
  for (let batch = 0; batch < batches; batch++) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const nowMs = Date.now();
    const texts = [...generateActivities({ seed: 100 + batch, count: 30, startMs: nowMs - 400, stepMs: 13 })];
    expected.push(...keysOf("activities", texts));
    const lateAt = (index: number): number => 500 + ((index * 7919 + batch * 104_729) % 11_500);
    for (const [index, text] of texts.entries()) {
      const visibleAtMs = index % 10 === 4 ? nowMs - 400 + lateAt(index) : nowMs;
      console.addActivities([text], { visibleAtMs });
    }
  }
  await bridge.confirmed(expected.length, 60_000);
  expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
  expect(await bridge.total("s1bridge_feed_late_records_total")).toBeGreaterThan(100);
  expect(await bridge.total("s1bridge_feed_overlap_seconds")).toBe(15);
}, 180_000);

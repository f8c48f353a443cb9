import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, supply } from "../support/event-keys.ts";

const HOUR_MS = 3_600_000;
const PAGE = 1000;
/** What a page's events and ids take at most. */
const PAGE_BYTES = 256 << 10;
/** Together they take many times as long as a page. */
const LOOKS = 100;

test("a full spool pauses polling, and everything arrives once when the collector comes back", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start({ keep: "keys" });
  await using home = new BridgeHome();
  const startMs = Date.now() - HOUR_MS - 60_000;
  const expected = supply(console, {
    activities: generateActivities({ seed: 1, count: 9000, startMs, stepMs: HOUR_MS / 9000, burst: 3 }),
    threats: generateThreats({ seed: 2, count: 1000, startMs, stepMs: HOUR_MS / 1000 }),
  });
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address }],
    spool: { max_size: "1MiB" },
  });
  await collector.goAway();
  const bridge = await home.start();

  const isFull = async (): Promise<boolean> => (await bridge.total("s1bridge_spool_full")) === 1;
  const spooled = (): Promise<number> => bridge.total("s1bridge_feed_events_spooled_total");
  await eventually(isFull, "the spool is full");
  const { text, status } = await bridge.get("/readyz");
  expect([status, text]).toStrictEqual([
    503,
    expect.stringContaining("the spool is full (max_size), and polling waits") as string,
  ]);
  // Were polling to go on, pages would pile up in memory: it has one that waits for room, and one that was asked for ahead.
  for (let look = 0; look < LOOKS; look++) {
    const asked = console.requests.count("/activities");
    expect(asked * PAGE - (await spooled())).toBeLessThanOrEqual(2 * PAGE);
  }
  expect(await spooled()).toBeLessThan(expected.length);
  await eventually(async () => (await spooled()) === (await bridge.total("s1bridge_spool_events")), "both are counted");
  // Within its limit but for the last page.
  expect(await bridge.total("s1bridge_spool_bytes")).toBeLessThanOrEqual((1 << 20) + PAGE_BYTES);

  await collector.back();
  await collector.received.keysAtLeast(expected.length);
  await bridge.confirmed(expected.length);
  expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
  expect(await isFull()).toBe(false);
});

import { setTimeout as pause } from "node:timers/promises";
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
/** Several times as long as a page takes. */
const QUIET_MS = 700;

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
  const requests = (): number => console.requests.count("/activities");
  await eventually(isFull, "the spool is full");
  // A page was asked for ahead while the other waits for room. That no more are takes time to see.
  let asked = 0;
  while (requests() !== asked) {
    asked = requests();
    await pause(QUIET_MS);
  }
  await pause(QUIET_MS);
  const { text, status } = await bridge.get("/readyz");
  expect([status, text]).toStrictEqual([
    503,
    expect.stringContaining("the spool is full (max_size), and polling waits") as string,
  ]);
  const spooled = await bridge.total("s1bridge_feed_events_spooled_total");
  expect(spooled).toBeLessThan(expected.length);
  expect(spooled).toBe(await bridge.total("s1bridge_spool_events"));
  // Within its limit but for the last page, and with no more than two pages of a feed in memory.
  expect(await bridge.total("s1bridge_spool_bytes")).toBeLessThanOrEqual((1 << 20) + PAGE_BYTES);
  expect(requests()).toBe(asked);
  expect(asked * PAGE - spooled).toBeLessThanOrEqual(2 * PAGE);

  await collector.back();
  await collector.received.keysAtLeast(expected.length);
  await bridge.confirmed(expected.length);
  expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
  expect(await isFull()).toBe(false);
});

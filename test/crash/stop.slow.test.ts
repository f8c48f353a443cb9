import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { compareKeys, supply } from "../support/event-keys.ts";

test("SIGTERM while the collector has stopped reading gives up the window in flight in time, and loses none of it", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start({ keep: "keys" });
  await using home = new BridgeHome();
  const startMs = Date.now() - 3_600_000;
  const expected = supply(console, { activities: generateActivities({ seed: 1, count: 3000, startMs, stepMs: 1000 }) });
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address }],
  });
  collector.behaveNext({ stopReadingAfter: 100_000 });
  const bridge = await home.start();
  await collector.received.atLeast(50);

  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  const late = bridge.log.findIndex(({ msg }) => msg.startsWith("the windows in flight were not finished in time"));
  const [begun, over] = [bridge.log.findIndex(({ msg }) => msg.startsWith("stopping")), bridge.log.length - 1];
  expect(begun).toBeLessThan(late);
  expect([late < over, bridge.log[over]?.msg]).toStrictEqual([true, "stopped"]);

  const next = await home.start();
  await collector.received.keysAtLeast(expected.length);
  expect(await next.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  expect(compareKeys(expected, collector.received.keys)).toMatchObject({ missing: [], unknown: [] });
});

import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, supply } from "../support/event-keys.ts";

test("a token that is replaced in its file is found without a restart, and the bridge is ready again", async () => {
  await using console = await DemoConsole.start({ token: "the-new-one" });
  await using collector = await DemoCollector.start({ keep: "keys" });
  await using home = new BridgeHome({ token: "a-revoked-one" });
  const timeline = { seed: 1, count: 500, startMs: Date.now() - 60_000, stepMs: 100 };
  const expected = supply(console, { activities: generateActivities(timeline) });
  home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });
  const bridge = await home.start();
  await bridge.logged(({ code }) => code === "BRIDGE_FEED_UNAUTHORIZED", "the token is refused");
  expect((await bridge.get("/readyz")).status).toBe(503);

  writeFileSync(home.tokenFile, "the-new-one\n");
  await bridge.confirmed(expected.length, 60_000);
  await eventually(async () => (await bridge.get("/readyz")).status === 200, "it is ready");
  expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
});

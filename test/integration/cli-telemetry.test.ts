import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";

function supplyMinute(console: DemoConsole): string[] {
  const startMs = Date.now() - 60_000;
  return supply(console, {
    activities: generateActivities({ seed: 1, count: 200, startMs, stepMs: 100 }),
    threats: generateThreats({ seed: 2, count: 20, startMs, stepMs: 1000 }),
  });
}

test.concurrent("the probes say why the bridge is not ready, and that it is; metrics and status count what arrived", async () => {
  await using console = await DemoConsole.start({ token: "the new one" });
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome({ token: "a-revoked-one" });
  console.tokens.add("the-new-one");
  const expected = supplyMinute(console);
  home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });

  const refused = await home.start();
  const ready = async (): Promise<{ status: number; text: string }> => await refused.get("/readyz");
  await eventually(
    async () => (await ready()).text.includes("acme/threats has not read a page yet: BRIDGE_FEED_UNAUTHORIZED"),
    "the reason",
  );
  expect(await ready()).toMatchObject({
    status: 503,
    text: expect.stringContaining("acme/activities has not read a page yet: BRIDGE_FEED_UNAUTHORIZED") as string,
  });
  expect(await refused.get("/livez")).toStrictEqual({ status: 200, text: "ok\n" });
  await refused.signal("SIGTERM");

  writeFileSync(home.tokenFile, "the-new-one");
  const bridge = await home.start();
  await bridge.confirmed(expected.length);
  expect(await bridge.get("/readyz")).toStrictEqual({ status: 200, text: "ok\n" });
  expect(await bridge.get("/livez")).toStrictEqual({ status: 200, text: "ok\n" });

  for (const words of [[], ["--ready"]]) {
    const { code, stdout } = await home.command("healthcheck", "-c", home.configFile, ...words);
    expect([code, stdout]).toStrictEqual([0, "ok\n"]);
  }

  const confirmed = await bridge.metric("s1bridge_collector_events_confirmed_total");
  expect(Object.fromEntries(confirmed)).toStrictEqual({ '{collector="siem"}': collector.received.count });
  const spooled = await bridge.metric("s1bridge_feed_events_spooled_total");
  expect(Object.fromEntries(spooled)).toStrictEqual({
    '{console="acme",feed="activities"}': 200,
    '{console="acme",feed="threats"}': 20,
  });
  expect(await bridge.total("s1bridge_spool_events")).toBe(0);
  expect(await bridge.total("s1bridge_feed_faults_total")).toBe(0);
  expect(compareKeys(expected, countKeys(collector.received.messages))).toStrictEqual(COMPLETE);

  const { status, text } = await bridge.get("/api/status");
  expect([status, JSON.parse(text)]).toMatchObject([
    200,
    {
      pid: bridge.pid,
      spool: { events: 0, end: expected.length, full: false },
      feeds: [
        { console: "acme", feed: "activities", spooled: 200 },
        { console: "acme", feed: "threats", spooled: 20 },
      ],
      collectors: [{ collector: "siem", confirmed: expected.length, position: expected.length }],
    },
  ]);
  expect((await bridge.get("/elsewhere")).status).toBe(404);
});

test.concurrent("a port of the telemetry that is taken costs the probes and no events", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const expected = supplyMinute(console);
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address }],
    telemetry: { listen: `127.0.0.1:${(taken.address() as AddressInfo).port}` },
  });
  const bridge = await home.start();
  await collector.received.atLeast(expected.length);
  expect(bridge.log).toContainEqual(
    expect.objectContaining({ level: "error", error: expect.stringContaining("EADDRINUSE") as string }),
  );
  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  taken.close();
});

test.concurrent("a healthcheck fails when no daemon answers", async () => {
  await using console = await DemoConsole.start();
  await using home = new BridgeHome();
  home.configure({ consoles: [home.console(console)], collectors: [{ name: "out", address: "stdout:" }] });
  const { code, stdout } = await home.command("healthcheck", "-c", home.configFile);
  expect([code, stdout]).toStrictEqual([1, expect.stringContaining("the daemon does not answer") as string]);
});

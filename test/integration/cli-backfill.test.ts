import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import { BridgeHome, EAGER_FEED } from "../support/bridge-process.ts";
import { activity } from "./feed-fixture.ts";

const HOUR = 3_600_000;

let console: DemoConsole;
let siem: DemoCollector;
let archive: DemoCollector;
let home: BridgeHome;
/** A day ago, on the hour. */
let beginMs: number;

beforeEach(async () => {
  [console, siem, archive, home] = [
    await DemoConsole.start(),
    await DemoCollector.start({ keep: "keys" }),
    await DemoCollector.start({ keep: "keys" }),
    new BridgeHome(),
  ];
  beginMs = Math.floor(Date.now() / HOUR) * HOUR - 24 * HOUR;
  home.configure({
    consoles: [home.console(console, { feeds: { activities: { ...EAGER_FEED, start: "10h" }, sites: {} } })],
    collectors: [
      { name: "siem", address: siem.address },
      { name: "archive", address: archive.address },
    ],
  });
  console.addActivities(Array.from({ length: 2500 }, (_, at) => activity(String(10_000 + at), beginMs + at * 1000)));
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
  await Promise.all([console, siem, archive].map((one) => one.close()));
});

async function backfill(...more: readonly string[]) {
  const range = ["--from", iso(0), "--to", iso(1)];
  const { code, stdout, stderr } = await home.command(
    "backfill",
    "-c",
    home.configFile,
    "--feed",
    "activities",
    ...range,
    ...more,
  );
  return { code, stdout, stderr };
}

function iso(hour: number): string {
  return formatTime(microsFromMs(beginMs + hour * HOUR));
}

function activitiesOf(collector: DemoCollector): number {
  return [...collector.received.keys.keys()].filter((key) => key.startsWith("activities/")).length;
}

describe("backfill", () => {
  test("beside the running bridge forwards the past once", async () => {
    const bridge = await home.start();
    const { code, stdout } = await backfill();
    expect([code, stdout]).toEqual([0, "acme/activities: 2500 read, 2500 sent, 0 were sent before or are excluded\n"]);
    expect([activitiesOf(siem), activitiesOf(archive)]).toEqual([2500, 2500]);
    await bridge.signal("SIGTERM");
  });

  test("says what it can not do", async () => {
    const bridge = await home.start();
    expect(statSync(join(home.spool, "control.sock")).mode & 0o777).toBe(0o600);
    expect(await backfill("--feed", "threats")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("activities, sites") as string,
    });
    expect(await backfill("--feed", "sites")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("BRIDGE_FEED_NO_PAST") as string,
    });
    expect(await backfill("--to", iso(-1))).toMatchObject({ code: 2 });
    await bridge.signal("SIGTERM");
  });
});

import { afterEach, beforeEach } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import { activity } from "../integration/feed-fixture.ts";
import { BridgeHome, EAGER_FEED } from "./bridge-process.ts";

/** A console with 2,500 activities of one hour of yesterday, two collectors, and a bridge: made anew for each test of a file. */

export const HOUR = 3_600_000;

export let console: DemoConsole;
export let siem: DemoCollector;
export let archive: DemoCollector;
export let home: BridgeHome;
/** A day ago, on the hour. */
export let beginMs: number;

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

export async function backfill(...more: readonly string[]) {
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

export function iso(hour: number): string {
  return formatTime(microsFromMs(beginMs + hour * HOUR));
}

export function activitiesOf(collector: DemoCollector): number {
  return [...collector.received.keys.keys()].filter((key) => key.startsWith("activities/")).length;
}

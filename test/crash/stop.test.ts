import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import type { BridgeProcess } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, supply } from "../support/event-keys.ts";

const HOUR_MS = 3_600_000;
/** What supervisors wait for before they kill. */
const SUPERVISOR_MS = 10_000;

let console: DemoConsole;
let collector: DemoCollector;
let home: BridgeHome;
let expected: readonly string[];

beforeEach(async () => {
  console = await DemoConsole.start();
  collector = await DemoCollector.start({ keep: "keys" });
  home = new BridgeHome();
  const startMs = Date.now() - HOUR_MS - 60_000;
  expected = supply(console, {
    activities: generateActivities({ seed: 1, count: 4000, startMs, stepMs: HOUR_MS / 4000, burst: 3 }),
    threats: generateThreats({ seed: 2, count: 300, startMs, stepMs: HOUR_MS / 300 }),
  });
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
  await collector.close();
  await console.close();
});

function configure({ requestsPerSecond = 1000 } = {}): void {
  home.configure({
    consoles: [home.console(console, { feed: { requests_per_second: requestsPerSecond } })],
    collectors: [{ name: "siem", address: collector.address }],
  });
}

/** Sends the signal; the bridge must end well, and before a supervisor would lose its patience. */
async function stop(bridge: BridgeProcess, signal: NodeJS.Signals): Promise<void> {
  const askedMs = performance.now();
  expect(await bridge.signal(signal)).toStrictEqual({ code: 0, signal: null });
  expect(performance.now() - askedMs).toBeLessThan(SUPERVISOR_MS);
  expect(bridge.log.map(({ msg }) => msg)).toContain("stopped");
}

async function runToTheEnd(): Promise<void> {
  configure();
  const bridge = await home.start();
  await collector.received.keysAtLeast(expected.length);
  await stop(bridge, "SIGTERM");
}

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  test("in the middle of a run ends it with 0, and the next start goes on: none missing, none twice", async () => {
    configure({ requestsPerSecond: 5 });
    const bridge = await home.start();
    await collector.received.atLeast(1000);
    await stop(bridge, signal);
    expect(collector.received.count).toBeLessThan(expected.length);

    await runToTheEnd();
    expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
  });

  test("while the collector is down ends it with 0, and the next start delivers what is in the spool", async () => {
    await collector.goAway();
    configure();
    const bridge = await home.start();
    await bridge.logged(({ code }) => code === "BRIDGE_COLLECTOR_UNREACHABLE", "the collector is not there");
    await stop(bridge, signal);

    await collector.back();
    await runToTheEnd();
    expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
  });

  test("while the console does not answer ends it with 0", async () => {
    console.faults.add({ kind: "hang" }, { times: 1000 });
    configure();
    const bridge = await home.start();
    await console.requests.next();
    await stop(bridge, signal);
  });

  test("for a second time ends it at once, and what was in flight is sent again", async () => {
    collector.behaveNext({ stopReadingAfter: 1000 });
    configure();
    const bridge = await home.start();
    await collector.received.atLeast(1);
    bridge.process.kill(signal);
    await bridge.logged(({ msg }) => msg.startsWith("stopping"), "it stops");
    const askedMs = performance.now();
    expect(await bridge.signal(signal)).toStrictEqual({ code: 0, signal: null });
    expect(performance.now() - askedMs).toBeLessThan(2000);

    await runToTheEnd();
    globalThis.console.log(JSON.stringify(collector.accepted), home);
    const { duplicates, ...others } = compareKeys(expected, collector.received.keys);
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(duplicates).toBeGreaterThan(0);
  });
});

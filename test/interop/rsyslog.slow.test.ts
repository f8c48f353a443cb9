import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import { generateThreats } from "../../src/demo/records/records.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import type { BridgeProcess } from "../support/bridge-process.ts";
import { DirectRsyslog, READ_BYTES } from "../support/direct-rsyslog.ts";
import { COMPLETE, compareKeys, countKeysOfFile, supply } from "../support/event-keys.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { makeCertificates } from "../support/tls.ts";
import type { Certificates } from "../support/tls.ts";

const HOUR_MS = 3_600_000;

let console: DemoConsole;
let home: BridgeHome;

beforeEach(async () => {
  console = await DemoConsole.start();
  home = new BridgeHome();
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
  await console.close();
});

/** Activities of the last hour, `burst` at a time with the very same `createdAt`; gives the keys to come. */
function supplyActivities(count: number, burst: number): string[] {
  // The last group is whole and in the past.
  const places = Math.ceil(count / burst) * burst;
  const startMs = Date.now() - HOUR_MS - 60_000;
  const dataset = new ActivityDataset({ seed: 7, count, startMs, stepMs: HOUR_MS / places, burst });
  console.activities.setDataset(dataset);
  return [...dataset.ids()].map((id) => `activities/${id}`);
}

function supplyThreats(count: number): string[] {
  const startMs = Date.now() - HOUR_MS - 60_000;
  return supply(console, { threats: generateThreats({ seed: 8, count, startMs, stepMs: HOUR_MS / count }) });
}

describe.skipIf(requireProgram("rsyslogd").missing)("rsyslogd and 105,000 events over TLS", () => {
  let certificates: Certificates;

  beforeAll(() => {
    certificates = makeCertificates();
  });

  afterAll(() => certificates[Symbol.dispose]());

  test.each([
    { framing: "octet_counting", driver: "ossl", burst: 7 },
    // Longer than a page: whole pages of one time, and page edges inside of them.
    { framing: "newline", driver: "gtls", burst: 1300 },
  ] as const)("none is missing and none comes twice: $framing, $driver, $burst of equal times", async (variant) => {
    const { framing, driver, burst } = variant;
    await using rsyslog = await Rsyslog.start({ transport: "tls", driver, certificates });
    const expected = [...supplyActivities(100_000, burst), ...supplyThreats(5000)];
    const collector = { name: "siem", address: `tls://127.0.0.1:${rsyslog.port}`, framing };
    const tls = { ca_file: certificates.caFile, server_name: "localhost" };
    home.configure({ consoles: [home.console(console)], collectors: [{ ...collector, tls }] });
    const startedMs = performance.now();
    const bridge = await home.start();

    await bridge.confirmed(expected.length, 240_000);
    const seconds = (performance.now() - startedMs) / 1000;
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    await eventually(
      async () => (await countKeysOfFile(rsyslog.file)).size >= expected.length,
      "rsyslogd has written what it has read",
    );

    expect(compareKeys(expected, await countKeysOfFile(rsyslog.file))).toStrictEqual(COMPLETE);
    report(`${expected.length} events, ${framing}, ${driver}: ${seconds.toFixed(1)} s`);
  });
});

describe.skipIf(requireProgram("rsyslogd").missing)("rsyslogd that is killed", () => {
  test("none is missing when it stands still for 2 s, is killed, and comes back 2 s later", async () => {
    await using rsyslog = await DirectRsyslog.start();
    const expected = supplyActivities(20_000, 7);
    const bridge = await bridgeTo(rsyslog);
    await eventually(async () => (await rsyslog.size()) > 2e6, "some messages are written");

    rsyslog.daemon.pause();
    await pause(2000);
    await rsyslog.killBeforeTheEnd();
    await pause(2000);
    await rsyslog.daemon.start();

    await bridge.confirmed(expected.length, 60_000);
    const { duplicates, ...others } = compareKeys(expected, await countKeysOfFile(rsyslog.file));
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(duplicates).toBeLessThanOrEqual(await bridge.total("s1bridge_collector_events_in_doubt_total"));
    expect(await bridge.total("s1bridge_collector_faults_total")).toBeGreaterThan(0);
    report(`${expected.length} events, one stall and kill: ${duplicates} twice`);
  });

  test("none is missing when it is killed ten times while 50,000 events are under way", async () => {
    await using rsyslog = await DirectRsyslog.start();
    const expected = supplyActivities(50_000, 7);
    const bridge = await bridgeTo(rsyslog);
    await killAgainAndAgain(rsyslog, () => rsyslog.killBeforeTheEnd());
    // Killed in the middle, each time.
    expect(await bridge.total("s1bridge_collector_events_confirmed_total")).toBeLessThan(expected.length);

    await bridge.confirmed(expected.length, 120_000);
    const { duplicates, ...others } = compareKeys(expected, await countKeysOfFile(rsyslog.file));
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(duplicates).toBeLessThanOrEqual(await bridge.total("s1bridge_collector_events_in_doubt_total"));
    report(`${expected.length} events, ${KILLS} kills of rsyslogd: ${duplicates} twice`);
  });

  test("none is missing behind a resend window, at whatever moment it is killed", async () => {
    await using rsyslog = await DirectRsyslog.start();
    const expected = supplyActivities(30_000, 7);
    const bridge = await bridgeTo(rsyslog, "tcp", { confirm: "window", resend_time: "5s" });
    await killAgainAndAgain(rsyslog, () => rsyslog.daemon.kill());
    rsyslog.daemon.pause();
    await pause(2000);
    await rsyslog.daemon.kill();
    await rsyslog.daemon.start();

    await bridge.confirmed(expected.length, 180_000);
    const { duplicates, ...others } = compareKeys(expected, await countKeysOfFile(rsyslog.file));
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(duplicates).toBeLessThanOrEqual(await bridge.total("s1bridge_collector_events_in_doubt_total"));
    report(`${expected.length} events, resend window, ${KILLS} kills at any moment and a stall: ${duplicates} twice`);
  });

  test("at any moment, nothing is missing but what it had read at once and not yet written", async () => {
    await using rsyslog = await DirectRsyslog.start();
    const expected = supplyActivities(50_000, 7);
    const bridge = await bridgeTo(rsyslog);
    await killAgainAndAgain(rsyslog, () => rsyslog.daemon.kill());

    await bridge.confirmed(expected.length, 120_000);
    const { missing, unknown } = compareKeys(expected, await countKeysOfFile(rsyslog.file));
    expect(unknown).toStrictEqual([]);
    const gaps = gapsOf(missing, expected);
    // Messages of one kind are longer than those of another: a quarter more for that.
    const bytesEach = (await bridge.total("s1bridge_collector_bytes_confirmed_total")) / expected.length;
    const perRead = Math.ceil((READ_BYTES / bytesEach) * 1.25);
    expect(gaps.filter((length) => length > perRead)).toStrictEqual([]);
    expect(gaps.length).toBeLessThanOrEqual(KILLS / 2);
    report(`${expected.length} events, ${KILLS} kills at any moment: gaps [${gaps.join(" ")}], a read is ${perRead}`);
  });
});

describe.skipIf(requireProgram("rsyslogd").missing)("rsyslogd that takes RELP and is killed", () => {
  test("none is missing, whenever it is killed, and what comes twice is at most a window for each kill", async () => {
    await using rsyslog = await DirectRsyslog.start("relp");
    const expected = supplyActivities(50_000, 7);
    const bridge = await bridgeTo(rsyslog, "relp");
    await killAgainAndAgain(rsyslog, () => rsyslog.daemon.kill());
    // Killed in the middle, each time.
    expect(await bridge.total("s1bridge_collector_events_confirmed_total")).toBeLessThan(expected.length);

    await bridge.confirmed(expected.length, 120_000);
    const { duplicates, ...others } = compareKeys(expected, await countKeysOfFile(rsyslog.file));
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(duplicates).toBeLessThanOrEqual(await bridge.total("s1bridge_collector_events_in_doubt_total"));
    expect(duplicates).toBeLessThanOrEqual(KILLS * WINDOW_EVENTS);
    report(`${expected.length} events over RELP, ${KILLS} kills of rsyslogd at any moment: ${duplicates} twice`);
  });
});

const KILLS = 10;
/** The most events of a window. */
const WINDOW_EVENTS = 5000;

function bridgeTo(
  { port }: DirectRsyslog,
  scheme: "tcp" | "relp" = "tcp",
  more: Readonly<Record<string, string>> = {},
): Promise<BridgeProcess> {
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: `${scheme}://127.0.0.1:${port}`, ...more }],
  });
  return home.start();
}

/** Each time a little more is written before. */
async function killAgainAndAgain(rsyslog: DirectRsyslog, kill: () => Promise<void>): Promise<void> {
  for (let time = 1; time <= KILLS; time += 1) {
    const size = (await rsyslog.size()) + 200_000 + time * 150_000;
    await eventually(async () => (await rsyslog.size()) > size, `messages are written before kill ${time}`);
    await kill();
    await rsyslog.daemon.start();
  }
}

/** How many neighbours are missing at each place. */
function gapsOf(missing: readonly string[], expected: readonly string[]): number[] {
  const gaps: number[] = [];
  const isMissing = new Set(missing);
  for (const [at, key] of expected.entries()) {
    if (!isMissing.has(key)) continue;
    if (at > 0 && isMissing.has(expected[at - 1] ?? "")) gaps.push((gaps.pop() ?? 0) + 1);
    else gaps.push(1);
  }
  return gaps;
}

function report(text: string): void {
  process.stdout.write(`${text}\n`);
}

import { afterAll, beforeAll, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import type { CollectorOptions } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { compareKeys } from "../support/event-keys.ts";
import { makeCertificates } from "../support/tls.ts";
import type { Certificates } from "../support/tls.ts";

const EVENTS = 20_000;
const HOUR_MS = 3_600_000;

let certificates: Certificates;

beforeAll(() => {
  certificates = makeCertificates();
});

afterAll(() => certificates[Symbol.dispose]());

/** The fault that costs the forwarders of rsyslog and syslog-ng three quarters of 20,000 messages: docs/delivery.md. */
test.each(["tcp", "tls"] as const)(
  "none is missing when the collector stalls 2 s, resets, stays away 2 s and comes back, over %s",
  async (transport) => {
    const { cert, key } = certificates.server;
    const options: CollectorOptions = { keep: "keys", ...(transport === "tls" ? { tls: { cert, key } } : {}) };
    await using console = await DemoConsole.start();
    await using collector = await DemoCollector.start(options);
    await using home = new BridgeHome();
    const startMs = Date.now() - HOUR_MS - 60_000;
    const dataset = new ActivityDataset({ seed: 5, count: EVENTS, startMs, stepMs: HOUR_MS / EVENTS, burst: 5 });
    console.activities.setDataset(dataset);
    const tls = transport === "tls" ? { tls: { ca_file: certificates.caFile, server_name: "localhost" } } : {};
    home.configure({
      consoles: [home.console(console)],
      collectors: [{ name: "siem", address: collector.address, framing: "octet_counting", ...tls }],
    });
    // The first window is taken well; the second, as small as it may be, breaks in its middle.
    collector.behaveNext({}, { stall: { afterBytes: 20_000, ms: 2000 } });
    const bridge = await home.start();

    const broken = await bridge.logged(({ code }) => code === "BRIDGE_COLLECTOR_BROKEN", "the connection broke");
    expect(broken["inDoubt"]).toBeGreaterThan(0);
    await collector.away(2000);

    await bridge.confirmed(EVENTS, 60_000);
    const keys = [...dataset.ids()].map((id) => `activities/${id}`);
    const { duplicates, ...others } = compareKeys(keys, collector.received.keys);
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(collector.received.withoutKey).toBe(0);
    expect(duplicates).toBeLessThanOrEqual(await bridge.total("s1bridge_collector_events_in_doubt_total"));
    process.stdout.write(`${EVENTS} events over ${transport}, a stall and an absence: ${duplicates} twice\n`);
  },
);

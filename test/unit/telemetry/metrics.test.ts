import { describe, expect, test } from "vitest";
import type { WindowReport } from "../../../src/bridge/delivery.ts";
import { METRICS, type MetricSpec } from "../../../src/telemetry/metric-list.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import type { BridgeStatus } from "../../../src/telemetry/status.ts";

const NOW = Date.UTC(2026, 10, 22, 4);
const at = new Date(NOW).toISOString();
const feed = { console: "acme", feed: "threats", lagSeconds: 7, state: "parked" };
const STATUS = {
  ready: false,
  at,
  consoles: [{ console: "acme", skewSeconds: -2, tokenExpiresAt: at, tokenSecondsLeft: 86_400 }],
  feeds: [{ ...feed, fault: { since: new Date(NOW - 90_000).toISOString() } }],
  collectors: [{ collector: "siem", waiting: 3, oldestWaitingSeconds: 12 }],
  spool: { events: 3, bytes: 10, maxBytes: 100, full: true, oldestSeconds: 12, diskFreeBytes: 5, minFreeBytes: 9 },
} as unknown as BridgeStatus;

function metrics(status: () => BridgeStatus = () => STATUS): Metrics {
  return new Metrics("1.2.3", {
    status: () => Promise.resolve(status()),
    consoleNow: () => NOW,
    intervalMs: () => 30_000,
  });
}

function window(ages: readonly number[]): WindowReport {
  const times = Float64Array.from(ages, (seconds) => NOW * 1000 - seconds * 1e6);
  const batch = { origin: { console: "acme", feed: "threats" }, times, end: 1, newest: undefined, damaged: 0 };
  return {
    kind: "window",
    collector: "siem",
    events: ages.length,
    bytes: 1,
    damaged: 0,
    unrouted: {},
    end: 1,
    newest: undefined,
    tookMs: 30,
    unconfirmed: 0,
    maxEvents: undefined,
    batches: [{ ...batch, unrouted: {} } as WindowReport["batches"][number]],
  };
}

describe("/metrics", () => {
  test("has every metric of the list under its name, type and help", async () => {
    const text = await metrics().text();
    for (const { name, kind, help } of Object.values<MetricSpec>(METRICS)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`);
    }
  });

  test("counts how long each event took from its own time to the confirmation, and what is from the future as 0", async () => {
    const made = metrics();
    made.window(window([0.5, 3, 3, 40, 1e6, -5]));
    const text = await made.text();
    const labels = 'console="acme",feed="threats",collector="siem"';
    const bucket = (le: string, count: number): string =>
      `s1bridge_feed_delivery_seconds_bucket{le="${le}",${labels}} ${count}\n`;
    for (const [le, count] of [
      ["1", 2],
      ["5", 4],
      ["30", 4],
      ["60", 5],
      ["86400", 5],
      ["+Inf", 6],
    ] as const)
      expect(text).toContain(bucket(le, count));
    expect(text).toContain(`s1bridge_feed_delivery_seconds_sum{${labels}} 1000046.5\n`);
    expect(text).toContain(`s1bridge_feed_delivery_seconds_count{${labels}} 6\n`);
  });

  test("tells requests, waits and certificates", async () => {
    const made = metrics();
    made.request({ console: "acme", path: "threats", status: 200, tookMs: 200, waitedMs: 1500 });
    made.request({ console: "acme", path: "threats", status: undefined, tookMs: 60_000, waitedMs: 0 });
    made.certificate({ peer: "collector", name: "siem", expiresMs: NOW });
    const text = await made.text();
    for (const line of [
      's1bridge_api_request_seconds_bucket{le="0.25",console="acme",path="threats",status="200"} 1',
      's1bridge_api_request_seconds_count{console="acme",path="threats",status="none"} 1',
      's1bridge_api_rate_limit_wait_seconds_total{console="acme",path="threats"} 1.5',
      `s1bridge_certificate_expiry_timestamp_seconds{peer="collector",name="siem"} ${NOW / 1000}`,
    ])
      expect(text).toContain(`${line}\n`);
  });

  test("shows the status, and nothing more of what a reload took away", async () => {
    let status = STATUS;
    const made = metrics(() => status);
    const text = await made.text();
    for (const line of [
      "s1bridge_ready 0",
      "s1bridge_spool_full 1",
      "s1bridge_spool_oldest_seconds 12",
      's1bridge_feed_lag_seconds{console="acme",feed="threats"} 7',
      's1bridge_feed_parked{console="acme",feed="threats"} 1',
      's1bridge_feed_failing_seconds{console="acme",feed="threats"} 90',
      's1bridge_feed_interval_seconds{console="acme",feed="threats"} 30',
      's1bridge_token_left_seconds{console="acme"} 86400',
      's1bridge_console_clock_skew_seconds{console="acme"} -2',
      's1bridge_collector_oldest_waiting_seconds{collector="siem"} 12',
    ])
      expect(text).toContain(`${line}\n`);
    status = { ...STATUS, feeds: [], consoles: [], collectors: [] };
    expect(await made.text()).not.toMatch(/^s1bridge_(feed|token|console)_\w+\{/m);
  });
});

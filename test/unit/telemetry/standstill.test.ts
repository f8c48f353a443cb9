import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { standstillLimits } from "../../../src/cli/standstill-limits.ts";
import { standstills } from "../../../src/telemetry/standstill.ts";
import type { BridgeStatus } from "../../../src/telemetry/status.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const LIMITS = {
  feedMs: (one: { feed: string }) => (one.feed === "agents" ? undefined : 60_000),
  collectorMs: 60_000,
  dueMs: () => undefined,
  intervalMs: () => undefined,
};

function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

function feed(parts: object): BridgeStatus["feeds"][number] {
  return { console: "acme", feed: "threats", lastPageAt: null, fault: null, ...parts } as never;
}

function collector(parts: object): BridgeStatus["collectors"][number] {
  return { collector: "siem", waiting: 5, oldestWaitingAt: null, lastConfirmAt: null, fault: null, ...parts } as never;
}

function told(
  parts: Partial<Pick<BridgeStatus, "feeds" | "collectors" | "startedAt">>,
  full = false,
): readonly string[] {
  const status = { feeds: [], collectors: [], startedAt: ago(3600), spool: { full } as never, ...parts };
  return standstills(status, LIMITS, NOW);
}

describe("a feed", () => {
  test("moves while it reads pages", () => {
    expect(told({ feeds: [feed({ lastPageAt: ago(59) })] })).toEqual([]);
  });

  test("moves while it fails and is tried again, and while it waits for that", () => {
    expect(told({ feeds: [feed({ lastPageAt: ago(900), fault: { at: ago(30), retryAt: ago(20) } })] })).toEqual([]);
    expect(told({ feeds: [feed({ lastPageAt: ago(900), fault: { at: ago(300), retryAt: ago(-300) } })] })).toEqual([]);
  });

  test("stands still when it neither reads nor fails", () => {
    expect(told({ feeds: [feed({ lastPageAt: ago(61) })] })).toEqual([`acme/threats has not moved since ${ago(61)}`]);
    expect(told({ feeds: [feed({})] })).toEqual([`acme/threats has not moved since ${ago(3600)}`]);
  });

  test("is given its time after the start", () => {
    expect(told({ feeds: [feed({})], startedAt: ago(10) })).toEqual([]);
  });

  test("that waits for room in the spool, or for a far time, is no standstill", () => {
    expect(told({ feeds: [feed({ lastPageAt: ago(900) })] }, true)).toEqual([]);
    expect(told({ feeds: [feed({ feed: "agents", lastPageAt: ago(9000) })] })).toEqual([]);
  });
});

describe("a collector", () => {
  test("for which nothing waits does not stand still", () => {
    expect(told({ collectors: [collector({ waiting: 0, lastConfirmAt: ago(900) })] })).toEqual([]);
  });

  test("moves from when something waits for it", () => {
    expect(told({ collectors: [collector({ lastConfirmAt: ago(900), oldestWaitingAt: ago(5) })] })).toEqual([]);
  });

  test("that is away moves with each attempt", () => {
    const away = { oldestWaitingAt: ago(900), fault: { at: ago(20), retryAt: ago(5) } };
    expect(told({ collectors: [collector(away)] })).toEqual([]);
  });

  test("that neither confirms nor fails stands still", () => {
    expect(told({ collectors: [collector({ oldestWaitingAt: ago(61), lastConfirmAt: ago(70) })] })).toEqual([
      `siem has not moved since ${ago(61)}`,
    ]);
  });
});

test("limits follow the configuration", () => {
  const { config } = parseConfig(`
version: 1
consoles:
  - name: acme
    url: https://acme.example
    token: { env: T }
    requests_per_hour: 120
    feeds: { activities: { every: 1h }, agents: { cron: "0 3 * * *" } }
collectors: [{ name: siem, address: "tcp://127.0.0.1:514", confirm: window, resend_time: 1h }]
`);
  const limits = standstillLimits(config);
  const MINUTE_MS = 60_000;
  expect(limits.feedMs({ console: "acme", feed: "activities" })).toBe((60 + 2 + 15) * MINUTE_MS);
  expect(limits.feedMs({ console: "acme", feed: "agents" })).toBeUndefined();
  expect(limits.collectorMs).toBe((120 + 15) * MINUTE_MS);
});

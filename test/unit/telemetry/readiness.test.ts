import { describe, expect, test } from "vitest";
import { reasonsOf } from "../../../src/telemetry/readiness.ts";
import type { BridgeStatus, FaultStatus } from "../../../src/telemetry/status.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const MINUTE = 60_000;
const FAULT = { code: "BRIDGE_FEED_UNAVAILABLE", message: "no answer" } as FaultStatus;

function ago(minutes: number): string {
  return new Date(NOW - minutes * MINUTE).toISOString();
}

function feed(parts: object): Partial<BridgeStatus> {
  return { feeds: [{ console: "acme", feed: "activities", lastPageAt: null, fault: null, ...parts } as never] };
}

function collector(parts: object): Partial<BridgeStatus> {
  return { collectors: [{ collector: "siem", lastConfirmAt: null, fault: null, ...parts } as never] };
}

function reasons(parts: Partial<BridgeStatus>, full = false): readonly string[] {
  const spool = { full, diskFreeBytes: null, minFreeBytes: null } as never;
  const status = { feeds: [], collectors: [], startedAt: ago(60), spool, ...parts };
  return reasonsOf(status, NOW, ({ feed: name }) => (name === "activities" ? 30_000 : undefined));
}

describe("a feed", () => {
  test("is not ready before its first page, and says why", () => {
    expect(reasons(feed({}))).toEqual(["acme/activities has not read a page yet"]);
    expect(reasons(feed({ fault: FAULT }))).toEqual([
      "acme/activities has not read a page yet: BRIDGE_FEED_UNAVAILABLE no answer",
    ]);
  });

  test("that waits for the time its cron expression says is ready, and not once it has failed", () => {
    expect(reasons(feed({ feed: "agents" }))).toEqual([]);
    expect(reasons(feed({ feed: "agents", fault: FAULT }))).toHaveLength(1);
  });

  test("is ready with a page, be it empty, and stays so through a fault of two minutes", () => {
    expect(reasons(feed({ lastPageAt: ago(0.5) }))).toEqual([]);
    expect(reasons(feed({ lastPageAt: ago(1.9), fault: FAULT }))).toEqual([]);
    expect(reasons(feed({ lastPageAt: ago(2.1), fault: FAULT }))).toEqual([
      `acme/activities has read nothing since ${ago(2.1)}: BRIDGE_FEED_UNAVAILABLE no answer`,
    ]);
  });

  test("that was read once, and then neither reads nor fails, is not ready", () => {
    expect(reasons(feed({ lastPageAt: ago(10.4) }))).toEqual([]);
    expect(reasons(feed({ lastPageAt: ago(10.6) }))).toEqual([`acme/activities has read nothing since ${ago(10.6)}`]);
  });

  test("may be late where the spool is full, which is told, and where its polls are not even", () => {
    expect(reasons(feed({ lastPageAt: ago(30) }), true)).toEqual(["the spool is full (max_size), and polling waits"]);
    expect(reasons(feed({ feed: "agents", lastPageAt: ago(600) }))).toEqual([]);
  });
});

test("a collector that has failed for two minutes is not ready; one that has had nothing to do is", () => {
  expect(reasons(collector({}))).toEqual([]);
  expect(reasons(collector({ lastConfirmAt: ago(1), fault: FAULT }))).toEqual([]);
  expect(reasons(collector({ fault: FAULT }))).toEqual([
    "siem has confirmed nothing since the start: BRIDGE_FEED_UNAVAILABLE no answer",
  ]);
});

import { describe, expect, test } from "vitest";
import { ADVICE } from "../../../../src/telemetry/advice.generated.ts";
import { silent, verdictOf } from "../../../../src/telemetry/page/verdict.ts";
import type { BridgeStatus } from "../../../../src/telemetry/status.ts";
import { ago, collectorOf, consoleOf, faultOf, feedOf, spoolOf, statusOf } from "../../../support/made-up-status.ts";

function verdict(made: Partial<BridgeStatus> = {}) {
  return verdictOf(statusOf(made), ADVICE);
}

const DOWN = faultOf("BRIDGE_COLLECTOR_UNREACHABLE", "connect ECONNREFUSED 203.0.113.7:514");

describe("without a fault the page says", () => {
  test.each([
    [
      "that all is delivered when nothing waits",
      {},
      "ok",
      "All delivered",
      "Every collector has confirmed everything that was read.",
    ],
    [
      "that all is delivered while the last second's events are on the way",
      { spool: spoolOf({ events: 27, oldestSeconds: 1.2 }) },
      "ok",
      "All delivered",
      "27 events are on the way, the oldest for 1 s.",
    ],
    [
      "that it catches up when events wait for longer",
      { spool: spoolOf({ events: 12_400, oldestSeconds: 200 }) },
      "busy",
      "Catching up",
      "12,400 events are on the way, the oldest for 3 min.",
    ],
    [
      "that nothing has come yet",
      { spool: spoolOf({ end: 0 }) },
      "ok",
      "Nothing to deliver yet",
      "No event has come so far.",
    ],
    [
      "that it starts",
      { startedAt: ago(3), feeds: [feedOf("acme", "threats"), feedOf("acme", "activities", { state: "starting" })] },
      "idle",
      "Starting",
      "1 of 2 feeds have read a page.",
    ],
  ] as const)("%s", (_, made, level, headline, detail) => {
    expect(verdict(made)).toEqual({ level, headline, detail, problems: [] });
  });
});

describe("a fault", () => {
  test("of a collector is bad at once, and comes with its words, what waits, and what to do", () => {
    const collectors = [collectorOf("siem", { state: "failing", fault: DOWN, waiting: 1204 }), collectorOf("other")];
    expect(verdict({ collectors, spool: spoolOf({ events: 1204, oldestSeconds: 200 }) })).toEqual({
      level: "bad",
      headline: "Collector siem is down since 14:00:02 UTC",
      detail: "1,204 events wait on disk, the oldest for 3 min; 0.5 % of the spool is used.",
      problems: [
        {
          key: "collector siem",
          level: "bad",
          title: "Collector siem is down since 14:00:02 UTC",
          when: "For 3 min, 17 attempts, next try in 9 s, 1,204 events for it on disk.",
          code: "BRIDGE_COLLECTOR_UNREACHABLE",
          message: "connect ECONNREFUSED 203.0.113.7:514",
          ...ADVICE["BRIDGE_COLLECTOR_UNREACHABLE"],
        },
      ],
    });
  });

  test("of a feed is bad when it lasts or the console refuses it, and a warning before", () => {
    const levels = [10, 119, 120].map((seconds) => {
      const fault = faultOf("BRIDGE_FEED_UNAVAILABLE", "503", { since: ago(seconds) });
      return verdict({ feeds: [feedOf("acme", "threats", { state: "failing", fault })] }).level;
    });
    expect(levels).toEqual(["warn", "warn", "bad"]);
    const fault = faultOf("BRIDGE_FEED_FORBIDDEN", "403", { since: ago(1) });
    expect(verdict({ feeds: [feedOf("acme", "threats", { state: "parked", fault })] })).toMatchObject({
      level: "bad",
      headline: "acme/threats: the token may not read it, since 14:03:21 UTC",
    });
  });

  test("that all feeds of a console have alike is one problem", () => {
    const fault = faultOf("BRIDGE_FEED_UNAUTHORIZED", "401");
    const feeds = ["threats", "activities", "agents"].map((feed) => feedOf("acme", feed, { state: "parked", fault }));
    const { problems } = verdict({ feeds: [...feeds, feedOf("initech", "threats", { state: "parked", fault })] });
    expect(problems.map(({ title }) => title)).toEqual([
      "3 feeds of acme: the console refuses the token, since 14:00:02 UTC",
      "initech/threats: the console refuses the token, since 14:00:02 UTC",
    ]);
  });

  test("that this page does not know by its code is told all the same", () => {
    const fault = faultOf("BRIDGE_FEED_NEW", "something else");
    const { problems } = verdict({ feeds: [feedOf("acme", "threats", { state: "failing", fault })] });
    expect(problems).toMatchObject([
      { title: "acme/threats: can not be read, since 14:00:02 UTC", message: "something else" },
    ]);
  });

  test("does not hide the others: the worst first, and how many more", () => {
    const slow = faultOf("BRIDGE_FEED_THROTTLED", "429", { since: ago(5) });
    const { headline, problems } = verdict({
      consoles: [consoleOf("acme", { tokenSecondsLeft: 3600, skewSeconds: -95 })],
      feeds: [feedOf("acme", "threats", { state: "failing", fault: slow })],
      collectors: [collectorOf("siem", { state: "failing", fault: DOWN })],
      spool: spoolOf({ full: true }),
    });
    expect(headline).toBe("Collector siem is down since 14:00:02 UTC, and 4 more");
    expect(problems.map(({ level, title }) => [level, title])).toEqual([
      ["bad", "Collector siem is down since 14:00:02 UTC"],
      ["bad", "The spool is full, and polling waits"],
      ["bad", "acme: the API token expires within a day"],
      ["warn", "acme/threats: the console wants fewer requests, since 14:03:17 UTC"],
      ["warn", "acme: its clock is 95 s behind this machine's"],
    ]);
  });
});

test("a full disk is told from a full spool", () => {
  const { problems } = verdict({ spool: spoolOf({ full: true, diskFreeBytes: 5 * 2 ** 20 }) });
  expect(problems).toMatchObject([
    {
      title: "The disk of the spool is full, and polling waits",
      meaning: expect.stringContaining("5.0 MiB free") as string,
    },
  ]);
});

test("a configuration that was refused, and events that nobody takes, are told", () => {
  const { problems } = verdict({
    refused: {
      at: ago(60),
      code: "BRIDGE_CONFIG_INVALID",
      file: "/etc/s1bridge/config.yaml",
      faults: ["3:1 a", "4:1 b"],
    },
    unrouted: ["a", "b", "c", "d", "e", "f"].map((site) => ({
      belongsTo: `site ${site}`,
      events: 200,
      lastAt: ago(1),
    })),
  });
  expect(problems.map(({ level, title, when, message }) => [level, title, when, message])).toEqual([
    [
      "warn",
      "The configuration was refused at 14:02:22 UTC; the one before goes on",
      "/etc/s1bridge/config.yaml",
      "3:1 a · 4:1 b",
    ],
    [
      "warn",
      "No collector takes 1,200 events",
      "Since the start, of site a (200), site b (200), site c (200), site d (200), site e (200) …",
      undefined,
    ],
  ]);
});

test.each([
  [-5, "bad", "acme: the API token has expired"],
  [86_000, "bad", "acme: the API token expires within a day"],
  [6.5 * 86_400, "warn", "acme: the API token expires in 6 days"],
  [20 * 86_400, "ok", "All delivered"],
])("a token with %d s left is %s", (tokenSecondsLeft, level, headline) => {
  expect(verdict({ consoles: [consoleOf("acme", { tokenSecondsLeft })] })).toMatchObject({ level, headline });
});

test("a feed that has not been read long after the start is told", () => {
  const feeds = [feedOf("acme", "threats"), feedOf("acme", "agents", { state: "starting", lastPageAt: null })];
  expect(verdict({ feeds })).toMatchObject({
    level: "warn",
    headline: "acme/agents has not been read since the start",
  });
});

test("what others named is one plain line", () => {
  const fault = faultOf("BRIDGE_COLLECTOR_BROKEN", "a\nb\u202Ec\u0007d");
  const { headline, problems } = verdict({ collectors: [collectorOf("si\u202Eem", { state: "failing", fault })] });
  expect(headline).toContain("Collector si\uFFFDem has ended connections");
  expect(problems[0]?.message).toBe("a b\uFFFDc\uFFFDd");
});

test("a bridge that is silent is told from one whose spool is", () => {
  expect(silent("no answer", undefined)).toMatchObject({ level: "bad", headline: "s1bridge does not answer" });
  expect(silent("no status", ago(60))).toMatchObject({
    headline: "The spool of s1bridge does not answer",
    detail: expect.stringContaining("What is shown is of 14:02:22 UTC.") as string,
  });
});

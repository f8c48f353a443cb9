import { describe, expect, test } from "vitest";
import type { PageReport } from "../../../src/bridge/intake.ts";
import type { WindowReport } from "../../../src/bridge/delivery.ts";
import type { FeedKey } from "../../../src/bridge/ports.ts";
import type { Micros } from "../../../src/event/time.ts";
import { NoticeBoard } from "../../../src/telemetry/notices.ts";
import type { FeedStatus } from "../../../src/telemetry/status.ts";

const KEY: FeedKey = { console: "acme", feed: "activities" };

function page(more: Partial<PageReport>): PageReport {
  return {
    kind: "page",
    key: KEY,
    read: 0,
    added: 0,
    duplicates: 0,
    deadLetters: 0,
    excluded: 0,
    hasMore: false,
    reached: 0 as Micros,
    consoleVersion: undefined,
    late: { count: 0, maxBehindMs: 0, widened: false },
    overlapMs: 300_000,
    ...more,
  };
}

function window(
  origin: FeedKey,
  unmapped: readonly string[],
  damaged = unmapped.length,
  unrouted: Readonly<Record<string, number>> = {},
): WindowReport {
  const batch = { end: 1, newest: undefined, damaged, unmapped, origin, unrouted };
  return {
    kind: "window",
    collector: "siem",
    events: 0,
    bytes: 0,
    damaged,
    unrouted: {},
    end: 1,
    newest: undefined,
    tookMs: 1,
    unconfirmed: 0,
    maxEvents: undefined,
    batches: [batch],
  };
}

function clocked(): { board: NoticeBoard; pass: (ms: number) => void; tell: () => ReturnType<NoticeBoard["due"]> } {
  let now = 1_700_000_000_000;
  const board = new NoticeBoard(() => now);
  return {
    board,
    pass: (ms) => (now += ms),
    tell: () => {
      const due = board.due();
      board.told(due);
      return due;
    },
  };
}

describe("the notice board", () => {
  test("tells the first at once and adds up what comes within the minute", () => {
    const { board, pass, tell } = clocked();
    board.page(page({ deadLetters: 2, reasons: ["not JSON", "not JSON"] }));
    expect(tell()).toMatchObject([{ ...KEY, code: "dead_letters", count: 2, reasons: ["not JSON (2)"] }]);
    for (let at = 0; at < 10; at += 1) board.page(page({ deadLetters: 1, reasons: ["not an object"] }));
    pass(59_000);
    expect(tell()).toEqual([]);
    pass(1000);
    expect(tell()).toMatchObject([{ count: 10, reasons: ["not an object (10)"] }]);
    pass(120_000);
    expect(tell()).toEqual([]);
  });

  test("keeps what could not be stored, and what came while it was", () => {
    const { board, tell, pass } = clocked();
    board.page(page({ deadLetters: 1, reasons: ["a"] }));
    const due = board.due();
    board.page(page({ deadLetters: 3, reasons: ["b"] }));
    board.told(due);
    pass(60_000);
    expect(tell()).toMatchObject([{ count: 3 }]);
  });

  test("remembers a few short reasons, whatever the records hold", () => {
    const { board, tell } = clocked();
    board.page(
      page({ deadLetters: 1000, reasons: Array.from({ length: 1000 }, (_, at) => `${at}${"x".repeat(999)}`) }),
    );
    const [notice] = tell();
    expect(notice?.reasons.map(({ length }) => length)).toEqual([200, 200, 200]);
  });

  test("an event of the bridge itself that goes wrong makes no notice", () => {
    const { board, tell } = clocked();
    board.window(window({ console: "acme", feed: "bridge" }, ["can not be mapped"]));
    expect(tell()).toEqual([]);
    board.window(window(KEY, ["can not be mapped"], 3));
    expect(tell()).toMatchObject([
      { code: "dead_letters", count: 1 },
      { code: "damaged", count: 2 },
    ]);
  });

  test("dead letters that made room for later ones are told for the feed that they are of", () => {
    const { board, tell } = clocked();
    const other = { console: "other", feed: "threats" } as const;
    board.page(
      page({
        droppedLetters: [
          { ...KEY, letters: 5 },
          { ...other, letters: 2 },
        ],
      }),
    );
    board.page(page({ droppedLetters: [{ ...KEY, letters: 1 }] }));
    expect(tell()).toMatchObject([
      { ...KEY, code: "dead_letters_dropped", count: 6 },
      { ...other, code: "dead_letters_dropped", count: 2 },
    ]);
  });

  test("dropped events and an overlap that was too short are told", () => {
    const { board, tell } = clocked();
    board.page(page({ dropped: [{ ...KEY, collector: "siem", events: 7 }] }));
    board.page(page({ late: { count: 2, maxBehindMs: 290_000, widened: true } }));
    board.page(page({ late: { count: 1, maxBehindMs: 1000, widened: false } }));
    expect(tell()).toMatchObject([
      { code: "dropped", count: 7, reasons: ["for siem"] },
      { code: "late", count: 2 },
    ]);
  });
});

describe("events that no collector takes", () => {
  test("are told once for each site, under their console", () => {
    const { board, pass, tell } = clocked();
    board.window(window(KEY, [], 0, { "site Berlin": 2, "site Bonn": 1 }));
    board.window(window(KEY, [], 0, { "site Berlin": 2 }));
    const reasons = ["site Berlin", "site Bonn"];
    expect(tell()).toMatchObject([{ console: "acme", feed: undefined, code: "unrouted", count: 3, reasons }]);
    pass(60_000);
    board.window(window(KEY, [], 0, { "site Berlin": 9 }));
    expect(tell()).toEqual([]);
    board.window(window({ ...KEY, console: "other" }, [], 0, { "site Berlin": 9 }));
    expect(tell()).toMatchObject([{ console: "other", code: "unrouted" }]);
  });

  test("are no news when the bridge has said them itself", () => {
    const { board, tell } = clocked();
    board.window(window({ console: "acme", feed: "bridge" }, [], 0, { "console acme": 1 }));
    expect(tell()).toEqual([]);
  });
});

describe("a spool that was damaged", () => {
  const NO_REPAIRS = { restored: [], corrected: 0 };
  const from = 1_700_000_000_000_000 as Micros;

  test("is told to every console, with what is read again of its own", () => {
    const { board, tell } = clocked();
    const salvaged = {
      reason: "malformed",
      movedTo: "spool.db.damaged-1",
      kept: 30,
      lost: 12,
      rereads: [{ ...KEY, from }],
    };
    board.opened({ salvaged, repairs: NO_REPAIRS }, ["acme", "other"]);
    const [acme, other] = tell();
    const told = ["malformed", "of the queue 12 events are lost and 30 kept"];
    const again = "read again: activities from 2023-11-14T22:13:20.000000Z";
    expect(acme).toMatchObject({ console: "acme", code: "salvaged", count: 12, reasons: [...told, again] });
    expect(other).toMatchObject({ console: "other", code: "salvaged", count: 12, reasons: told });
  });

  test("is told with less alarm when only its numbers were set right, and not at all when it was whole", () => {
    const { board, tell } = clocked();
    board.opened({ salvaged: undefined, repairs: NO_REPAIRS }, ["acme"]);
    expect(tell()).toEqual([]);
    board.opened({ salvaged: undefined, repairs: { restored: [{ ...KEY, from }], corrected: 2 } }, ["acme"]);
    expect(tell()).toMatchObject([
      { code: "salvaged", count: 3, severity: 5, text: expect.stringContaining("copies") },
    ]);
  });
});

describe("what lasts", () => {
  const at = "2026-11-22T02:00:00.000Z";
  const parked = (since: string): FeedStatus[] => [
    {
      ...KEY,
      state: "parked",
      fault: { code: "BRIDGE_FEED_FORBIDDEN", message: "403", since, at, attempt: 1, retryAt: at },
    } as unknown as FeedStatus,
  ];

  test("a feed is told to be parked when it has been for two minutes, once an hour, and not when that is over", () => {
    const { board, tell, pass } = clocked();
    board.status({ at, consoles: [], feeds: parked("2026-11-22T01:59:00.000Z") });
    expect(tell()).toEqual([]);
    for (let times = 0; times < 3; times += 1) {
      board.status({ at, consoles: [], feeds: parked("2026-11-22T01:50:00.000Z") });
      expect(tell().map(({ code, count }) => [code, count])).toEqual(times === 0 ? [["parked", 1]] : []);
    }
    pass(3_600_000);
    board.status({ at, consoles: [], feeds: [] });
    expect(tell()).toEqual([]);
  });

  test.each([
    [31, undefined],
    [29.5, 3],
    [6, 6],
    [0.5, 8],
    [-1, 8],
  ])("a token with %d days left has severity %s", (days, severity) => {
    const { board, tell } = clocked();
    const console = { console: "acme", tokenSecondsLeft: days * 86_400 } as never;
    board.status({ at, consoles: [console], feeds: [] });
    expect(tell().map((notice) => notice.severity)).toEqual(severity === undefined ? [] : [severity]);
  });
});

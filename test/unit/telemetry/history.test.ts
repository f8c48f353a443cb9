import { describe, expect, test } from "vitest";
import { History } from "../../../src/telemetry/history.ts";
import { AT, ago, collectorOf, feedOf, spoolOf, statusOf } from "../../support/made-up-status.ts";

const MINUTE_MS = 60_000;

/** A history by a clock of its own, and what a bridge with one feed and one collector would tell it. */
function setUp() {
  let nowMs = 1_000_000 * MINUTE_MS;
  const history = new History(() => nowMs);
  return {
    history,
    pass: (ms: number) => (nowMs += ms),
    add: (spooled: number, lagSeconds: number | null, confirmed = 0) =>
      history.add({
        feeds: [feedOf("acme", "threats", { spooled, lagSeconds })],
        collectors: [collectorOf("siem", { confirmed, oldestWaitingSeconds: null })],
        spool: spoolOf({ events: 3, bytes: 1000 }),
      }),
    report: () => history.report(statusOf({ feeds: [feedOf("acme", "threats")], collectors: [collectorOf("siem")] })),
  };
}

describe("the history", () => {
  test("adds up what a minute brought, and keeps its longest lag", () => {
    const { add, pass, report } = setUp();
    add(10, 5);
    pass(30_000);
    add(25, 70, 4);
    pass(30_000);
    add(26, 3, 9);
    pass(MINUTE_MS);
    expect(report()).toMatchObject({
      stepSeconds: 60,
      feeds: [{ console: "acme", feed: "threats", events: [25, 1], lagSeconds: [70, 3] }],
      collectors: [{ collector: "siem", events: [4, 5], oldestWaitingSeconds: [0, 0] }],
      spool: { events: [3, 3], bytes: [1000, 1000] },
    });
  });

  test("leaves the minute out that has not passed, and tells when the last one ended", () => {
    const { add, pass, report } = setUp();
    add(10, null);
    expect(report().feeds[0]?.events).toEqual([]);
    pass(MINUTE_MS + 20_000);
    expect(report()).toMatchObject({ until: ago(20), feeds: [{ events: [10], lagSeconds: [null] }] });
  });

  test("knows nothing of minutes in which nobody looked", () => {
    const { add, pass, report } = setUp();
    add(10, 1);
    pass(3 * MINUTE_MS);
    add(12, 1);
    pass(MINUTE_MS);
    expect(report().feeds[0]?.events).toEqual([10, null, null, 2]);
  });

  test("goes back 359 whole minutes, however long it was kept and however long nobody looked", () => {
    const { add, pass, report } = setUp();
    for (let minute = 1; minute <= 500; minute += 1) {
      add(minute, 0);
      pass(MINUTE_MS);
    }
    expect(report().feeds[0]?.events).toEqual(Array.from({ length: 359 }, () => 1));
    pass(1000 * MINUTE_MS);
    add(501, 0);
    pass(MINUTE_MS);
    expect(report().feeds[0]?.events).toEqual([...Array.from({ length: 358 }, () => null), 1]);
  });

  test("takes a counter that began anew as new", () => {
    const { add, pass, report } = setUp();
    add(100, 0);
    pass(MINUTE_MS);
    add(7, 0);
    pass(MINUTE_MS);
    expect(report().feeds[0]?.events).toEqual([100, 7]);
  });

  test("follows 500 of a status at most, and forgets what is not in it any more", () => {
    let nowMs = 0;
    const history = new History(() => nowMs);
    const many = (names: string) =>
      statusOf({
        feeds: Array.from({ length: 600 }, (_, at) => feedOf(`${names}-${at}`, "threats", { spooled: 1 })),
        collectors: [],
      });
    for (const names of ["first", "second"]) {
      history.add(many(names));
      nowMs += MINUTE_MS;
    }
    const known = history.report(many("second")).feeds.filter(({ events }) => events[1] === 1);
    expect([known.length, known[0]?.console]).toEqual([499, "second-0"]);
    expect(history.report(many("first")).feeds.every(({ events }) => events.every((value) => value === null))).toBe(
      true,
    );
  });

  test("is of the time that the status tells", () => {
    const { report } = setUp();
    expect(report().until).toBe(AT);
  });
});

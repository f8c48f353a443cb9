import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import {
  type Fault,
  answerFault,
  badGateway,
  errorsInside,
  gatewayTimeout,
  loginRedirect,
  reset,
  serverError,
} from "../../src/demo/console/faults.ts";
import { serverErrorWithHtml, springError, throttled, unavailable } from "../../src/demo/console/faults.ts";
import { forbidden, invalid, loginPage, notFound } from "../../src/demo/console/vendor-answers.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import type { ConsoleClient } from "../../src/sentinelone/client.ts";
import {
  FeedReader,
  MINUTE,
  NEVER,
  NOON,
  activity,
  asked,
  clientOf,
  failureOf,
  feedOf,
  idsOf,
  lookAtClock,
  threat,
} from "./feed-fixture.ts";

/** A console whose clock stands at noon until a test moves it. */
let now: number;
let console: DemoConsole;
let client: ConsoleClient;

beforeEach(async () => {
  now = NOON;
  console = await DemoConsole.start({ clock: () => now });
  client = clientOf(console.url);
});

afterEach(async () => {
  await client.close();
  await console.close();
});

/** The console's time moves, and the client has seen that it did. */
async function later(ms: number): Promise<void> {
  now += ms;
  await lookAtClock(client);
}

/** Activities of the hour before noon. */
function lastHour(count: number, burst = 1): string[] {
  const texts = [
    ...generateActivities({ seed: 7, count, burst, startMs: NOON - 60 * MINUTE, stepMs: (59 * MINUTE) / count }),
  ];
  console.addActivities(texts);
  return idsOf(texts);
}

describe("a poll", () => {
  test.each([
    ["every record has a time of its own", 1],
    ["seven at a time share one", 7],
    ["more than a page share one", 1300],
  ])("gives every record once, in order, when %s", async (_case, burst) => {
    const ids = lastHour(3200, burst);
    const reader = new FeedReader(feedOf(client));
    await reader.poll();
    expect(reader.ids.toSorted()).toEqual(ids.toSorted());
    const times = reader.records.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test("is one request when there is nothing new", async () => {
    lastHour(30);
    const reader = new FeedReader(feedOf(client));
    await reader.poll();
    console.requests.clear();
    await reader.poll();
    await reader.poll();
    expect(console.requests.recent).toHaveLength(2);
  });

  test("brings the checkpoint to the end of its window, though there was nothing", async () => {
    const reader = new FeedReader(feedOf(client, { settleMs: 20_000 }));
    await reader.poll();
    const checkpoint = reader.checkpoint?.time ?? 0;
    expect(checkpoint / 1000).toBeGreaterThanOrEqual(NOON - 20_000);
    expect(checkpoint / 1000).toBeLessThan(NOON - 19_000);
  });

  test("never moves the checkpoint beyond the last record while pages are left", async () => {
    lastHour(2500);
    const reader = new FeedReader(feedOf(client));
    for (let page = await reader.page(); page.hasMore; page = await reader.page()) {
      expect(page.checkpoint.time).toBe(reader.records.at(-1)?.time);
    }
  });

  test("goes on from its checkpoint after a restart in the middle", async () => {
    const ids = lastHour(2500, 7);
    const before = new FeedReader(feedOf(client));
    await before.page();
    const after = new FeedReader(feedOf(client));
    after.checkpoint = before.checkpoint;
    await after.poll();
    expect(new Set([...before.ids, ...after.ids])).toEqual(new Set(ids));
  });

  test("asks for the scope that was configured, on every page", async () => {
    lastHour(1500);
    const reader = new FeedReader(feedOf(client, { scope: { siteIds: ["1", "2"], accountIds: ["3"] } }));
    await reader.poll();
    for (const search of asked(console))
      expect([search.get("siteIds"), search.get("accountIds")]).toEqual(["1,2", "3"]);
  });

  test("leaves the text of a record as the console sent it, but puts 64-bit integers in quotes", async () => {
    const text = `{ "id":"9","createdAt":"${formatTime(microsFromMs(NOON - MINUTE))}", "data":{"a": 1464116206486530401,"b":-9223372036854775808,"c":1.10,"d":"\\u00e9"}}`;
    console.addActivities([text]);
    const reader = new FeedReader(feedOf(client));
    await reader.poll();
    const quoted = text.replace(/-?\d{19}/g, '"$&"');
    expect(reader.records.map((record) => record.text)).toEqual([quoted]);
  });
});

describe("what becomes visible late", () => {
  test("is found by a later poll as long as the overlap reaches it", async () => {
    console.addActivities([activity("1", NOON - 6 * MINUTE), activity("3", NOON - 2 * MINUTE)]);
    console.addActivities([activity("2", NOON - 4 * MINUTE)], { visibleAtMs: NOON + 30_000 });
    const reader = new FeedReader(feedOf(client));
    await reader.poll();
    expect(reader.ids).toEqual(["1", "3"]);
    await later(30_000);
    await reader.poll();
    expect(reader.ids).toContain("2");
  });

  test("is found, though the poll under way has passed its place", async () => {
    lastHour(1500);
    const reader = new FeedReader(feedOf(client));
    await reader.page();
    console.addActivities([activity("5", NOON - 3 * MINUTE)]);
    await reader.poll();
    await reader.poll();
    expect(reader.ids).toContain("5");
  });
});

describe("the beginning of a feed", () => {
  test("is the console's now: nothing from before, everything after", async () => {
    console.addActivities([activity("1", NOON - 1000)]);
    const reader = new FeedReader(feedOf(client, { start: { kind: "now" }, settleMs: 0 }));
    await reader.poll();
    console.addActivities([activity("2", NOON + 5000)]);
    await later(10_000);
    await reader.poll();
    expect(reader.ids).toEqual(["2"]);
  });

  test.each([
    ["a span back", { kind: "back", ms: 30 * MINUTE } as const],
    ["a time", { kind: "at", time: microsFromMs(NOON - 30 * MINUTE) } as const],
  ])("is %s: the overlap does not reach behind it", async (_case, start) => {
    console.addActivities([activity("1", NOON - 31 * MINUTE), activity("2", NOON - 29 * MINUTE)]);
    const reader = new FeedReader(feedOf(client, { start }));
    await reader.poll();
    await reader.poll();
    expect(new Set(reader.ids)).toEqual(new Set(["2"]));
  });

  test("in the future waits for it", async () => {
    console.addActivities([activity("1", NOON - 1000)]);
    const start = { kind: "at", time: microsFromMs(NOON + MINUTE) } as const;
    const reader = new FeedReader(feedOf(client, { start, settleMs: 0 }));
    await reader.poll();
    console.addActivities([activity("2", NOON + 30_000), activity("3", NOON + 2 * MINUTE)]);
    await later(3 * MINUTE);
    await reader.poll();
    expect(reader.ids).toEqual(["3"]);
  });
});

test("what is younger than the settling time is left for a later poll", async () => {
  console.addActivities([activity("1", NOON - 31_000), activity("2", NOON - 20_000)]);
  const reader = new FeedReader(feedOf(client, { settleMs: 30_000 }));
  await reader.poll();
  expect(reader.ids).toEqual(["1"]);
  await later(20_000);
  await reader.poll();
  expect(reader.ids).toContain("2");
});

describe("activity types", () => {
  const records = [19, 27, 3608, 27].map((activityType, at) =>
    activity(`${at + 1}`, NOON - (10 - at) * MINUTE, { activityType }),
  );

  test("that are included are asked for alone", async () => {
    console.addActivities(records);
    const reader = new FeedReader(feedOf(client, { includeTypes: [19, 3608] }));
    await reader.poll();
    expect(reader.ids).toEqual(["1", "3"]);
  });

  test("that are excluded are dropped and counted", async () => {
    console.addActivities(records);
    const reader = new FeedReader(feedOf(client, { excludeTypes: [27] }));
    const [page] = await reader.poll();
    expect([reader.ids, page?.excluded]).toEqual([["1", "3"], 2]);
  });

  test("that are excluded do not hold up a feed whose cursor circles behind a page of nothing else", async () => {
    const excluded = Array.from({ length: 1000 }, (_, at) => activity(`${at + 1}`, NOON - 50 * MINUTE + at));
    console.addActivities([...excluded, ...excluded.map((_, at) => activity(`${at + 2000}`, NOON - 40 * MINUTE + at))]);
    console.addActivities([activity("9000", NOON - 30 * MINUTE, { activityType: 19 })]);
    console.faults.add({ kind: "cursor", value: "repeat" }, { path: "/activities", after: 1 });
    const reader = new FeedReader(feedOf(client, { excludeTypes: [27] }));
    await reader.poll();
    expect(reader.ids).toEqual(["9000"]);
  });
});

describe("a cursor", () => {
  test.each<[string, Fault]>([
    ["is repeated", { kind: "cursor", value: "repeat" }],
    ["is refused", answerFault(invalid("Invalid cursor value received"))],
  ])("that %s in the middle costs no record", async (_case, fault) => {
    const ids = lastHour(4200, 7);
    const reader = new FeedReader(feedOf(client));
    console.faults.add(fault, { when: ({ search }) => search.has("cursor"), after: 1 });
    await reader.poll();
    expect(console.faults.pending).toBe(0);
    expect(new Set(reader.ids)).toEqual(new Set(ids));
  });

  test("that is refused each time costs no record and does not stop the feed", async () => {
    const ids = lastHour(2500);
    const reader = new FeedReader(feedOf(client));
    console.faults.add(answerFault(invalid("Invalid cursor value received")), {
      when: ({ search }) => search.has("cursor"),
      times: Infinity,
    });
    await reader.poll();
    expect(new Set(reader.ids)).toEqual(new Set(ids));
  });

  test.each(["null", "", "missing"] as const)("%j ends the list", async (value) => {
    lastHour(5);
    console.faults.add({ kind: "cursor", value }, { path: "/activities" });
    const reader = new FeedReader(feedOf(client));
    expect((await reader.page()).hasMore).toBe(false);
    expect(reader.ids).toHaveLength(5);
  });

  test.each(["null", "", "missing"] as const)("%j behind a full page in the middle costs no record", async (value) => {
    const ids = lastHour(4200, 7);
    const reader = new FeedReader(feedOf(client));
    console.faults.add({ kind: "cursor", value }, { path: "/activities", after: 1 });
    await reader.poll();
    expect(new Set(reader.ids)).toEqual(new Set(ids));
  });

  test.each([1, 1000])("null behind a full page ends the list all the same, %i records at a time", async (burst) => {
    const ids = lastHour(2000, burst);
    const reader = new FeedReader(feedOf(client));
    await reader.poll();
    expect(new Set(reader.ids)).toEqual(new Set(ids));
    expect(console.requests.count("/activities")).toBeLessThanOrEqual(4);
  });

  test("that leads to empty pages without end is not followed for ever", async () => {
    let asks = 0;
    const body = (): string => `{"data":[],"pagination":{"nextCursor":"c${(asks += 1)}"}}`;
    console.faults.add(
      answerFault({
        status: 200,
        get body() {
          return body();
        },
      }),
      { path: "/activities", times: 50 },
    );
    const reader = new FeedReader(feedOf(client));
    const pages = await reader.poll();
    expect(pages.length).toBeLessThanOrEqual(3);
  });
});

/** Everything that may be in the way of a page, and passes. */
const PASSING: [name: string, fault: Fault, code: string][] = [
  ["429 without Retry-After", throttled(), "BRIDGE_FEED_THROTTLED"],
  ["429 with seconds", throttled(7), "BRIDGE_FEED_THROTTLED"],
  ["500", serverError, "BRIDGE_FEED_UNAVAILABLE"],
  ["500 with JSON and HTML", serverErrorWithHtml, "BRIDGE_FEED_UNAVAILABLE"],
  ["500 of Spring", springError, "BRIDGE_FEED_UNAVAILABLE"],
  ["502", badGateway, "BRIDGE_FEED_UNAVAILABLE"],
  ["503", unavailable, "BRIDGE_FEED_UNAVAILABLE"],
  ["504", gatewayTimeout, "BRIDGE_FEED_UNAVAILABLE"],
  ["200 with errors", errorsInside, "BRIDGE_FEED_UNAVAILABLE"],
  ["200 with a login page", answerFault(loginPage), "BRIDGE_FEED_UNAVAILABLE"],
  ["a redirect", loginRedirect, "BRIDGE_FEED_UNAVAILABLE"],
  ["no content", answerFault({ status: 204, body: "" }), "BRIDGE_FEED_UNAVAILABLE"],
  ["JSON that is cut", { kind: "truncated", bytes: 5000 }, "BRIDGE_FEED_UNAVAILABLE"],
  ["JSON that is cut before its end by one byte", { kind: "truncated", bytes: -1 }, "BRIDGE_FEED_UNAVAILABLE"],
  ["an empty body", { kind: "truncated", bytes: 0 }, "BRIDGE_FEED_UNAVAILABLE"],
  ["a reset before the body", reset(), "BRIDGE_FEED_UNAVAILABLE"],
  ["a reset in the body", reset(20_000), "BRIDGE_FEED_UNAVAILABLE"],
];

describe("an answer that fails in the middle of a poll", () => {
  test.each(PASSING)(
    "%s: is told by its code, and afterwards nothing is missing or twice",
    async (_case, fault, code) => {
      const ids = lastHour(2100, 7);
      const reader = new FeedReader(feedOf(client));
      console.faults.add(fault, { path: "/activities", after: 1 });
      await reader.page();
      const { checkpoint } = reader;
      const failure = await failureOf(reader.page());
      expect([failure.code, failure.retryable]).toEqual([code, true]);
      expect(reader.checkpoint).toBe(checkpoint);
      await reader.poll();
      expect(reader.ids.toSorted()).toEqual(ids.toSorted());
    },
  );

  test("is waited for as Retry-After asks, in seconds or as a date", async () => {
    const reader = new FeedReader(feedOf(client));
    await reader.page();
    console.faults.add(throttled(7), { path: "/activities" });
    console.faults.add(throttled(new Date(Date.now() + 90_000).toUTCString()), { path: "/activities" });
    console.faults.add(throttled(), { path: "/activities" });
    expect((await failureOf(reader.page())).retryAfterMs).toBe(7000);
    const untilDate = (await failureOf(reader.page())).retryAfterMs ?? 0;
    expect(untilDate).toBeGreaterThan(80_000);
    expect(untilDate).toBeLessThanOrEqual(90_000);
    expect((await failureOf(reader.page())).retryAfterMs).toBeUndefined();
  });

  test("by a redirect is not followed: nobody else gets the token", async () => {
    await using other = await DemoConsole.start();
    const reader = new FeedReader(feedOf(client));
    await reader.page();
    for (const status of [301, 302, 303, 307, 308]) {
      console.faults.add(answerFault({ status, body: "", headers: { location: `${other.url}/login` } }), {
        path: "/activities",
      });
      await failureOf(reader.page());
    }
    expect(other.requests.recent).toEqual([]);
  });

  test("by a proxy whose clock is far ahead does not move another feed into the future", async () => {
    const [activities, threats] = [new FeedReader(feedOf(client)), new FeedReader(feedOf(client, {}, "threats"))];
    await activities.poll();
    await threats.poll();
    const headers = { "content-type": "text/html", date: new Date(NOON + 60 * MINUTE).toUTCString() };
    console.faults.add(answerFault({ status: 502, body: "<h1>Bad Gateway</h1>", headers }), { path: "/threats" });
    await failureOf(threats.page());
    await activities.poll();
    console.addActivities([activity("1", NOON + MINUTE)]);
    await later(2 * MINUTE);
    await activities.poll();
    expect(activities.ids).toEqual(["1"]);
  });
});

describe("an answer that stays as it is", () => {
  test.each([
    ["403", forbidden(), "BRIDGE_FEED_FORBIDDEN"],
    ["404", notFound, "BRIDGE_FEED_MISSING"],
    [
      "404 as text",
      { status: 404, body: "404 page not found", headers: { "content-type": "text/plain" } },
      "BRIDGE_FEED_MISSING",
    ],
    [
      "501",
      { status: 501, body: '{"errors":[{"code":5010010,"detail":null,"title":"Not supported"}]}' },
      "BRIDGE_FEED_MISSING",
    ],
    ["400", { status: 400, body: '{"errors":[{"code":400,"title":"Bad Request"}]}' }, "BRIDGE_FEED_REFUSED"],
  ])("%s parks the feed for minutes", async (_case, answer, code) => {
    const reader = new FeedReader(feedOf(client));
    await reader.page();
    console.faults.add(answerFault(answer), { path: "/activities" });
    const failure = await failureOf(reader.page());
    expect([failure.code, failure.retryable]).toEqual([code, true]);
    expect(failure.retryAfterMs).toBeGreaterThanOrEqual(5 * MINUTE);
  });

  test("a parameter that is refused is not taken for the cursor, though both have one code", async () => {
    const reader = new FeedReader(feedOf(client, { scope: { siteIds: ["1", "", "2"] } }));
    const failure = await failureOf(reader.page());
    expect(failure.code).toBe("BRIDGE_FEED_REFUSED");
    expect(failure.retryAfterMs).toBeGreaterThanOrEqual(5 * MINUTE);
  });
});

describe("a strange record", () => {
  /** The console answers once with this list. */
  function answer(data: string): void {
    console.faults.add(answerFault({ status: 200, body: `{"data":[${data}],"pagination":{"nextCursor":null}}` }), {
      path: "/activities",
    });
  }

  test("without id has the same one whenever it is read", async () => {
    const reader = new FeedReader(feedOf(client));
    const data = '{"createdAt":"2026-11-21T11:00:00Z","x":1},{"id":null,"x":2},{"id":"","x":3}';
    answer(data);
    await reader.poll();
    answer(data);
    await reader.poll();
    expect(reader.ids.slice(0, 3)).toEqual(reader.ids.slice(3));
    expect(new Set(reader.ids).size).toBe(3);
  });

  test("whose id is a long number has it exactly", async () => {
    const reader = new FeedReader(feedOf(client));
    answer('{"id":1464116206486530401},{"id":1464116206486530402},{"id":7}');
    await reader.poll();
    expect(reader.ids).toEqual(["1464116206486530401", "1464116206486530402", "7"]);
  });

  test("without time has that of its id, else that of the window", async () => {
    const reader = new FeedReader(feedOf(client));
    answer('{"id":"2000000000000000000"},{"id":"word","createdAt":"yesterday"}');
    await reader.poll();
    const [first, second] = reader.records;
    expect(formatTime(first?.time ?? microsFromMs(1)).slice(0, 10)).toBe("2024-07-22");
    expect(second?.time).toBeGreaterThan(microsFromMs(NOON - 25 * 60 * MINUTE));
  });

  test("that is none is kept aside with its text, and the others of its page are read", async () => {
    const reader = new FeedReader(feedOf(client));
    answer('{"id":"1"},null,17,"text",[1,2],{"id":"2",}, nonsense,{"id":"3"}');
    await reader.poll();
    expect(reader.ids).toEqual(["1", "3"]);
    expect(reader.deadLetters.map(({ text }) => text.trim())).toEqual([
      "null",
      "17",
      '"text"',
      "[1,2]",
      '{"id":"2",}',
      "nonsense",
    ]);
    expect(new Set(reader.deadLetters.map(({ reason }) => reason))).toEqual(new Set(["not an object", "not JSON"]));
  });

  test("from a far future does not end the window before its end", async () => {
    const reader = new FeedReader(feedOf(client));
    const far = '{"id":"1","createdAt":"2099-01-01T00:00:00Z"}';
    console.faults.add(answerFault({ status: 200, body: `{"data":[${far}],"pagination":{"nextCursor":"x"}}` }), {
      path: "/activities",
    });
    const ids = lastHour(3);
    expect((await failureOf(reader.poll())).code).toBe("BRIDGE_FEED_CURSOR_REFUSED");
    await reader.poll();
    expect(reader.ids).toEqual(["1", ...ids]);
  });
});

describe("threats", () => {
  test("that change while they are read are given in their last version at the latest by the next poll", async () => {
    const texts = [...generateThreats({ seed: 3, count: 1600, startMs: NOON - 60 * MINUTE, stepMs: 2000 })];
    console.addThreats(texts);
    const ids = idsOf(texts);
    const reader = new FeedReader(feedOf(client, {}, "threats"));
    const versions = (): Set<string> => new Set(reader.records.map(({ id, version }) => `${id}/${version}`));
    await reader.page();
    // Some that are read already and some that are not.
    const changed = [5, 700, 999, 1000, 1300, 1599].map((at) => ids[at] ?? "");
    for (const id of changed) console.updateThreat(id, { threatInfo: { incidentStatus: "resolved" } });
    await reader.poll();
    await later(MINUTE);
    await reader.poll();
    expect(new Set(reader.ids)).toEqual(new Set(ids));
    for (const id of changed) expect(versions()).toContain(`${id}/${formatTime(microsFromMs(NOON))}`);
  });

  test("have their version's own text, and one in the shape of older consoles too", async () => {
    const flat = '{"id":"2","createdAt":"2026-11-21T11:00:00Z","updatedAt":"2026-11-21T11:30:00.5Z"}';
    console.addThreats([threat("1", NOON - 10 * MINUTE), flat]);
    const reader = new FeedReader(feedOf(client, {}, "threats"));
    await reader.poll();
    expect(reader.records.map(({ id, version }) => [id, version])).toEqual([
      ["2", "2026-11-21T11:30:00.5Z"],
      ["1", "2026-11-21T11:50:00.000000Z"],
    ]);
  });
});

describe("reading", () => {
  test("ends with the signal's reason, and goes on afterwards", async () => {
    const ids = lastHour(1200);
    const reader = new FeedReader(feedOf(client));
    const stop = new AbortController();
    console.faults.add({ kind: "hang" }, { path: "/activities", after: 1 });
    const hanging = console.requests.next(({ search }) => search.has("cursor"));
    await reader.page();
    const page = reader.page(stop.signal);
    await hanging;
    stop.abort(new Error("enough"));
    await expect(page).rejects.toThrow("enough");
    await reader.poll();
    expect(reader.ids.toSorted()).toEqual(ids.toSorted());
  });

  test("the newest records gives them oldest first, and moves nothing", async () => {
    const ids = lastHour(30);
    const feed = feedOf(client);
    const events = await feed.readNewest(10, NEVER);
    expect(events.map(({ id }) => id)).toEqual(ids.slice(-10));
    const reader = new FeedReader(feed);
    await reader.poll();
    expect(reader.ids).toEqual(ids);
  });
});

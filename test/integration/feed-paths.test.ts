import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { UNIFIED_ALERTS } from "../../src/demo/console/graphql.ts";
import { forbidden, internalError } from "../../src/demo/console/vendor-answers.ts";
import { addEstate } from "../../src/demo/estate.ts";
import type { FeedName } from "../../src/event/event.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import type { ConsoleClient } from "../../src/sentinelone/client.ts";
import type { ConsoleFeed, FeedOptions } from "../../src/sentinelone/feed.ts";
import { FeedStore } from "../support/feed-store.ts";
import {
  MINUTE,
  NOON,
  TOKEN,
  activity,
  asked,
  clientOf,
  failureOf,
  feedOf,
  lookAtClock,
  threat,
} from "./feed-fixture.ts";

let demo: DemoConsole;
let client: ConsoleClient;
let now: number;

beforeEach(async () => {
  now = NOON;
  demo = await DemoConsole.start({ token: TOKEN, clock: () => now });
  client = clientOf(demo.url, { limits: UNLIMITED });
  await lookAtClock(client);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await client.close();
  await demo.close();
});

/** As many requests as there are. */
const UNLIMITED = { bucket: () => ({ take: () => Promise.resolve(0) }), hourly: () => undefined } as never;

function feed(name: FeedName, options: Partial<FeedOptions> = {}): ConsoleFeed {
  return feedOf(client, { settleMs: 0, start: { kind: "back", ms: 365 * 24 * 60 * MINUTE }, ...options }, name);
}

async function pass(ms: number): Promise<void> {
  now += ms;
  await lookAtClock(client);
}

/** As if so much time had passed on this machine's clock of waits. */
function waited(ms: number): void {
  const real = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => real() + ms);
}

function iso(ms: number): string {
  return formatTime(microsFromMs(ms));
}

describe("notes and timelines", () => {
  const details = { details: new Set(["notes", "timeline"] as const) };

  function addNote(id: string, threatId: string): void {
    const time = iso(NOON - MINUTE);
    demo.add("threats/{threat_id}/notes", [
      JSON.stringify({ id, threatId, text: `note ${id}`, createdAt: time, updatedAt: time }),
    ]);
  }

  function addThreats(count: number): void {
    for (let n = 1; n <= count; n += 1) {
      demo.addThreats([threat(String(n), NOON - MINUTE)]);
      addNote(`9${n}`, String(n));
    }
  }

  test("come with their threat, told where they belong, and once however often the threat changes", async () => {
    addThreats(2);
    demo.addActivities([activity("55", NOON - MINUTE, { threatId: "1" })]);
    const store = new FeedStore("threats");
    const one = feed("threats", details);
    await store.poll(one);
    expect(store.events.map(({ id, change }) => `${change} ${id}`).sort()).toEqual([
      "new 1",
      "new 2",
      "note 91",
      "note 92",
      "timeline 55",
    ]);
    expect(JSON.parse(store.events.find(({ id }) => id === "91")?.text ?? "")).toMatchObject({ threatId: "1" });
    await pass(MINUTE);
    demo.updateThreat("1", { threatInfo: { incidentStatus: "resolved" } });
    addNote("93", "1");
    await pass(MINUTE);
    expect((await store.poll(one)).map(({ id, change }) => `${change} ${id}`).sort()).toEqual(["note 93", "updated 1"]);
    // Neither of the two is asked for again at rest.
    const before = asked(demo, "/threats/1/notes").length;
    await store.poll(one);
    expect(asked(demo, "/threats/1/notes").length).toBe(before);
  });

  test("of more threats than a page has room for are all read, though requests fail in between", async () => {
    addThreats(60);
    const store = new FeedStore("threats");
    const one = feed("threats", details);
    for (const n of [3, 30, 59]) {
      demo.faults.add({ kind: "answer", answer: internalError }, { path: `/threats/${n}/notes` });
    }
    while (demo.faults.pending > 0) await failureOf(store.poll(one));
    await store.poll(one);
    expect(store.events.filter(({ change }) => change === "new").length).toBe(60);
    expect(new Set(store.events.filter(({ change }) => change === "note").map(({ id }) => id)).size).toBe(60);
    // What had been read before a failure is not asked for again.
    expect(asked(demo, "/threats/1/notes").length).toBe(1);
  });

  test("that the token may not read are left out for an hour, with the refusal told once; the threats go on", async () => {
    addThreats(30);
    demo.addActivities([activity("55", NOON - MINUTE, { threatId: "1" })]);
    const store = new FeedStore("threats");
    const one = feed("threats", details);
    const isNotes = ({ path }: { path: string }): boolean => path.endsWith("/notes");
    demo.faults.add({ kind: "answer", answer: forbidden() }, { when: isNotes, times: 1000 });
    const failure = await failureOf(store.poll(one));
    expect([failure.code, failure.message]).toEqual([
      "BRIDGE_FEED_FORBIDDEN",
      expect.stringContaining("notes are left out for now"),
    ]);
    await store.poll(one);
    expect(store.events.filter(({ change }) => change === "new").length).toBe(30);
    expect(store.events.filter(({ change }) => change === "timeline").map(({ id }) => id)).toEqual(["55"]);
    expect(demo.requests.recent.filter(isNotes).length).toBe(1);

    demo.faults.clear();
    waited(61 * MINUTE);
    await pass(MINUTE);
    demo.updateThreat("1", { threatInfo: { incidentStatus: "resolved" } });
    await pass(MINUTE);
    expect((await store.poll(one)).map(({ id, change }) => `${change} ${id}`)).toEqual(["updated 1", "note 91"]);
  });

  test("of a threat that has gone are none", async () => {
    addThreats(2);
    const store = new FeedStore("threats");
    const one = feed("threats", details);
    const page = await store.page(one);
    expect(page.hasMore).toBe(true);
    demo.threats.remove("1");
    await store.poll(one);
    expect(store.events.map(({ id, change }) => `${change} ${id}`).sort()).toEqual(["new 2", "note 92"]);
  });
});

describe("alerts", () => {
  const options = { nowMs: NOON - MINUTE, endpointsPerGroup: 1, objects: 4 };

  test("of a console without unified alerts come from the older list, each once", async () => {
    addEstate(demo, options);
    demo.missing.add(UNIFIED_ALERTS);
    const store = new FeedStore("alerts");
    const one = feed("alerts");
    await store.poll(one);
    expect(store.events.map(({ change }) => change)).toEqual(["new", "new", "new", "new"]);
    await pass(MINUTE);
    const before = demo.requests.recent.length;
    expect(await store.poll(one)).toEqual([]);
    expect(demo.requests.recent.slice(before).map(({ path }) => path)).toEqual(["/cloud-detection/alerts"]);
  });

  test("come from the newer list within the hour after an upgrade, as updates of those that were told, changes of meanwhile included", async () => {
    addEstate(demo, options);
    demo.missing.add(UNIFIED_ALERTS);
    const store = new FeedStore("alerts");
    const one = feed("alerts");
    await store.poll(one);
    await pass(5 * MINUTE);
    await store.poll(one);
    const [first] = [...demo.store(UNIFIED_ALERTS).texts()].map(
      (text) => JSON.parse(text) as { id: string; externalId: string },
    );
    demo.missing.clear();
    demo.update(UNIFIED_ALERTS, first?.id ?? "", { analystVerdict: "TRUE_POSITIVE" });
    await pass(30 * MINUTE);
    expect(await store.poll(one)).toEqual([]);
    waited(61 * MINUTE);
    await pass(30 * MINUTE);
    await store.poll(one);
    const events = await store.poll(one);
    expect(events.map(({ change }) => change)).toEqual(["updated", "updated", "updated", "updated"]);
    expect(events.map(({ id }) => id)).toContain(first?.externalId);
    expect(demo.requests.recent.at(-1)?.path).toBe("/unifiedalerts/graphql");
  });

  test("are limited to the scope of the configuration, which unified alerts can not be asked by", async () => {
    addEstate(demo, options);
    const all = new FeedStore("alerts");
    await all.poll(feed("alerts"));
    const siteOf = ({ text }: { text: string }): string =>
      (JSON.parse(text) as { realTime: { scope: { site: { id: string } } } }).realTime.scope.site.id;
    const site = siteOf(all.events[0] ?? { text: "{}" });
    const wanted = all.events.filter((event) => siteOf(event) === site).map(({ id }) => id);
    expect(wanted.length).toBeLessThan(all.events.length);
    const store = new FeedStore("alerts");
    const page = feed("alerts", { scope: { siteIds: [site] } });
    await store.poll(page);
    expect(store.events.map(({ id }) => id)).toEqual(wanted);
  });
});

describe("a token of a site", () => {
  test("brings the accounts that its sites name, and the accounts themselves when it may read them", async () => {
    addEstate(demo, { nowMs: NOON - MINUTE, endpointsPerGroup: 1, objects: 1 });
    const [site] = [...demo.store("sites").texts()].map((text) => JSON.parse(text) as Record<string, string>);
    demo.tokens.add(TOKEN, { sites: [site?.["id"] ?? ""] });
    const store = new FeedStore("accounts");
    const one = feed("accounts");
    await store.poll(one);
    expect(store.objects.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      { id: site?.["accountId"], name: site?.["accountName"] },
    ]);
    await store.poll(one);
    expect(asked(demo, "/accounts").length).toBe(1);

    demo.tokens.add(TOKEN);
    waited(61 * MINUTE);
    await store.poll(one);
    expect(asked(demo, "/accounts").length).toBe(2);
    expect(new Set(store.objects.map(({ id }) => id)).size).toBe(demo.store("accounts").size);
  });
});

describe("a scope", () => {
  test("that a list can not be limited to is refused, and nothing is asked", async () => {
    const lists = { sites: "sites", accounts: "accounts", users: "users", service_users: "service-users" } as const;
    for (const [name, path] of Object.entries({ ...lists, ranger: "ranger/table-view" })) {
      const failure = await failureOf(
        new FeedStore(name as FeedName).poll(feed(name as FeedName, { scope: { groupIds: ["1"] } })),
      );
      expect([name, failure.code]).toEqual([name, "BRIDGE_FEED_REFUSED"]);
      expect(failure.message).toContain(`${name} can not be limited to groupIds`);
      expect(failure.retryAfterMs).toBeGreaterThanOrEqual(10 * MINUTE);
      expect(asked(demo, `/${path}`)).toEqual([]);
    }
  });

  test("of several sites is one list each where the endpoint takes one only, with one mark behind all", async () => {
    addEstate(demo, { nowMs: NOON - MINUTE, endpointsPerGroup: 1, objects: 3 });
    const ids = [...demo.store("sites").texts()].map((text) => (JSON.parse(text) as { id: string }).id).slice(0, 2);
    for (const [name, path] of [
      ["application_risks", "/application-management/risks"],
      ["ranger", "/ranger/table-view"],
    ] as const) {
      const store = new FeedStore(name);
      await store.poll(feed(name, { scope: { siteIds: ids } }));
      expect(asked(demo, path).map((search) => search.get("siteIds"))).toEqual(ids);
      expect(store.objects.length).toBeGreaterThan(0);
      expect(store.events.filter(({ change }) => change === "snapshot").length).toBe(name === "ranger" ? 1 : 0);
    }
  });
});

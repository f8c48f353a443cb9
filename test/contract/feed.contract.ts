import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DemoConsole } from "../../src/demo/console/console.ts";
import { forbidden, internalError, nginxPage } from "../../src/demo/console/vendor-answers.ts";
import type { FeedDefinition } from "../../src/feeds/definition.ts";
import type { ConsoleClient } from "../../src/sentinelone/client.ts";
import { createFeed } from "../../src/sentinelone/create-feed.ts";
import type { ConsoleFeed, FeedOptions } from "../../src/sentinelone/feed.ts";
import { MINUTE, clientOf, failureOf, lookAtClock } from "../integration/feed-fixture.ts";
import { FeedStore } from "../support/feed-store.ts";

/** A console with records of a feed, and what can happen to them. */
export interface FeedPlace {
  readonly demo: DemoConsole;
  /** The ids that the feed has to give, once each. */
  readonly ids: readonly string[];
  /** Requests of a poll that brings nothing. */
  readonly requestsAtRest: number;
  /** Moves the console's clock. */
  readonly pass: (ms: number) => void;
  /** Changes one object, and gives its id and the name of the field; undefined where nothing can change. */
  readonly change: (() => { readonly id: string; readonly field: string }) | undefined;
}

export interface FeedImplementation {
  readonly definition: FeedDefinition;
  /** The same feed with two records to a page. */
  readonly paged: FeedDefinition;
  readonly newPlace: () => Promise<FeedPlace>;
}

/** What every feed keeps, however it is read. */
export function feedContract({ definition, paged, newPlace }: FeedImplementation): void {
  describe(`the feed ${definition.name}`, () => {
    let place: FeedPlace;
    let client: ConsoleClient;

    beforeEach(async () => {
      place = await newPlace();
      client = clientOf(place.demo.url, { limits: UNLIMITED });
      await lookAtClock(client);
    });

    afterEach(async () => {
      await client.close();
      await place.demo.close();
    });

    function feed(of: FeedDefinition = paged, more: Partial<FeedOptions> = {}): ConsoleFeed {
      return createFeed(of, client, {
        console: "acme",
        start: { kind: "back", ms: 365 * 24 * 60 * MINUTE },
        overlapMs: 5 * MINUTE,
        settleMs: 0,
        includeTypes: [],
        excludeTypes: [],
        scope: {},
        snapshot: false,
        details: new Set(),
        ...more,
      });
    }

    test("gives each record once, over all pages, each with a key of its own", async () => {
      const store = new FeedStore(definition.name);
      await store.poll(feed());
      expect(store.objects.map(({ id }) => id).sort()).toEqual([...place.ids].sort());
      expect(new Set(store.keys).size).toBe(store.keys.length);
      expect(store.deadLetters).toEqual([]);
      for (const { change } of store.objects) expect(["event", "new"]).toContain(change);
    });

    test("brings nothing at rest, with few requests", async () => {
      const store = new FeedStore(definition.name);
      const one = feed(definition);
      await store.poll(one);
      place.pass(MINUTE);
      await lookAtClock(client);
      const before = place.demo.requests.recent.length;
      expect(await store.poll(one)).toEqual([]);
      expect(place.demo.requests.recent.length - before).toBe(place.requestsAtRest);
    });

    test("loses nothing and doubles nothing when it is stopped after any page", async () => {
      const store = new FeedStore(definition.name);
      // The first page of a feed may only fix its beginning.
      for (const pages of [1, 2, 3]) {
        const stopped = feed();
        for (let page = 0; page < pages; page += 1) if (!(await store.page(stopped)).hasMore) break;
      }
      await store.poll(feed());
      expect(store.objects.map(({ id }) => id).sort()).toEqual([...place.ids].sort());
    });

    test("goes on after an answer that is torn, throttled or not the API's", async () => {
      const store = new FeedStore(definition.name);
      const one = feed();
      for (const answer of [
        nginxPage(429, "429 Too Many Requests"),
        internalError,
        nginxPage(502, "502 Bad Gateway"),
      ]) {
        place.demo.faults.add({ kind: "answer", answer }, { when: isOfTheFeed });
      }
      place.demo.faults.add({ kind: "truncated", bytes: 10 }, { when: isOfTheFeed });
      while (place.demo.faults.pending > 0) {
        const failure = await failureOf(store.poll(one));
        expect(failure.retryable).toBe(true);
      }
      await store.poll(one);
      expect(store.objects.map(({ id }) => id).sort()).toEqual([...place.ids].sort());
    });

    // Entries of a log do not change, and there is no whole list of them.
    const { source } = definition;
    const isLog = source.read === "newest" || (source.read === "window" && !source.isObject);
    const testOfObjects = isLog ? none : test;
    const testOfSnapshots = isLog || source.read === "alerts" ? none : test;

    test("is refused alone to a token that may not read it, and goes on when it may", async () => {
      const store = new FeedStore(definition.name);
      const one = feed();
      place.demo.faults.add({ kind: "answer", answer: forbidden() }, { when: isOfTheFeed, times: 1000 });
      const failure = await failureOf(store.poll(one));
      expect([failure.code, failure.retryable]).toEqual(["BRIDGE_FEED_FORBIDDEN", true]);
      expect(failure.retryAfterMs).toBeGreaterThanOrEqual(5 * MINUTE);
      place.demo.faults.clear();
      await store.poll(one);
      expect(store.objects.map(({ id }) => id).sort()).toEqual([...place.ids].sort());
    });

    testOfObjects("tells a change once, with the field that changed, and goes on after a restart", async () => {
      const store = new FeedStore(definition.name);
      await store.poll(feed());
      place.pass(MINUTE);
      await lookAtClock(client);
      if (place.change === undefined) throw new Error("no way to change an object of this feed is known");
      const { id, field } = place.change();
      place.pass(MINUTE);
      await lookAtClock(client);
      const added = (await store.poll(feed())).filter(({ change }) => change !== "snapshot");
      expect(added.map((event) => event.id)).toEqual([id]);
      expect(["updated", "changed"]).toContain(added[0]?.change);
      expect(added[0]?.changed).toContain(field);
      expect(await store.poll(feed())).toEqual([]);
    });

    testOfSnapshots("a snapshot gives every object each time, and a mark behind the last", async () => {
      const store = new FeedStore(definition.name);
      const one = feed(paged, { snapshot: true });
      await store.poll(one);
      place.pass(MINUTE);
      await lookAtClock(client);
      const second = await store.poll(one);
      const members = second.filter(({ change }) => change === "listed");
      expect(members.map(({ id }) => id).sort()).toEqual([...place.ids].sort());
      expect(second.at(-1)).toMatchObject({ change: "snapshot" });
      expect(JSON.parse(second.at(-1)?.text ?? "")).toMatchObject({ feed: definition.name, count: place.ids.length });
      expect(new Set(store.keys).size).toBe(store.keys.length);
    });

    test("can be looked into without a checkpoint", async () => {
      const events = await feed(definition).readNewest(3, new AbortController().signal);
      expect(events.length).toBe(Math.min(3, place.ids.length));
      for (const event of events) expect(place.ids).toContain(event.id);
    });
  });
}

function isOfTheFeed({ path }: { readonly path: string }): boolean {
  return path !== "/system/info" && !path.startsWith("/user/") && path !== "/user";
}

/** As many requests as there are. */
const UNLIMITED = { bucket: () => ({ take: () => Promise.resolve(0) }), hourly: () => undefined } as never;

/** A test that is not for this feed is none, not a skipped one. */
function none(_name: string, _test: () => Promise<void>): void {}

import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { type Observable, firstValueFrom, merge, take, toArray } from "rxjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FeedFault, type PageReport, intake } from "../../../src/bridge/intake.ts";
import { cron, every } from "../../../src/bridge/schedule.ts";
import { FakeFeed, FakeSpool, ManualSchedule, QUICK, TestError, micros, pageOf, untilAborted } from "./fakes.ts";

let spool: FakeSpool;
let stop: AbortController;
let faults: FeedFault[];

beforeEach(() => {
  spool = new FakeSpool();
  stop = new AbortController();
  faults = [];
});

afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

function run(feed: FakeFeed, options: Partial<Parameters<typeof intake>[1]> = {}): Observable<PageReport> {
  const onFault = (fault: FeedFault): void => void faults.push(fault);
  return intake({ feed, spool }, { schedule: every(1), backoff: QUICK, stop: stop.signal, onFault, ...options });
}

async function inTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await (turn % 2 === 0 ? setImmediate() : Promise.resolve());
}

function reports(pages: Observable<PageReport>, count: number): Promise<PageReport[]> {
  return firstValueFrom(pages.pipe(take(count), toArray()));
}

describe("the intake", () => {
  test("reads page after page, each from the checkpoint that the one before has stored", async () => {
    const feed = new FakeFeed([pageOf(["1", "2"], 10, true), pageOf(["3"], 20, true), pageOf([], 30)]);
    const told = await reports(run(feed), 3);
    expect(spool.events).toEqual(["1", "2", "3"]);
    expect(feed.asked.map((checkpoint) => checkpoint?.time)).toEqual([undefined, 10, 20]);
    expect(told.map(({ read, added, reached, hasMore }) => [read, added, reached, hasMore])).toEqual([
      [2, 2, 10, true],
      [1, 1, 20, true],
      [0, 0, 30, false],
    ]);
  });

  test("asks the spool once where its first page begins, and again for each poll after it", async () => {
    const asked = vi.spyOn(spool, "checkpoint");
    const feed = new FakeFeed([new TestError("once"), pageOf(["1"], 10), pageOf(["2"], 20)]);
    await reports(run(feed), 1);
    expect(asked).toHaveBeenCalledTimes(1);
    await reports(run(feed), 1);
    expect(feed.asked.map((checkpoint) => checkpoint?.time)).toEqual([undefined, undefined, 10]);
  });

  test("stores a page that could not be stored before those that were read behind it, and reads none of them again", async () => {
    const feed = new FakeFeed([pageOf(["1"], 10, true), pageOf(["2"], 20)]);
    spool.failures.push(new TestError("disk"), new TestError("disk"));
    await reports(run(feed), 2);
    expect(spool.events).toEqual(["1", "2"]);
    expect(feed.asked).toHaveLength(2);
    expect(faults.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test("reads the next page while one is stored, and no more than that", async () => {
    const stored = Promise.withResolvers<undefined>();
    spool.delay = () => stored.promise;
    const feed = new FakeFeed([pageOf(["1"], 10, true), pageOf(["2"], 20, true), pageOf(["3"], 30)]);
    const told = reports(run(feed), 3);
    await vi.waitUntil(() => spool.appends === 2);
    await setImmediate();
    expect([feed.asked.length, spool.events]).toEqual([2, []]);
    stored.resolve(undefined);
    expect((await told).map(({ reached }) => reached)).toEqual([10, 20, 30]);
    expect(spool.events).toEqual(["1", "2", "3"]);
  });

  test("tells the fault of a page that was read ahead before it asks for that page again", async () => {
    const feed = new FakeFeed([
      pageOf(["1"], 10, true),
      new TestError("slow down", { retryAfterMs: 50 }),
      pageOf(["2"], 20),
    ]);
    const told = reports(run(feed), 2);
    await vi.waitUntil(() => faults.length === 1);
    expect(feed.asked).toHaveLength(2);
    expect(faults[0]?.retryInMs).toBe(50);
    await told;
    expect(spool.events).toEqual(["1", "2"]);
  });

  test("asks the spool where to go on after a fault, and not the page before", async () => {
    const feed = new FakeFeed([pageOf(["1"], 10, true), new TestError("lost its place"), pageOf(["2"], 20)]);
    const stored = { time: micros(10), floor: micros(7) };
    vi.spyOn(spool, "checkpoint").mockResolvedValueOnce(undefined).mockResolvedValueOnce(stored);
    await reports(run(feed), 2);
    expect(feed.asked).toEqual([undefined, { time: 10, floor: 0 }, stored]);
  });

  test("ends with its subscription, and the page that is read ahead with it", async () => {
    const feed = new FakeFeed([pageOf(["1"], 10, true), untilAborted]);
    await reports(run(feed), 1);
    expect(feed.signals.at(-1)?.aborted).toBe(true);
  });

  test("brings every page in its order, whatever fails and however long it takes", async () => {
    const step = fc.record({ readFails: fc.boolean(), readTurns: fc.nat(4), hasMore: fc.boolean() });
    const append = fc.record({ fails: fc.boolean(), turns: fc.nat(4) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.array(append, { maxLength: 8 }),
        async (steps, appends) => {
          const own = new FakeSpool();
          const turns = appends.map((one) => one.turns);
          own.delay = () => inTurns(turns.shift() ?? 0);
          own.failures.push(...appends.flatMap(({ fails }) => (fails ? [new TestError("disk")] : [])));
          const pages = steps.map(({ hasMore }, at) => pageOf([String(at)], at, hasMore));
          const feed = new FakeFeed(
            steps.flatMap(({ readFails, readTurns }, at) => [
              ...(readFails ? [new TestError("console")] : []),
              () => inTurns(readTurns).then(() => pages[at] ?? pageOf([], at)),
            ]),
          );
          const end = new AbortController();
          const options = {
            schedule: every(0),
            backoff: { firstMs: 0, maxMs: 0 },
            stop: end.signal,
            onFault: () => undefined,
          };
          const told = await reports(intake({ feed, spool: own }, options), pages.length);
          end.abort();
          expect(own.events.slice(0, pages.length)).toEqual(pages.map((_, at) => String(at)));
          expect(told.map(({ reached }) => reached)).toEqual(pages.map((_, at) => at));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("tries a failing feed again and again, and counts anew after a good page", async () => {
    const failures = [1, 2, 3, 4, 5].map((at) => new TestError(`failure ${at}`));
    const feed = new FakeFeed([...failures, pageOf(["1"], 10), new TestError("later"), pageOf(["2"], 20)]);
    await reports(run(feed), 2);
    expect(faults.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 1]);
    expect(faults.every(({ key, retryInMs }) => key === feed.key && retryInMs <= QUICK.maxMs)).toBe(true);
    expect(spool.events).toEqual(["1", "2"]);
  });

  test("never waits longer than its back-off allows, and never less than the error asks for", async () => {
    vi.useFakeTimers();
    const feed = new FakeFeed([
      ...Array.from({ length: 20 }, () => new TestError("down")),
      new TestError("slow down", { retryAfterMs: 90_000 }),
      pageOf(["1"], 10),
    ]);
    const told = reports(run(feed, { backoff: { firstMs: 500, maxMs: 60_000 } }), 1);
    await vi.advanceTimersByTimeAsync(20 * 60_000 + 90_000);
    await told;
    expect(faults.slice(0, 20).every(({ retryInMs }) => retryInMs <= 60_000)).toBe(true);
    expect(faults[0]?.retryInMs).toBeLessThanOrEqual(500);
    expect(faults[20]?.retryInMs).toBe(90_000);
  });

  test("tries again after a bug of ours too", async () => {
    const feed = new FakeFeed([new TypeError("undefined is not a function"), pageOf(["1"], 10)]);
    await reports(run(feed), 1);
    expect(spool.events).toEqual(["1"]);
  });

  test("ends with an error that says that trying again can not help", async () => {
    const feed = new FakeFeed([new TestError("gone for good", { retryable: false })]);
    await expect(reports(run(feed), 1)).rejects.toThrow("gone for good");
    expect(faults).toEqual([]);
  });

  test("of one feed is not affected by another that fails or hangs", async () => {
    const failing = new FakeFeed([new TestError("down")], "threats");
    const hanging = new FakeFeed([untilAborted], "threats");
    const good = new FakeFeed([pageOf(["1"], 10), pageOf(["2"], 20), pageOf(["3"], 30)]);
    await reports(merge(run(failing), run(hanging), run(good)), 3);
    expect(spool.events).toEqual(["1", "2", "3"]);
  });
});

describe("a stop", () => {
  test("ends a read under way, and tells the feed", async () => {
    const feed = new FakeFeed([untilAborted]);
    const done = firstValueFrom(run(feed).pipe(toArray()));
    await vi.waitUntil(() => feed.signals.length === 1);
    stop.abort();
    expect(await done).toEqual([]);
    expect(feed.signals[0]?.aborted).toBe(true);
  });

  test.each([
    ["between polls", [pageOf(["1"], 10)], 60_000],
    ["during a wait after a failure", [new TestError("down", { retryAfterMs: 60_000 })], 1],
  ])("%s ends at once and leaves no listener", async (_case, steps, intervalMs) => {
    const feed = new FakeFeed(steps);
    const done = firstValueFrom(run(feed, { schedule: every(intervalMs) }).pipe(toArray()));
    await vi.waitUntil(() => feed.asked.length === 1);
    await setImmediate();
    stop.abort();
    await done;
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    expect(feed.asked).toHaveLength(1);
  });

  test("before the beginning reads nothing", async () => {
    stop.abort();
    const feed = new FakeFeed([pageOf(["1"], 10)]);
    expect(await firstValueFrom(run(feed).pipe(toArray()))).toEqual([]);
    expect(feed.asked).toEqual([]);
  });
});

describe("a schedule", () => {
  test("is waited for by a feed that has a checkpoint, before its first poll and after each", async () => {
    const schedule = new ManualSchedule();
    spool.checkpoints.set("activities", { time: micros(5), floor: micros(0) });
    const feed = new FakeFeed([pageOf(["1"], 10, true), pageOf(["2"], 20), pageOf(["3"], 30)]);
    const told = reports(run(feed, { schedule }), 3);
    await vi.waitUntil(() => schedule.firstAsked === 1);
    expect(feed.asked).toEqual([]);
    schedule.tick.next();
    // Two pages of one poll: between them nothing is waited for.
    await vi.waitUntil(() => schedule.nextAsked === 1);
    expect(spool.events).toEqual(["1", "2"]);
    schedule.tick.next();
    await told;
    expect(spool.events).toEqual(["1", "2", "3"]);
  });

  test("is not waited for by a feed without checkpoint: its beginning is fixed at once", async () => {
    const schedule = new ManualSchedule();
    const feed = new FakeFeed([pageOf([], 10)]);
    await reports(run(feed, { schedule }), 1);
    expect([schedule.firstAsked, feed.asked]).toEqual([0, [undefined]]);
  });

  test("of every so long counts from the beginning of the poll before", async () => {
    vi.useFakeTimers();
    const slow = async (): Promise<ReturnType<typeof pageOf>> => {
      await new Promise((resolve) => setTimeout(resolve, 4000));
      return pageOf([], 10);
    };
    const begun: number[] = [];
    const feed = new FakeFeed([(): ReturnType<typeof slow> => (begun.push(performance.now()), slow())]);
    const told = reports(run(feed, { schedule: every(10_000) }), 3);
    await vi.advanceTimersByTimeAsync(40_000);
    await told;
    expect([(begun[1] ?? 0) - (begun[0] ?? 0), (begun[2] ?? 0) - (begun[1] ?? 0)]).toEqual([10_000, 10_000]);
  });

  test("of cron waits for its tick, and lets go of it when nobody waits any more", async () => {
    vi.useFakeTimers({ now: new Date(2026, 10, 21, 11, 59, 50) });
    let ticks = 0;
    const subscription = cron("0 12 * * *")
      .next(0)
      .subscribe(() => (ticks += 1));
    await vi.advanceTimersByTimeAsync(8000);
    expect(ticks).toBe(0);
    await vi.advanceTimersByTimeAsync(4000);
    expect(ticks).toBe(1);
    expect(subscription.closed).toBe(true);
    const waiting = cron("0 13 * * *").next(0).subscribe();
    waiting.unsubscribe();
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(0);
  });
});

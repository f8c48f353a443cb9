import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { NEVER, Subject, firstValueFrom, of, toArray } from "rxjs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { backoffDelay } from "../../../src/lib/backoff.ts";
import { Notice } from "../../../src/lib/notice.ts";
import { aborted, fromAbortable, untilAborted } from "../../../src/lib/rx.ts";
import { isAbort, orAborted } from "../../../src/lib/signals.ts";
import { type BucketClock, TokenBucket } from "../../../src/lib/token-bucket.ts";

afterEach(() => vi.useRealTimers());

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

const QUIET = new AbortController().signal;

describe("the back-off", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

  test("doubles from its first wait to its greatest, at least half of it fixed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 600_000 }),
        fc.integer({ min: 1, max: 1e9 }),
        share,
        (firstMs, maxMs, attempt, random) => {
          const delay = backoffDelay({ firstMs, maxMs }, attempt, () => random);
          const ceiling = Math.min(maxMs, firstMs * 2 ** (attempt - 1));
          expect(delay).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
          expect(delay).toBeLessThanOrEqual(ceiling);
          expect(Number.isInteger(delay)).toBe(true);
        },
      ),
    );
  });

  test("spreads those who failed together", () => {
    const delays = Array.from({ length: 50 }, () => backoffDelay({ firstMs: 10_000, maxMs: 60_000 }, 3));
    expect(new Set(delays).size).toBeGreaterThan(25);
  });
});

describe("the token bucket", () => {
  /** A clock on which a wait lasts up to `late` longer than it was to last, as on a busy machine. */
  function clock(late: readonly number[] = [0]): BucketClock & { at: number } {
    let waits = 0;
    return {
      at: 0,
      now() {
        return this.at;
      },
      sleep(ms) {
        this.at += ms + (late[waits++ % late.length] ?? 0);
        return Promise.resolve();
      },
    };
  }

  test("never lets more through than its rate and its burst, also when waits end late", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(10, 300, 1500),
        fc.constantFrom(1, 4, 10),
        fc.array(fc.oneof(fc.constant(0), fc.nat(300)), { minLength: 5, maxLength: 40 }),
        fc.array(fc.nat(500), { minLength: 1, maxLength: 5 }),
        async (perSecond, burst, gaps, late) => {
          const time = clock(late);
          const bucket = new TokenBucket({ perSecond, burst }, time);
          const taken: number[] = [];
          for (const gap of gaps) {
            time.at += gap;
            await bucket.take(QUIET);
            taken.push(time.at);
          }
          for (const [to, end] of taken.entries()) {
            for (const [from, start] of taken.slice(0, to + 1).entries())
              expect(to - from + 1).toBeLessThanOrEqual(burst + ((end - start) / 1000) * perSecond + 1e-6);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test("without a burst keeps every second to its rate, and loses none of it when no wait ends late", async () => {
    const time = clock();
    const bucket = new TokenBucket({ perSecond: 100, burst: 1 }, time);
    time.at = 60_000;
    const taken: number[] = [];
    for (let at = 0; at < 30; at++) {
      await bucket.take(QUIET);
      taken.push(time.at - 60_000);
    }
    expect(taken).toEqual(Array.from({ length: 30 }, (_, at) => at * 10));
  });

  test("lets all through in the order in which they came", async () => {
    const bucket = new TokenBucket({ perSecond: 1000, burst: 2 }, clock([3, 0]));
    const order: number[] = [];
    await Promise.all(Array.from({ length: 20 }, async (_, at) => order.push((await bucket.take(QUIET), at))));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test("lets those behind go on when one has given up", async () => {
    const bucket = new TokenBucket({ perSecond: 50, burst: 1 });
    const stop = new AbortController();
    const all = [bucket.take(QUIET), bucket.take(stop.signal), bucket.take(QUIET)];
    stop.abort();
    const [first, second, third] = await Promise.allSettled(all);
    expect([first?.status, second?.status, third?.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("rejects when it is aborted while it waits, and leaves no listener", async () => {
    const stop = new AbortController();
    const bucket = new TokenBucket({ perSecond: 0.01, burst: 1 });
    await bucket.take(stop.signal);
    const waiting = bucket.take(stop.signal);
    expect(listeners(stop.signal)).toBeGreaterThan(0);
    stop.abort();
    await expect(waiting).rejects.toSatisfy((error) => isAbort(error, stop.signal));
    expect(listeners(stop.signal)).toBe(0);
  });
});

describe("fromAbortable", () => {
  test("gives the value of its work and completes", async () => {
    expect(await firstValueFrom(fromAbortable(() => Promise.resolve(5)).pipe(toArray()))).toEqual([5]);
  });

  test("does its work anew for each subscription", async () => {
    let times = 0;
    const work$ = fromAbortable(() => Promise.resolve((times += 1)));
    expect([await firstValueFrom(work$), await firstValueFrom(work$)]).toEqual([1, 2]);
  });

  test("aborts its work when nobody listens any more, and its late failure is no one's", async () => {
    let given: AbortSignal | undefined;
    const { promise, reject } = Promise.withResolvers<never>();
    const failures: unknown[] = [];
    const subscription = fromAbortable((signal) => ((given = signal), promise)).subscribe({
      error: (error) => failures.push(error),
    });
    expect(given?.aborted).toBe(false);
    subscription.unsubscribe();
    expect(given?.aborted).toBe(true);
    reject(new Error("aborted"));
    await promise.catch(() => undefined);
    expect(failures).toEqual([]);
  });

  test("gives the error of its work", async () => {
    await expect(firstValueFrom(fromAbortable(() => Promise.reject(new Error("no"))))).rejects.toThrow("no");
  });
});

describe("untilAborted", () => {
  test("completes when the signal is aborted, at once when it is already", async () => {
    const stop = new AbortController();
    const done = firstValueFrom(NEVER.pipe(untilAborted(stop.signal), toArray()));
    stop.abort();
    expect(await done).toEqual([]);
    expect(await firstValueFrom(of(1).pipe(untilAborted(stop.signal), toArray()))).toEqual([]);
  });

  test("leaves no listener, however it ends", async () => {
    const { signal } = new AbortController();
    await firstValueFrom(of(1).pipe(untilAborted(signal), toArray()));
    const source = new Subject<void>();
    const subscription = source.pipe(untilAborted(signal)).subscribe();
    expect(listeners(signal)).toBe(1);
    subscription.unsubscribe();
    aborted(signal).subscribe().unsubscribe();
    const failing = source.pipe(untilAborted(signal)).subscribe({ error: () => undefined });
    source.error(new Error("no"));
    failing.unsubscribe();
    expect(listeners(signal)).toBe(0);
  });
});

describe("a notice", () => {
  test("wakes all that wait, and not those that come after", async () => {
    const notice = new Notice();
    const woken: number[] = [];
    const early = [1, 2].map((at) => notice.wait(QUIET).then(() => woken.push(at)));
    notice.tell();
    await Promise.all(early);
    const stop = new AbortController();
    const late = notice.wait(stop.signal);
    stop.abort(new Error("nobody told"));
    await expect(late).rejects.toThrow("nobody told");
    expect(woken).toEqual([1, 2]);
  });

  test("wakes one that waits again while it is told only once", async () => {
    const notice = new Notice();
    let woken = 0;
    const again = async (): Promise<void> => {
      await notice.wait(QUIET);
      woken += 1;
      void notice.wait(QUIET).then(() => (woken += 1));
    };
    const first = again();
    notice.tell();
    await first;
    expect(woken).toBe(1);
    notice.tell();
    await Promise.resolve();
    expect(woken).toBe(2);
  });

  test("is waited for no longer than so long", async () => {
    vi.useFakeTimers();
    const waiting = new Notice().wait(QUIET, 1000);
    await vi.advanceTimersByTimeAsync(1000);
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });

  test("leaves no listener and no timer, however the wait ends", async () => {
    vi.useFakeTimers();
    const notice = new Notice();
    const stop = new AbortController();
    const waits = [notice.wait(stop.signal, 1000), notice.wait(stop.signal)];
    notice.tell();
    await Promise.all(waits);
    expect([listeners(stop.signal), vi.getTimerCount()]).toEqual([0, 0]);
    const last = notice.wait(stop.signal, 1000);
    stop.abort(new Error("stop"));
    await expect(last).rejects.toThrow("stop");
    await expect(notice.wait(stop.signal)).rejects.toThrow("stop");
    expect([listeners(stop.signal), vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe("orAborted", () => {
  test("gives what the promise gives, and leaves no listener", async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(orAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
    expect(listeners(signal)).toBe(0);
  });

  test("rejects with the signal's reason as soon as it is aborted, or when it is already", async () => {
    const stop = new AbortController();
    const waiting = orAborted(new Promise(() => undefined), stop.signal);
    stop.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    await expect(orAborted(Promise.resolve(1), stop.signal)).rejects.toThrow("stop");
    expect(listeners(stop.signal)).toBe(0);
  });

  test("of a signal that is aborted already leaves no rejection that nobody hears", async () => {
    const unheard: unknown[] = [];
    const onUnheard = (error: unknown): void => void unheard.push(error);
    process.on("unhandledRejection", onUnheard);
    const work = Promise.reject(new Error("late"));
    await orAborted(work, AbortSignal.abort(new Error("stop"))).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onUnheard);
    expect(unheard).toEqual([]);
  });
});

test("only an error of the aborted signal is an abort", () => {
  const stop = new AbortController();
  const other = new DOMException("aborted", "AbortError");
  expect(isAbort(other, stop.signal)).toBe(false);
  stop.abort(new Error("stop"));
  expect([
    isAbort(stop.signal.reason, stop.signal),
    isAbort(other, stop.signal),
    isAbort(new Error("x"), stop.signal),
  ]).toEqual([true, true, false]);
});

import { getEventListeners } from "node:events";
import { type Observable, firstValueFrom, take, toArray } from "rxjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type DeliveryFault, type WindowReport, delivery } from "../../../src/bridge/delivery.ts";
import type { Collector } from "../../../src/bridge/ports.ts";
import { runBridge } from "../../../src/bridge/run.ts";
import type { WindowLimits } from "../../../src/bridge/window-size.ts";
import { FakeCollector, FakeReader, FakeSpool, QUICK, TestError, pageOf, untilAborted } from "./fakes.ts";

const LIMITS: WindowLimits = {
  maxEvents: 100,
  maxBytes: 1 << 20,
  minAgeMs: 20,
  maxAgeMs: 20,
  restMs: 0,
  fewEvents: 0,
};

let soft: AbortController;
let hard: AbortController;
let faults: DeliveryFault[];

beforeEach(() => {
  soft = new AbortController();
  hard = new AbortController();
  faults = [];
});

afterEach(() => {
  soft.abort();
  hard.abort();
});

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `e${at}`);
}

function run(
  reader: FakeReader,
  collector: Collector,
  limits: Partial<WindowLimits> = {},
): Observable<WindowReport | undefined> {
  return delivery(
    { reader, collector },
    {
      collector: "c",
      limits: { ...LIMITS, ...limits },
      backoff: QUICK,
      stop: { soft: soft.signal, hard: hard.signal },
      onFault: (fault) => void faults.push(fault),
    },
  );
}

function windows(reported: Observable<WindowReport | undefined>, count: number): Promise<(WindowReport | undefined)[]> {
  return firstValueFrom(reported.pipe(take(count), toArray()));
}

describe("the delivery", () => {
  test("sends every event in order and releases each window when it is confirmed", async () => {
    const reader = new FakeReader(ids(250));
    const collector = new FakeCollector();
    const told = await windows(run(reader, collector), 3);
    expect(collector.windows.flat()).toEqual(ids(250));
    expect(reader.released).toEqual([100, 200, 250]);
    expect(told.map((report) => [report?.events, report?.end, report?.newest])).toEqual([
      [100, 100, 99],
      [100, 200, 199],
      [50, 250, 249],
    ]);
  });

  test("releases nothing while the collector has not confirmed", async () => {
    const reader = new FakeReader(ids(10));
    const collector = new FakeCollector([untilAborted]);
    const subscription = run(reader, collector).subscribe();
    await vi.waitUntil(() => collector.windows[0]?.length === 10);
    await new Promise((resolve) => setTimeout(resolve, 2 * LIMITS.maxAgeMs));
    expect(reader.released).toEqual([]);
    subscription.unsubscribe();
  });

  test("sends a window again that was not confirmed, from its first event on, and tells what is in doubt", async () => {
    const reader = new FakeReader(ids(10));
    const collector = new FakeCollector([new TestError("reset"), undefined]);
    await windows(run(reader, collector), 2);
    expect(collector.windows[0]).toEqual(ids(10));
    expect(collector.windows.slice(1).flat()).toEqual(ids(10));
    expect(faults).toMatchObject([{ collector: "c", attempt: 1, inDoubt: 10 }]);
  });

  test("makes windows smaller while they fail, down to one event, and larger again", async () => {
    const reader = new FakeReader(ids(1000));
    const failures = Array.from({ length: 9 }, () => new TestError("too slow"));
    const collector = new FakeCollector([...failures, undefined]);
    await windows(run(reader, collector), 8);
    const sizes = collector.windows.map((window) => window.length);
    expect(sizes.slice(0, 9)).toEqual([100, 50, 25, 12, 6, 3, 1, 1, 1]);
    expect(sizes.slice(9, 17)).toEqual([1, 2, 4, 8, 16, 32, 64, 100]);
    expect(collector.windows.slice(9).flat()).toEqual(ids(227));
  });

  test("does not make windows smaller when nothing could be sent", async () => {
    const reader = new FakeReader(ids(100));
    const refusing: Collector = {
      deliver: vi
        .fn<Collector["deliver"]>()
        .mockRejectedValueOnce(new TestError("refused"))
        .mockImplementation(async (window) => {
          for await (const _ of window);
        }),
      close: () => Promise.resolve(),
    };
    const [report] = await windows(run(reader, refusing), 1);
    expect(report?.events).toBe(100);
    expect(faults).toMatchObject([{ inDoubt: 0 }]);
  });

  test("closes a window at its size in bytes", async () => {
    const reader = new FakeReader(ids(100));
    reader.read = async (position, maxEvents, signal) =>
      await FakeReader.prototype.read.call(reader, position, Math.min(maxEvents, 10), signal);
    const [first] = await windows(run(reader, new FakeCollector(), { maxBytes: 25 }), 1);
    expect(first?.events).toBe(10);
  });

  test("closes a window soon after its first event when no more come", async () => {
    const reader = new FakeReader(ids(3));
    const began = performance.now();
    const [report] = await windows(run(reader, new FakeCollector(), { minAgeMs: 30 }), 1);
    expect(report?.events).toBe(3);
    expect(performance.now() - began).toBeGreaterThan(20);
  });

  test("takes into a window what comes while it is open", async () => {
    const spool = new FakeSpool();
    const reader = await spool.reader();
    const collector = new FakeCollector();
    const told = windows(run(reader, collector, { minAgeMs: 5000, maxEvents: 3 }), 1);
    for (const [at, id] of ["a", "b", "c"].entries()) {
      await vi.waitUntil(() => reader.waiting === 1);
      await spool.append({ console: "acme", feed: "activities" }, pageOf([id], at), soft.signal);
    }
    expect((await told)[0]?.events).toBe(3);
    expect(collector.windows).toEqual([["a", "b", "c"]]);
  });

  test("lets a window of few events wait longer for more, so that connections stay few at rest", async () => {
    const spool = new FakeSpool();
    const reader = await spool.reader();
    const collector = new FakeCollector();
    const told = windows(run(reader, collector, { restMs: 60_000, fewEvents: 3 }), 2);
    const key = { console: "acme", feed: "activities" } as const;
    await vi.waitUntil(() => reader.waiting === 1);
    // The first after a rest is not kept waiting, the next one is.
    await spool.append(key, pageOf(["a"], 0), soft.signal);
    await vi.waitUntil(() => reader.released.length === 1);
    for (const [at, id] of ["b", "c", "d"].entries()) {
      await vi.waitUntil(() => reader.waiting === 1);
      await spool.append(key, pageOf([id], at + 1), soft.signal);
    }
    expect((await told).map((report) => report?.events)).toEqual([1, 3]);
  });

  test("goes past events that are damaged, and counts them", async () => {
    const reader = new FakeReader(ids(10));
    reader.damaged.set(0, 4);
    const collector = new FakeCollector();
    const [report] = await windows(run(reader, collector), 1);
    expect(report).toMatchObject({ events: 6, damaged: 4, end: 10 });
    expect(collector.windows.flat()).toEqual(ids(10).slice(4));
  });

  test("releases damaged events that nothing follows", async () => {
    const reader = new FakeReader(ids(4));
    reader.damaged.set(0, 4);
    const [report] = await windows(run(reader, new FakeCollector()), 1);
    expect(report).toMatchObject({ events: 0, damaged: 4, end: 4 });
    expect(reader.released).toEqual([4]);
  });

  test("releases only what the collector has been given, should it not have taken the whole window", async () => {
    const reader = new FakeReader(ids(200));
    reader.read = async (position, maxEvents, signal) =>
      await FakeReader.prototype.read.call(reader, position, Math.min(maxEvents, 10), signal);
    await windows(run(reader, new FakeCollector([undefined], 10)), 1);
    expect(reader.released[0]).toBeLessThanOrEqual(10);
  });

  test("tries again when the spool can not be read for now, and ends when it can not be read at all", async () => {
    const reader = new FakeReader(ids(3));
    reader.failures.push(new TestError("busy"));
    await windows(run(reader, new FakeCollector()), 1);
    expect(reader.released).toEqual([3]);
    const broken = new FakeReader(ids(3));
    broken.failures.push(new TestError("broken", { retryable: false }));
    await expect(windows(run(broken, new FakeCollector()), 1)).rejects.toThrow("broken");
  });
});

describe("to a collector that confirms as it goes, the delivery", () => {
  /** Tells what the test says, and ends when the window does or the test lets it fail. */
  class LastingCollector extends FakeCollector {
    readonly confirmsAsItGoes = true;
    readonly given: ((chunks: number) => void)[] = [];

    override async deliver(
      window: Parameters<Collector["deliver"]>[0],
      signal: AbortSignal,
      onConfirmed?: (chunks: number) => void,
    ): Promise<void> {
      if (onConfirmed !== undefined) this.given.push(onConfirmed);
      await super.deliver(window, signal);
    }
  }

  function tenByTen(reader: FakeReader): FakeReader {
    reader.read = (position, maxEvents, signal) =>
      FakeReader.prototype.read.call(reader, position, Math.min(maxEvents, 10), signal);
    return reader;
  }

  test("sends on in one window, and releases what is confirmed", async () => {
    const reader = tenByTen(new FakeReader(ids(50)));
    const collector = new LastingCollector();
    const reports: (WindowReport | undefined)[] = [];
    const subscription = run(reader, collector).subscribe((report) => reports.push(report));
    await vi.waitUntil(() => collector.windows[0]?.length === 50);
    expect(reader.released).toEqual([]);
    collector.given[0]?.(2);
    await vi.waitUntil(() => reports.length === 1);
    collector.given[0]?.(2);
    collector.given[0]?.(5);
    await vi.waitUntil(() => reports.length === 2);
    expect(reader.released).toEqual([20, 50]);
    expect(reports.map((report) => [report?.events, report?.end, report?.unconfirmed])).toEqual([
      [20, 20, 30],
      [30, 50, 0],
    ]);
    expect(collector.windows).toHaveLength(1);
    subscription.unsubscribe();
  });

  test("sends again only what was not confirmed when the connection breaks", async () => {
    const reader = tenByTen(new FakeReader(ids(50)));
    const collector = new LastingCollector();
    const { promise: broken, reject: breakIt } = Promise.withResolvers<never>();
    const deliver = collector.deliver.bind(collector);
    collector.deliver = async (window, signal, onConfirmed) => {
      const ends = collector.windows.length === 0 ? broken : untilAborted(signal);
      await Promise.race([deliver(window, signal, onConfirmed), ends]);
    };
    // The disk is not done with the release yet when the connection breaks: it is told all the same.
    reader.release = async (position) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return await FakeReader.prototype.release.call(reader, position);
    };
    const reports: (WindowReport | undefined)[] = [];
    const subscription = run(reader, collector).subscribe((report) => reports.push(report));
    await vi.waitUntil(() => collector.windows[0]?.length === 50);
    collector.given[0]?.(3);
    breakIt(new TestError("reset"));
    await vi.waitUntil(() => collector.windows[1]?.length === 20);
    expect(reports.map((report) => report?.events)).toEqual([30]);
    expect(collector.windows[1]).toEqual(ids(50).slice(30));
    expect(faults).toMatchObject([{ attempt: 1, inDoubt: 20 }]);
    subscription.unsubscribe();
  });

  test("ends a window whose release fails, and goes on when it is made up for", async () => {
    const reader = tenByTen(new FakeReader(ids(50)));
    let refused = 0;
    reader.release = async (position) => {
      if (refused++ === 0) throw new TestError("disk full");
      return await FakeReader.prototype.release.call(reader, position);
    };
    const collector = new LastingCollector();
    const deliver = collector.deliver.bind(collector);
    collector.deliver = (window, signal, onConfirmed) =>
      Promise.race([deliver(window, signal, onConfirmed), untilAborted(signal)]);
    const subscription = run(reader, collector).subscribe();
    await vi.waitUntil(() => collector.windows[0]?.length === 50);
    collector.given[0]?.(2);
    await vi.waitUntil(() => collector.windows[1]?.length === 30);
    expect([reader.released, collector.windows[1]]).toEqual([[20], ids(50).slice(20)]);
    subscription.unsubscribe();
  });
});

describe("a release that the disk refuses to store", () => {
  test("is told, and does not keep back what stands behind it", async () => {
    const reader = new FakeReader(ids(250));
    const refused = new TestError("read-only");
    reader.release = async (position) => {
      await FakeReader.prototype.release.call(reader, position);
      return position === 100 ? refused : undefined;
    };
    const reports = await windows(run(reader, new FakeCollector()), 3);
    expect(reports.map((report) => report?.end)).toEqual([100, 200, 250]);
    expect(faults).toEqual([{ collector: "c", error: refused, attempt: 1, retryInMs: 0, inDoubt: 0 }]);
  });
});

describe("a soft stop", () => {
  test("lets the window in flight be confirmed and released, and then ends", async () => {
    const reader = new FakeReader(ids(250));
    const { promise, resolve } = Promise.withResolvers<void>();
    const collector = new FakeCollector([() => promise]);
    const done = windows(run(reader, collector), 10);
    await vi.waitUntil(() => collector.windows[0]?.length === 100);
    soft.abort();
    resolve();
    expect(await done).toHaveLength(1);
    expect(reader.released).toEqual([100]);
    expect(collector.windows).toHaveLength(1);
  });

  test("closes a window that waits for more", async () => {
    const reader = new FakeReader(ids(3));
    const done = windows(run(reader, new FakeCollector(), { minAgeMs: 60_000 }), 10);
    await vi.waitUntil(() => reader.waiting === 1);
    soft.abort();
    expect(await done).toMatchObject([{ events: 3 }]);
  });

  test("ends one that waits for events, and leaves no listener", async () => {
    const reader = new FakeReader([]);
    const done = windows(run(reader, new FakeCollector()), 10);
    await vi.waitUntil(() => reader.waiting === 1);
    soft.abort();
    expect(await done).toEqual([]);
    expect(getEventListeners(soft.signal, "abort")).toEqual([]);
    expect(getEventListeners(hard.signal, "abort")).toEqual([]);
  });

  test("does not wait for a collector that is away", async () => {
    const reader = new FakeReader(ids(3));
    const collector = new FakeCollector([new TestError("away", { retryAfterMs: 60_000 })]);
    const done = windows(run(reader, collector), 10);
    await vi.waitUntil(() => faults.length === 1);
    soft.abort();
    expect(await done).toEqual([]);
    expect(reader.released).toEqual([]);
  });
});

describe("a hard stop", () => {
  test("ends at once, tells the collector, and releases nothing", async () => {
    const reader = new FakeReader(ids(3));
    let given: AbortSignal | undefined;
    const collector = new FakeCollector([(signal): Promise<never> => ((given = signal), untilAborted(signal))]);
    const done = windows(run(reader, collector), 10);
    await vi.waitUntil(() => given !== undefined);
    soft.abort();
    hard.abort();
    expect(await done).toEqual([]);
    expect(given?.aborted).toBe(true);
    expect(reader.released).toEqual([]);
  });
});

describe("the bridge", () => {
  test("goes on with one collector while another is dead", async () => {
    const dead = run(new FakeReader(ids(3)), new FakeCollector([new TestError("dead")]));
    const reader = new FakeReader(ids(250));
    const reports: unknown[] = [];
    const running = runBridge([dead, run(reader, new FakeCollector())] as Parameters<typeof runBridge>[0], (report) =>
      reports.push(report),
    );
    await vi.waitUntil(() => reader.released.length === 3);
    soft.abort();
    hard.abort();
    await running;
    expect(reports).toHaveLength(3);
  });

  test("gives up with the first error that can not be tried again", async () => {
    const reader = new FakeReader([]);
    reader.failures.push(new TestError("no disk", { retryable: false }));
    const waiting = new FakeReader([]);
    const running = runBridge(
      [run(waiting, new FakeCollector()), run(reader, new FakeCollector())] as Parameters<typeof runBridge>[0],
      () => undefined,
    );
    await expect(running).rejects.toThrow("no disk");
  });
});

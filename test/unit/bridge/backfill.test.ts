import { expect, test } from "vitest";
import { backfill } from "../../../src/bridge/backfill.ts";
import { Pace } from "../../../src/bridge/pace.ts";
import type { Aside, AuditableFeed, JobSpool, Page } from "../../../src/bridge/ports.ts";
import type { Micros } from "../../../src/event/time.ts";
import { Notice } from "../../../src/lib/notice.ts";

const KEY = { console: "acme", feed: "activities" } as const;
const NEVER = new AbortController().signal;

/** A past of three pages of two records each. */
const PAST: AuditableFeed = {
  key: KEY,
  hasVersions: false,
  settled: () => Promise.resolve(1000 as Micros),
  count: () => Promise.resolve(6),
  within: () => {
    let page = 0;
    return { key: KEY, readPage: () => Promise.resolve(pageOf((page += 1))) };
  },
};

function pageOf(number: number): Page {
  const records = [0, 1].map((at) => ({
    id: `${number}${at}`,
    time: number as Micros,
    version: undefined,
    text: "{}",
  }));
  const checkpoint = { time: number as Micros, floor: 0 as Micros };
  return {
    records,
    deadLetters: [],
    checkpoint,
    seenSince: 0 as Micros,
    consoleVersion: undefined,
    excluded: 0,
    hasMore: number < 3,
  };
}

class FakeSpool implements JobSpool {
  readonly positions = new Map<string, number>();
  readonly asides: Aside[] = [];
  readonly appended = new Notice();
  ended = false;
  end = 0;
  bytes = 0;
  readonly #released = new Notice();

  constructor(...collectors: readonly string[]) {
    for (const name of collectors) this.positions.set(name, 0);
  }

  append: JobSpool["append"] = (_key, page, _signal, { aside } = {}) => {
    if (aside !== undefined) this.asides.push(aside);
    this.end += page.records.length;
    setImmediate(() => this.appended.tell());
    return Promise.resolve({ added: page.records.length, duplicates: 0, deadLetters: 0 });
  };

  openJob: JobSpool["openJob"] = (order) =>
    Promise.resolve({ ...order, id: 7, checkpoint: order.from, boundary: [], read: 0, added: 0 });

  endJob(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }

  untilReleased(signal: AbortSignal, maxMs: number): Promise<void> {
    return this.#released.wait(signal, Math.min(maxMs, 5));
  }

  size(): Promise<{ bytes: number }> {
    return Promise.resolve({ bytes: this.bytes });
  }

  release(name: string, position: number): void {
    this.positions.set(name, position);
    this.#released.tell();
  }
}

async function run(spool: FakeSpool, patienceMs: number): Promise<unknown> {
  const order = { ...KEY, from: 0 as Micros, until: 100 as Micros, resend: false };
  const parts = { feed: PAST, spool, pace: new Pace(spool, { maxBytes: 100, patienceMs }) };
  let last: unknown;
  for await (const line of backfill(parts, order, NEVER)) last = line;
  return last;
}

test("the next page is added when every collector that is alive has passed the one before", async () => {
  const spool = new FakeSpool("siem", "archive");
  const done = run(spool, 60_000);
  for (const end of [2, 4, 6]) {
    while (spool.end < end) await spool.appended.wait(NEVER);
    spool.release("siem", end);
    await new Promise((resolve) => setImmediate(resolve));
    expect(spool.end).toBe(end);
    spool.release("archive", end);
  }
  expect(await done).toEqual({ kind: "end", read: 6, added: 6, unconfirmedBy: [] });
  expect(spool.ended).toBe(true);
  expect(spool.asides.map(({ job }) => [job?.checkpoint, job?.boundary])).toEqual([
    [1, ["10", "11"]],
    [2, ["20", "21"]],
    [3, ["30", "31"]],
  ]);
});

test("a collector that does not move is not waited for, and named at the end", async () => {
  const spool = new FakeSpool("dead");
  expect(await run(spool, 20)).toEqual({ kind: "end", read: 6, added: 6, unconfirmedBy: ["dead"] });
});

test("a spool that is half full gets nothing more until it has room", async () => {
  const spool = new FakeSpool();
  spool.bytes = 51;
  const done = run(spool, 20);
  await spool.untilReleased(NEVER, 50);
  expect(spool.end).toBe(0);
  spool.bytes = 50;
  await done;
  expect(spool.end).toBe(6);
});

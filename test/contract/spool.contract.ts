import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Batch, Checkpoint, FeedKey, Page, PageRecord, Spool, SpoolReader } from "../../src/bridge/ports.ts";
import type { SecurityEvent } from "../../src/event/event.ts";
import type { Micros } from "../../src/event/time.ts";
import { eventsOf } from "../support/json-renderer.ts";

/** One place where a spool stands, to be opened again and again. */
export interface SpoolPlace {
  open(collectors: readonly string[], limits?: { readonly maxBytes?: number }): Promise<Spool>;
  /** Removes it, with nothing open any more. */
  remove(): Promise<void>;
}

export interface SpoolImplementation {
  readonly newPlace: () => Promise<SpoolPlace>;
  /** What makes a page one that can not be stored, at the last moment. */
  readonly poison: Partial<Page>;
  /** A size in which some dozens of events of 10 kB have room. */
  readonly smallBytes: number;
  /** Whether an append waits for room. */
  readonly isFull: (spool: Spool) => boolean;
}

export const ACTIVITIES: FeedKey = { console: "acme", feed: "activities" };
export const THREATS: FeedKey = { console: "acme", feed: "threats" };

export function micros(value: number): Micros {
  return value as Micros;
}

export function checkpoint(time: number, floor = 0): Checkpoint {
  return { time: micros(time), floor: micros(floor) };
}

export function record(id: string, more: Partial<PageRecord> = {}): PageRecord {
  return { id, time: micros(1_000_000), version: undefined, text: JSON.stringify({ id }), ...more };
}

export function page(records: readonly PageRecord[], more: Partial<Page> = {}): Page {
  return {
    records,
    deadLetters: [],
    checkpoint: checkpoint(1),
    seenSince: micros(0),
    consoleVersion: undefined,
    excluded: 0,
    hasMore: false,
    ...more,
  };
}

export const NEVER = new AbortController().signal;

/** The events from `position` on, to the end that is there now. */
export async function readTo(end: number, reader: SpoolReader, from = reader.position): Promise<SecurityEvent[]> {
  const events: SecurityEvent[] = [];
  for (let position = from; position < end;) {
    const batch: Batch = await reader.read(position, 1000, NEVER);
    events.push(...eventsOf(batch));
    position = batch.end;
  }
  return events;
}

export function idsOf(events: readonly { readonly id: string }[]): string[] {
  return events.map(({ id }) => id);
}

/** What every spool keeps, whatever it is made of. */
export function spoolContract({ newPlace, poison, smallBytes, isFull }: SpoolImplementation): void {
  describe("a spool", () => {
    let place: SpoolPlace;
    let opened: Spool[];

    beforeEach(async () => {
      place = await newPlace();
      opened = [];
    });

    afterEach(async () => {
      for (const spool of opened) await spool.close();
      await place.remove();
    });

    async function open(collectors: readonly string[] = ["c"], limits = {}): Promise<Spool> {
      const spool = await place.open(collectors, limits);
      opened.push(spool);
      return spool;
    }

    async function reopen(spool: Spool, collectors: readonly string[] = ["c"]): Promise<Spool> {
      await spool.close();
      opened = opened.filter((one) => one !== spool);
      return await open(collectors);
    }

    describe("an append", () => {
      test("gives back what was appended, in order, and each record exactly", async () => {
        const spool = await open();
        const text = '{"id":"1", "data":{"n":"1464116206486530401","text":"a\\u0000\\n\\"é\\ud83d\\ude00"}}';
        const records = [record("1", { text, time: micros(1_700_000_000_123_456) }), record("2"), record("sha256-ab")];
        await spool.append(ACTIVITIES, page(records, { consoleVersion: "S-25.1.3#77" }), NEVER);
        const [first, ...others] = await readTo(3, await spool.reader("c"));
        expect(first).toMatchObject({
          ...ACTIVITIES,
          consoleVersion: "S-25.1.3#77",
          change: "event",
          id: "1",
          key: "activities/1",
          time: 1_700_000_000_123_456,
        });
        expect(first?.record).toEqual({ id: "1", data: { n: "1464116206486530401", text: 'a\0\n"é😀' } });
        expect(idsOf(others)).toEqual(["2", "sha256-ab"]);
      });

      test("moves the checkpoint with the events", async () => {
        const spool = await open();
        expect(await spool.checkpoint(ACTIVITIES)).toBeUndefined();
        await spool.append(ACTIVITIES, page([record("1")], { checkpoint: checkpoint(50, 20) }), NEVER);
        expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: 50, floor: 20 });
        expect(await spool.checkpoint(THREATS)).toBeUndefined();
        expect(await spool.checkpoint({ ...ACTIVITIES, console: "other" })).toBeUndefined();
      });

      test("of a page without events moves the checkpoint too", async () => {
        const spool = await open();
        await spool.append(ACTIVITIES, page([], { checkpoint: checkpoint(70) }), NEVER);
        expect(await (await reopen(spool)).checkpoint(ACTIVITIES)).toEqual({ time: 70, floor: 0 });
      });

      test("never moves the checkpoint or its floor back", async () => {
        const spool = await open();
        await spool.append(ACTIVITIES, page([], { checkpoint: checkpoint(70, 40) }), NEVER);
        await spool.append(ACTIVITIES, page([], { checkpoint: checkpoint(60, 30) }), NEVER);
        expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: 70, floor: 40 });
      });

      test("that fails leaves events, ids and checkpoint as they were", async () => {
        let spool = await open();
        await spool.append(ACTIVITIES, page([record("1")], { checkpoint: checkpoint(10) }), NEVER);
        const doomed = page([record("1"), record("2"), record("3")], { checkpoint: checkpoint(20) });
        await expect(spool.append(ACTIVITIES, { ...doomed, ...poison }, NEVER)).rejects.toMatchObject({
          code: "BRIDGE_SPOOL_WRITE",
          retryable: true,
        });
        for (const reopened of [false, true]) {
          if (reopened) spool = await reopen(spool);
          expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: 10, floor: 0 });
        }
        // Had an id of the failed page been kept, its event would be lost now.
        expect(await spool.append(ACTIVITIES, doomed, NEVER)).toEqual({ added: 2, duplicates: 1, deadLetters: 0 });
        expect(idsOf(await readTo(3, await spool.reader("c")))).toEqual(["1", "2", "3"]);
      });

      test("with a signal that is aborted stores nothing", async () => {
        const spool = await open();
        await expect(
          spool.append(ACTIVITIES, page([record("1")]), AbortSignal.abort(new Error("stop"))),
        ).rejects.toThrow("stop");
        expect(await spool.checkpoint(ACTIVITIES)).toBeUndefined();
      });

      test("of strange ids keeps them apart", async () => {
        const ids = [
          "7",
          "07",
          "7.0",
          "-7",
          "0",
          "",
          "9223372036854775807",
          "9223372036854775808",
          "a/b",
          "a",
          "é",
          "a'b",
          "\u0000",
          "\u0000x",
          "\ud800",
          "\ud801",
        ];
        const spool = await open();
        expect(await spool.append(ACTIVITIES, page(ids.map((id) => record(id))), NEVER)).toEqual({
          added: ids.length,
          duplicates: 0,
          deadLetters: 0,
        });
        expect(await spool.append(ACTIVITIES, page(ids.map((id) => record(id))), NEVER)).toEqual({
          added: 0,
          duplicates: ids.length,
          deadLetters: 0,
        });
        expect(idsOf(await readTo(ids.length, await spool.reader("c")))).toEqual(ids);
      });

      test("does not mistake one id with its version for another", async () => {
        const records = [
          record("a", { version: "b/c" }),
          record("a/b", { version: "c" }),
          record("a/b/c", { version: "" }),
        ];
        const spool = await open();
        expect(await spool.append(THREATS, page(records), NEVER)).toEqual({ added: 3, duplicates: 0, deadLetters: 0 });
      });
    });

    describe("what was seen", () => {
      test("is not added again: within a page, in the next, and after reopening", async () => {
        const spool = await open();
        expect(await spool.append(ACTIVITIES, page([record("1"), record("2"), record("1")]), NEVER)).toEqual({
          added: 2,
          duplicates: 1,
          deadLetters: 0,
        });
        expect(await spool.append(ACTIVITIES, page([record("2"), record("3")]), NEVER)).toEqual({
          added: 1,
          duplicates: 1,
          deadLetters: 0,
        });
        const again = await reopen(spool);
        expect(await again.append(ACTIVITIES, page([record("1"), record("4"), record("3")]), NEVER)).toEqual({
          added: 1,
          duplicates: 2,
          deadLetters: 0,
        });
        expect(idsOf(await readTo(4, await again.reader("c")))).toEqual(["1", "2", "3", "4"]);
      });

      test("is not added again after all collectors have confirmed it", async () => {
        const spool = await open();
        await spool.append(ACTIVITIES, page([record("1")]), NEVER);
        await (await spool.reader("c")).release(1);
        expect(await spool.append(ACTIVITIES, page([record("1")]), NEVER)).toEqual({
          added: 0,
          duplicates: 1,
          deadLetters: 0,
        });
      });

      test("in one feed says nothing about another, nor about another console", async () => {
        const spool = await open();
        await spool.append(ACTIVITIES, page([record("1")]), NEVER);
        expect(await spool.append(THREATS, page([record("1")]), NEVER)).toEqual({
          added: 1,
          duplicates: 0,
          deadLetters: 0,
        });
        expect(await spool.append({ ...ACTIVITIES, console: "other" }, page([record("1")]), NEVER)).toEqual({
          added: 1,
          duplicates: 0,
          deadLetters: 0,
        });
      });
    });

    test("versions of an object are new once and updated ever after, each once", async () => {
      const spool = await open();
      await spool.append(THREATS, page([record("1", { version: "a" }), record("2", { version: "a" })]), NEVER);
      const again = await reopen(spool);
      const next = page([record("1", { version: "a" }), record("1", { version: "b" }), record("3", { version: "a" })]);
      expect(await again.append(THREATS, next, NEVER)).toEqual({ added: 2, duplicates: 1, deadLetters: 0 });
      const events = await readTo(4, await again.reader("c"));
      expect(events.map(({ key, change }) => [key, change])).toEqual([
        ["threats/1/a", "new"],
        ["threats/2/a", "new"],
        ["threats/1/b", "updated"],
        ["threats/3/a", "new"],
      ]);
    });

    test("two versions of one new object in one page are a new one and an updated one", async () => {
      const spool = await open();
      await spool.append(THREATS, page([record("1", { version: "a" }), record("1", { version: "b" })]), NEVER);
      const events = await readTo(2, await spool.reader("c"));
      expect(events.map(({ change }) => change)).toEqual(["new", "updated"]);
    });

    describe("a reader", () => {
      test("has a position of its own, which survives reopening", async () => {
        const spool = await open(["a", "b"]);
        await spool.append(ACTIVITIES, page(["1", "2", "3", "4"].map((id) => record(id))), NEVER);
        await (await spool.reader("a")).release(3);
        await (await spool.reader("b")).release(1);
        const again = await reopen(spool, ["a", "b"]);
        const [a, b] = [await again.reader("a"), await again.reader("b")];
        expect([a.position, b.position]).toEqual([3, 1]);
        expect(idsOf(await readTo(4, a))).toEqual(["4"]);
        expect(idsOf(await readTo(4, b))).toEqual(["2", "3", "4"]);
      });

      test("gives no more than it is asked for, from any position", async () => {
        const spool = await open();
        await spool.append(ACTIVITIES, page(["1", "2", "3"].map((id) => record(id))), NEVER);
        await spool.append(ACTIVITIES, page(["4", "5"].map((id) => record(id))), NEVER);
        const reader = await spool.reader("c");
        for (let position = 0; position < 5; position++) {
          const batch = await reader.read(position, 1, NEVER);
          expect([idsOf(eventsOf(batch)), batch.end]).toEqual([[String(position + 1)], position + 1]);
        }
        expect(idsOf(eventsOf(await reader.read(1, 1000, NEVER)))).toEqual(["2", "3"]);
      });

      test("reads again from an earlier position what was not released", async () => {
        const spool = await open();
        await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
        await spool.append(ACTIVITIES, page([record("3")]), NEVER);
        const reader = await spool.reader("c");
        await reader.release(1);
        await readTo(3, reader);
        expect(idsOf(await readTo(3, reader))).toEqual(["2", "3"]);
      });

      test("never goes back", async () => {
        const spool = await open();
        await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
        const reader = await spool.reader("c");
        await reader.release(2);
        await reader.release(1);
        expect(reader.position).toBe(2);
        expect((await (await reopen(spool)).reader("c")).position).toBe(2);
      });

      test("waits for an event and wakes when there is one", async () => {
        const spool = await open(["a", "b"]);
        const waiting = [await spool.reader("a"), await spool.reader("b")].map((reader) => reader.read(0, 10, NEVER));
        await spool.append(ACTIVITIES, page([], { checkpoint: checkpoint(2) }), NEVER);
        await spool.append(ACTIVITIES, page([record("1")]), NEVER);
        for (const batch of await Promise.all(waiting)) expect(idsOf(eventsOf(batch))).toEqual(["1"]);
      });

      test("stops waiting with the signal's reason, and leaves no listener", async () => {
        const spool = await open();
        const reader = await spool.reader("c");
        const stop = new AbortController();
        const waiting = reader.read(0, 10, stop.signal);
        stop.abort(new Error("stop"));
        await expect(waiting).rejects.toThrow("stop");
        await expect(reader.read(0, 10, stop.signal)).rejects.toThrow("stop");
        const going = new AbortController();
        const woken = reader.read(0, 10, going.signal);
        await spool.append(ACTIVITIES, page([record("1")]), NEVER);
        await woken;
        expect(getEventListeners(going.signal, "abort")).toEqual([]);
        expect(getEventListeners(stop.signal, "abort")).toEqual([]);
      });

      test("of a collector that the spool was not opened for is refused", async () => {
        await expect((await open()).reader("unknown")).rejects.toThrow("unknown");
      });
    });

    test("what all have confirmed is forgotten, and only that", async () => {
      const spool = await open(["a", "b"]);
      for (const id of ["1", "2", "3"]) await spool.append(ACTIVITIES, page([record(id)]), NEVER);
      const [a, b] = [await spool.reader("a"), await spool.reader("b")];
      await a.release(3);
      expect(idsOf(await readTo(3, b))).toEqual(["1", "2", "3"]);
      await b.release(1);
      expect(idsOf(await readTo(3, b))).toEqual(["2", "3"]);
      // A collector that is new begins with the oldest event that is still there.
      const again = await reopen(spool, ["a", "b", "new"]);
      expect((await again.reader("new")).position).toBe(1);
    });

    test("a collector under a new name loses nothing of what the old one had not confirmed", async () => {
      const spool = await open(["old"]);
      for (const id of ["1", "2", "3"]) await spool.append(ACTIVITIES, page([record(id)]), NEVER);
      await (await spool.reader("old")).release(1);
      const again = await reopen(spool, ["new"]);
      expect(idsOf(await readTo(3, await again.reader("new")))).toEqual(["2", "3"]);
    });

    test("a collector that is gone holds nothing back, and coming again begins at what is there", async () => {
      const spool = await open(["a", "gone"]);
      for (const id of ["1", "2"]) await spool.append(ACTIVITIES, page([record(id)]), NEVER);
      await (await spool.reader("a")).release(1);
      const without = await reopen(spool, ["a"]);
      const with2 = await reopen(without, ["a", "gone"]);
      expect(idsOf(await readTo(2, await with2.reader("gone")))).toEqual(["2"]);
    });

    describe("a full spool", () => {
      const bulky = (id: number): PageRecord =>
        record(String(id), { text: JSON.stringify({ noise: noise(id, 10_000) }) });

      /** Fills the spool until an append waits; gives what was added, and the append that waits. */
      async function fill(spool: Spool, signal: AbortSignal): Promise<{ added: number; waiting: Promise<unknown> }> {
        for (let added = 0; ; added++) {
          const next = page([bulky(added)], { checkpoint: checkpoint(added + 1) });
          const state = { settled: false };
          const waiting = spool.append(ACTIVITIES, next, signal).finally(() => {
            state.settled = true;
          });
          waiting.catch(() => undefined);
          while (!state.settled && !isFull(spool)) await setImmediate();
          if (!state.settled) return { added, waiting };
        }
      }

      test("holds an append back, and its checkpoint, until a release makes room", async () => {
        const spool = await open(["c"], { maxBytes: smallBytes });
        const { added, waiting } = await fill(spool, NEVER);
        expect(added).toBeGreaterThan(10);
        expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: added, floor: 0 });
        const reader = await spool.reader("c");
        expect(idsOf(await readTo(added, reader))).toEqual(Array.from({ length: added }, (_, at) => String(at)));
        await reader.release(added - 2);
        await waiting;
        expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: added + 1, floor: 0 });
        expect(idsOf(await readTo(added + 1, reader))).toEqual([added - 2, added - 1, added].map(String));
      });

      test("lets go of an append whose signal is aborted, and stores nothing of it", async () => {
        const spool = await open(["c"], { maxBytes: smallBytes });
        const stop = new AbortController();
        const { added, waiting } = await fill(spool, stop.signal);
        stop.abort(new Error("stop"));
        await expect(waiting).rejects.toThrow("stop");
        expect(getEventListeners(stop.signal, "abort")).toEqual([]);
        const again = await reopen(spool);
        expect(await again.checkpoint(ACTIVITIES)).toEqual({ time: added, floor: 0 });
        expect(await again.append(ACTIVITIES, page([bulky(added)]), NEVER)).toEqual({
          added: 1,
          duplicates: 0,
          deadLetters: 0,
        });
      });

      test("takes a page that brings nothing new", async () => {
        const spool = await open(["c"], { maxBytes: smallBytes });
        const stop = new AbortController();
        const { added } = await fill(spool, stop.signal);
        stop.abort();
        expect(await spool.append(ACTIVITIES, page([bulky(0)], { checkpoint: checkpoint(500) }), NEVER)).toEqual({
          added: 0,
          duplicates: 1,
          deadLetters: 0,
        });
        expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: 500, floor: 0 });
        expect(added).toBeGreaterThan(0);
      });

      test("takes one page all the same when it is empty, though the page is larger than it may become", async () => {
        const spool = await open(["c"], { maxBytes: smallBytes });
        const large = Array.from({ length: 300 }, (_, at) => bulky(at));
        expect(await spool.append(ACTIVITIES, page(large), AbortSignal.timeout(5000))).toEqual({
          added: 300,
          duplicates: 0,
          deadLetters: 0,
        });
        await (await spool.reader("c")).release(300);
        expect(await spool.append(ACTIVITIES, page([bulky(300)]), AbortSignal.timeout(5000))).toEqual({
          added: 1,
          duplicates: 0,
          deadLetters: 0,
        });
      });
    });

    test("behaves as a list with positions", { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(STEP, { maxLength: 25 }), async (steps) => {
          const model = new Model(await newPlace());
          try {
            await model.open();
            for (const step of steps) await model.take(step);
            await model.finish();
            expect(model.actual).toEqual(model.expected);
          } finally {
            await model.remove();
          }
        }),
        { numRuns: 6 },
      );
    });
  });
}

const WHO = fc.constantFrom("a", "b");

const STEP = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      ids: fc.array(fc.integer({ min: 0, max: 12 }).map(String), { maxLength: 6 }),
      size: fc.nat(300_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      who: WHO,
      most: fc.integer({ min: 1, max: 5 }),
      ahead: fc.nat(6),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("release" as const),
      who: WHO,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** A spool beside what it ought to be: a list of ids, a place in it for each of two collectors, and a time. */
class Model {
  /** What the spool gave, and what it ought to have given. */
  readonly actual: unknown[] = [];
  readonly expected: unknown[] = [];
  readonly #place: SpoolPlace;
  readonly #events: string[] = [];
  readonly #positions = { a: 0, b: 0 };
  #time = 0;
  #spool: Spool | undefined;

  constructor(place: SpoolPlace) {
    this.#place = place;
  }

  async open(): Promise<void> {
    this.#spool = await this.#place.open(["a", "b"]);
    const stored = await this.#spool.checkpoint(ACTIVITIES);
    this.#compare(stored, this.#time === 0 ? undefined : { time: this.#time, floor: 0 });
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case "append":
        await this.#append(step.ids, step.size);
        return;
      case "read":
        await this.#read(step.who, step.most, step.ahead);
        return;
      case "release":
        this.#positions[step.who] += Math.floor((this.#events.length - this.#positions[step.who]) * step.share);
        await (await this.#reader(step.who)).release(this.#positions[step.who]);
        return;
      case "reopen":
        await this.#spool?.close();
        await this.open();
        return;
    }
  }

  /** Both collectors find all that they have not released. */
  async finish(): Promise<void> {
    for (const who of ["a", "b"] as const) {
      const left = await readTo(this.#events.length, await this.#reader(who), this.#positions[who]);
      this.#compare(idsOf(left), this.#events.slice(this.#positions[who]));
    }
  }

  async remove(): Promise<void> {
    await this.#spool?.close();
    await this.#place.remove();
  }

  async #append(ids: readonly string[], size: number): Promise<void> {
    const fresh = [...new Set(ids)].filter((id) => !this.#events.includes(id));
    const records = ids.map((id) => record(id, { text: JSON.stringify({ id, fill: "x".repeat(size) }) }));
    const next = page(records, { checkpoint: checkpoint((this.#time += 1)) });
    const appended = await this.#spool?.append(ACTIVITIES, next, NEVER);
    this.#compare(appended, { added: fresh.length, duplicates: ids.length - fresh.length, deadLetters: 0 });
    this.#events.push(...fresh);
  }

  async #read(who: "a" | "b", most: number, ahead: number): Promise<void> {
    const from = this.#positions[who] + ahead;
    if (from >= this.#events.length) return;
    const batch = await (await this.#reader(who)).read(from, most, NEVER);
    const { end } = batch;
    const events = eventsOf(batch);
    this.#compare([events.length > 0, events.length <= most], [true, true]);
    this.#compare([idsOf(events), end], [this.#events.slice(from, end), from + events.length]);
  }

  #compare(actual: unknown, expected: unknown): void {
    this.actual.push(actual);
    this.expected.push(expected);
  }

  async #reader(who: "a" | "b"): Promise<SpoolReader> {
    if (this.#spool === undefined) throw new Error("the spool is not open");
    return await this.#spool.reader(who);
  }
}

/** Text that does not compress, the same for the same seed. */
function noise(seed: number, length: number): string {
  let state = seed * 2_654_435_761 + 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    text += String.fromCharCode(0x100 + ((state >>> 8) & 0xfff));
  }
  return text;
}

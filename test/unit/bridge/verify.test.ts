import { expect, test } from "vitest";
import type { AuditableFeed, Audited, LedgerPort, Page, PageRecord } from "../../../src/bridge/ports.ts";
import { type HourReport, MANY_RECORDS, type VerifyOptions, verifyFeed } from "../../../src/bridge/verify.ts";
import type { Micros } from "../../../src/event/time.ts";

const HOUR = 3_600_000_000;

/** A console with these records in each hour, and what is asked of it. */
class FakePast implements AuditableFeed {
  readonly key = { console: "acme", feed: "activities" } as const;
  readonly hasVersions = false;
  readonly asked: string[] = [];
  readonly #hours: readonly (readonly string[])[];
  atOnce = 0;
  mostAtOnce = 0;

  constructor(hours: readonly (readonly string[])[]) {
    this.#hours = hours;
  }

  settled(): Promise<Micros> {
    return Promise.resolve((this.#hours.length * HOUR) as Micros);
  }

  count(from: Micros): Promise<number> {
    this.asked.push(`count ${from / HOUR}`);
    return Promise.resolve(this.#hours[from / HOUR]?.length ?? 0);
  }

  within(from: Micros): ReturnType<AuditableFeed["within"]> {
    const hour = from / HOUR;
    return {
      key: this.key,
      readPage: async (checkpoint) => {
        this.asked.push(`read ${hour}`);
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
        // The later an hour, the sooner it is read.
        for (let turn = this.#hours.length; turn > hour; turn--) await Promise.resolve();
        this.atOnce -= 1;
        if (this.#hours[hour]?.includes("refused")) throw new Error("refused");
        const records: PageRecord[] = (this.#hours[hour] ?? []).map((id) => ({
          id,
          time: from,
          version: undefined,
          text: "{}",
        }));
        const page: Page = {
          records,
          deadLetters: [],
          checkpoint: checkpoint ?? { time: from, floor: from },
          seenSince: from,
          consoleVersion: undefined,
          excluded: 0,
          hasMore: false,
        };
        return page;
      },
    };
  }
}

function ledgerOf(hours: readonly (readonly string[])[], state: Audited = "confirmed"): LedgerPort {
  return {
    between: (_key, from) => ({
      events: new Map((hours[from / HOUR] ?? []).map((id) => [id, state])),
      knownSince: 0 as Micros,
    }),
  };
}

async function verified(
  past: FakePast,
  ledger: LedgerPort,
  hours: number,
  options: Partial<VerifyOptions> = {},
): Promise<HourReport[]> {
  const order = { from: 0 as Micros, until: (hours * HOUR) as Micros, byIds: false, ...options };
  const reports: HourReport[] = [];
  for await (const report of verifyFeed(past, ledger, order, new AbortController().signal)) reports.push(report);
  return reports;
}

const many = Array.from({ length: MANY_RECORDS + 1 }, (_, at) => `${at}`);

test("a hole that a deletion evens out is found: an hour is looked up by its ids, without a count", async () => {
  const past = new FakePast([["1", "2", "late"]]);
  expect(await verified(past, ledgerOf([["1", "2", "deleted"]]), 1)).toMatchObject([
    { shown: 3, confirmed: 2, missing: 1, gone: 1, ids: ["late"], byIds: true },
  ]);
  expect(past.asked).toEqual(["read 0"]);
});

test("an hour of many is complete when its counts agree, and says that nobody looked at its ids", async () => {
  const past = new FakePast([many]);
  expect(await verified(past, ledgerOf([many]), 1)).toMatchObject([
    { shown: many.length, confirmed: many.length, missing: 0, byIds: false },
  ]);
  expect(past.asked).toEqual(["count 0"]);
});

test("an hour of many is looked up when the counts differ, when something waits, and when it is asked for", async () => {
  const [one] = await verified(new FakePast([[...many, "late"]]), ledgerOf([many]), 1);
  expect(one).toMatchObject({ missing: 1, ids: ["late"], byIds: true });
  const [two] = await verified(new FakePast([many]), ledgerOf([many], "waiting"), 1);
  expect(two).toMatchObject({ waiting: many.length, missing: 0, byIds: true });
  const past = new FakePast([many]);
  const [three] = await verified(past, ledgerOf([many]), 1, { byIds: true });
  expect(three).toMatchObject({ confirmed: many.length, byIds: true });
  expect(past.asked).toEqual(["read 0"]);
});

test("four hours are read at once and told in order; a repair takes one after the other", async () => {
  const hours = Array.from({ length: 9 }, (_, hour) => [`${hour}a`, `${hour}b`]);
  const past = new FakePast(hours);
  const reports = await verified(past, ledgerOf(hours), 9);
  expect(reports.map(({ from, confirmed }) => [from / HOUR, confirmed])).toEqual(hours.map((_, hour) => [hour, 2]));
  expect(past.mostAtOnce).toBe(4);
  const repaired = new FakePast(hours);
  const sent: string[] = [];
  const onMissing = (records: readonly PageRecord[]): Promise<void> => {
    sent.push(...records.map(({ id }) => id));
    return Promise.resolve();
  };
  await verified(repaired, ledgerOf([]), 9, { onMissing });
  expect([repaired.mostAtOnce, sent]).toEqual([1, hours.flat()]);
});

test("what the console refuses ends the audit, and leaves nothing that runs on", async () => {
  const past = new FakePast([["1"], ["refused"], ["2"], ["3"], ["4"], ["5"]]);
  const told: number[] = [];
  const order = { from: 0 as Micros, until: (6 * HOUR) as Micros, byIds: false };
  const audit = async (): Promise<void> => {
    for await (const { from } of verifyFeed(past, ledgerOf([["1"]]), order, new AbortController().signal))
      told.push(from / HOUR);
  };
  await expect(audit()).rejects.toThrow("refused");
  expect([told, past.atOnce, past.asked]).toEqual([[0], 0, ["read 0", "read 1", "read 2", "read 3", "read 4"]]);
});

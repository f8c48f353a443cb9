import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FeedKey } from "../../src/bridge/ports.ts";
import type { SecurityEvent } from "../../src/event/event.ts";
import { type Listable, packListed, unpackListed } from "../../src/spool/ledger.ts";
import { LedgerView } from "../../src/spool/ledger-view.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { restoreKept } from "../support/kept-spool.ts";
import { ACTIVITIES, NEVER, THREATS, micros, page, record } from "./spool.contract.ts";

const DAY_MS = 86_400_000;

let directory: string;
let spool: ThreadedSpool;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-ledger-"));
  spool = await open();
});

afterEach(async () => {
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Opening {
  readonly keepIdsMs?: number;
  readonly names?: readonly string[];
  readonly maxBytes?: number;
  readonly drops?: boolean;
}

function open({ keepIdsMs = DAY_MS, names = ["siem", "archive"], maxBytes = 1 << 30, drops = false }: Opening = {}) {
  const collectors = jsonCollectors(...names);
  const whenFull = drops ? "drop_oldest" : "pause";
  return ThreadedSpool.open({ directory, maxBytes, minFreeBytes: 0, collectors, keepIdsMs, whenFull });
}

async function reopen(options: Opening): Promise<void> {
  await spool.close();
  spool = await open(options);
}

function look(key: FeedKey = ACTIVITIES, only?: string, route?: (event: SecurityEvent) => readonly string[]) {
  const collectors = only === undefined ? ["siem", "archive"] : [only];
  const view = new LedgerView({ directory, collectors, isNarrowed: only !== undefined, route });
  const { events, knownSince } = view.between(key, micros(0), micros(1e15));
  return { events: Object.fromEntries(events), knownSince };
}

async function release(name: string, position: number): Promise<void> {
  await (await spool.reader(name)).release(position);
}

describe("the ledger", () => {
  test("knows of each event whether all collectors have confirmed it, also in the middle of a block and when it is deleted", async () => {
    await spool.append(ACTIVITIES, page([record("1"), record("2"), record("a-text")]), NEVER);
    await spool.append(THREATS, page([record("1", { version: "v1" }), record("1", { version: "v2" })]), NEVER);
    expect(look().events).toEqual({ 1: "waiting", 2: "waiting", "a-text": "waiting" });
    await release("siem", 5);
    await release("archive", 2);
    expect(look().events).toEqual({ 1: "confirmed", 2: "confirmed", "a-text": "waiting" });
    expect(look(ACTIVITIES, "siem").events).toEqual({ 1: "confirmed", 2: "confirmed", "a-text": "confirmed" });
    await release("archive", 5);
    expect((await spool.size()).events).toBe(0);
    expect(look(THREATS)).toEqual({ events: { "1 v1": "confirmed", "1 v2": "confirmed" }, knownSince: 0 });
  });

  test("looks only at the time that is asked for", async () => {
    await spool.append(ACTIVITIES, page([1, 2, 3].map((id) => record(String(id), { time: micros(id * 100) }))), NEVER);
    const view = new LedgerView({ directory, collectors: ["siem"], isNarrowed: false, route: undefined });
    const { events } = view.between(ACTIVITIES, micros(200), micros(300));
    expect([...events.keys()]).toEqual(["2"]);
  });

  test("does not wait for a collector that an event is not for", async () => {
    await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
    await release("siem", 2);
    const route = ({ id }: SecurityEvent): readonly string[] => (id === "1" ? ["siem"] : ["archive"]);
    expect(look(ACTIVITIES, undefined, route).events).toEqual({ 1: "confirmed", 2: "waiting" });
  });

  test("asked for one collector, does not count what was there before it", async () => {
    await spool.append(ACTIVITIES, page([record("1")]), NEVER);
    await release("siem", 1);
    await release("archive", 1);
    await spool.append(ACTIVITIES, page([record("2")]), NEVER);
    await reopen({ names: ["siem", "archive", "new"] });
    await release("new", 2);
    expect(look(ACTIVITIES, "new").events).toEqual({ 1: "undelivered", 2: "confirmed" });
  });

  test("does not count what was dropped for whom it was dropped", async () => {
    await reopen({ maxBytes: 1 << 20, drops: true });
    const bulk = (id: number) =>
      record(String(id), {
        text: JSON.stringify({
          fill: Array.from({ length: 12_000 }, (_, at) => ((at + 1) * 7919 * (id + 3)) % 65_521),
        }),
      });
    for (let id = 1; id <= 2; id++) await spool.append(ACTIVITIES, page([bulk(id)]), NEVER);
    await release("siem", 1);
    for (let id = 3; id <= 60; id++) await spool.append(ACTIVITIES, page([bulk(id)]), NEVER);
    await release("siem", 60);
    await release("archive", 60);
    const { events } = look();
    expect([events["1"], events["2"], events["60"]]).toEqual(["undelivered", "undelivered", "confirmed"]);
    expect([look(ACTIVITIES, "siem").events["1"], look(ACTIVITIES, "siem").events["2"]]).toEqual([
      "confirmed",
      "undelivered",
    ]);
    expect((await spool.size()).bytes).toBeLessThanOrEqual(1 << 20);
  });

  test("does not count what the disk has lost, when a reader finds the hole", async () => {
    for (const id of ["1", "2", "3"]) await spool.append(ACTIVITIES, page([record(id)]), NEVER);
    const database = new DatabaseSync(join(directory, "spool.db"));
    database.exec("DELETE FROM blocks WHERE position = 1");
    database.close();
    const reader = await spool.reader("siem");
    for (let position = 0; position < 3;) position = (await reader.read(position, 10, NEVER)).end;
    await reader.release(3);
    expect(look(ACTIVITIES, "siem").events).toEqual({ 1: "confirmed", 2: "undelivered", 3: "confirmed" });
  });

  test("does not count what a salvage set aside, but what is read again for it", async () => {
    for (const id of ["1", "2"]) await spool.append(ACTIVITIES, page([record(id)]), NEVER);
    await release("siem", 1);
    const database = new DatabaseSync(join(directory, "spool.db"));
    database.exec("UPDATE blocks SET body = zeroblob(9) WHERE position = 1");
    database.close();
    await expect((await spool.reader("siem")).read(1, 10, NEVER)).rejects.toThrow("can not be read");
    await reopen({});
    expect(spool.salvaged).toMatchObject({ lost: 1 });
    for (const name of ["siem", "archive"]) await release(name, 2);
    expect(look().events).toEqual({ 1: "confirmed", 2: "undelivered" });
    await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
    for (const name of ["siem", "archive"]) await release(name, 3);
    expect(look().events).toEqual({ 1: "confirmed", 2: "confirmed" });
  });

  test("forgets what is too old, or turned off, and says from when on it knows", async () => {
    await spool.append(ACTIVITIES, page([record("1")]), NEVER);
    const database = new DatabaseSync(join(directory, "spool.db"));
    database.exec(`UPDATE ledger SET stored = stored - ${2 * DAY_MS}`);
    database.close();
    await spool.append(ACTIVITIES, page([record("2")]), NEVER);
    const { events, knownSince } = look();
    expect(events).toEqual({ 2: "waiting" });
    expect(knownSince / 1000).toBeGreaterThan(Date.now() - 3 * DAY_MS);
    expect(knownSince / 1000).toBeLessThan(Date.now() - DAY_MS);
    await reopen({ keepIdsMs: 0 });
    await spool.append(ACTIVITIES, page([record("3")]), NEVER);
    expect(look().events).toEqual({});
  });

  test("takes no more than an eighth of the spool", async () => {
    await reopen({ maxBytes: 1 << 20 });
    for (let from = 0; from < 40_000; from += 1000) {
      const ids = Array.from({ length: 1000 }, (_, at) => `id ${(from + at) * 7919}`);
      await spool.append(
        ACTIVITIES,
        page(
          ids.map((id) => record(id, { text: "{}" })),
          { seenSince: micros(2e6) },
        ),
        NEVER,
      );
      for (const name of ["siem", "archive"]) await release(name, from + 1000);
    }
    const database = new DatabaseSync(join(directory, "spool.db"), { readOnly: true });
    expect(
      database.prepare("SELECT sum(length(ids)) <= 131072 AS small, count(*) > 3 AS some FROM ledger").get(),
    ).toEqual({
      small: 1,
      some: 1,
    });
    database.close();
  });

  test("of a spool that is older than the ledger says that it does not know", async () => {
    await spool.close();
    rmSync(directory, { recursive: true, force: true });
    directory = mkdtempSync(join(tmpdir(), "s1bridge-ledger-"));
    restoreKept("v5", directory);
    expect(() => look()).toThrow("keeps no ledger");
    spool = await open();
    expect(look().knownSince / 1000).toBeGreaterThan(Date.now() - DAY_MS);
  });
});

const ANY_ID = fc.oneof(
  fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom("0", "9223372036854775808", "007", "a-text", "", "1.5"),
  fc.string(),
);

const ANY_EVENT: fc.Arbitrary<Listable> = fc.option(
  fc.record({
    id: ANY_ID,
    version: fc.option(fc.string(), { nil: undefined }),
    time: fc.integer({ min: -1e9, max: 4e15 }).map(micros),
  }),
  { nil: undefined, freq: 8 },
);

test("whatever is listed is given back in its place", () => {
  fc.assert(
    fc.property(fc.array(ANY_EVENT, { maxLength: 50 }), (events) => {
      const listed = packListed(events);
      const given = events.flatMap((event, at) => (event === undefined ? [] : [{ ...event, at }]));
      const times = given.map(({ time }) => time);
      expect(listed === undefined ? [] : unpackListed(listed.ids)).toEqual(given);
      expect([listed?.first ?? Infinity, listed?.last ?? -Infinity]).toEqual([Math.min(...times), Math.max(...times)]);
    }),
  );
});

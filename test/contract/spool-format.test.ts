import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FeedKey } from "../../src/bridge/ports.ts";
import type { Micros } from "../../src/event/time.ts";
import { SpoolInspector } from "../../src/spool/inspect.ts";
import { LedgerView } from "../../src/spool/ledger-view.ts";
import { MIGRATIONS, pragma, prepareSchema } from "../../src/spool/schema.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { KEEP_IDS_MS, KEPT_CHECKPOINT, KEPT_JOB, KEPT_STEP, keptFormats, restoreKept } from "../support/kept-spool.ts";
import { NEVER, idsOf, page, readTo, record } from "./spool.contract.ts";

const ACTIVITIES: FeedKey = { console: "acme", feed: "activities" };
const THREATS: FeedKey = { console: "acme", feed: "threats" };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-format-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function options(): Parameters<typeof ThreadedSpool.open>[0] {
  const collectors = jsonCollectors("siem", "archive");
  return { directory, maxBytes: 1 << 30, minFreeBytes: 0, collectors, keepIdsMs: KEEP_IDS_MS };
}

describe.each(keptFormats())("a spool of format %s", (format) => {
  let spool: ThreadedSpool;

  beforeEach(async () => {
    restoreKept(format, directory);
    spool = await ThreadedSpool.open(options());
  });

  afterEach(() => spool.close());

  test("opens in this release with its events, positions and checkpoints", async () => {
    expect(spool.forgotten).toEqual([]);
    expect(await spool.checkpoint(ACTIVITIES)).toEqual(KEPT_CHECKPOINT);
    expect(await spool.checkpoint(THREATS)).toEqual(KEPT_CHECKPOINT);
    const [siem, archive] = [await spool.reader("siem"), await spool.reader("archive")];
    expect([siem.position, archive.position]).toEqual([2, 0]);
    const events = await readTo(5, archive);
    expect(events.map(({ key, change }) => [key, change])).toEqual([
      ["activities/1464116206486530401", "event"],
      ["activities/1464116206486530402", "event"],
      ["activities/a-text", "event"],
      ["threats/7/2023-11-14T22:13:20Z", "new"],
      ["threats/7/2023-11-14T22:13:21Z", "updated"],
    ]);
    expect(events[2]).toMatchObject({
      consoleVersion: "S-25.1.3#77",
      time: KEPT_CHECKPOINT.time,
      record: { id: "a-text", note: 'é "quoted"\n' },
    });
    expect(idsOf(await readTo(5, siem))).toEqual(["a-text", "7", "7"]);
  });

  test("knows what it has seen, and goes on", async () => {
    expect(
      await spool.append(ACTIVITIES, page([record("a-text"), record("1464116206486530402"), record("9")]), NEVER),
    ).toEqual({ added: 1, duplicates: 2, deadLetters: 0 });
    const threats = page([record("7", { version: "2023-11-14T22:13:20Z" }), record("7", { version: "2024" })]);
    expect(await spool.append(THREATS, threats, NEVER)).toEqual({ added: 1, duplicates: 1, deadLetters: 0 });
    const reader = await spool.reader("siem");
    expect((await readTo(7, reader, 5)).map(({ id, change }) => [id, change])).toEqual([
      ["9", "event"],
      ["7", "updated"],
    ]);
    await reader.release(7);
  });
});

describe("what later formats have as well", () => {
  const since = (first: number): readonly string[] => keptFormats().slice(first - 1);
  let spool: ThreadedSpool;

  async function openKept(format: string): Promise<void> {
    restoreKept(format, directory);
    spool = await ThreadedSpool.open(options());
  }

  afterEach(() => spool.close());

  test.each(since(5))("%s: the names of the console's activity types", async (format) => {
    await openKept(format);
    using inspector = new SpoolInspector(directory);
    const names = inspector.database.prepare("SELECT console, type, name FROM activity_types").all();
    expect(names).toEqual([{ console: "acme", type: 9999, name: "Something new" }]);
  });

  test.each(since(6))("%s: the ledger", async (format) => {
    await openKept(format);
    const view = new LedgerView({ directory, collectors: ["siem", "archive"], isNarrowed: false, route: undefined });
    const { events } = view.between(THREATS, KEPT_CHECKPOINT.floor, (KEPT_CHECKPOINT.time + 1) as Micros);
    expect([...events]).toEqual([
      ["7 2023-11-14T22:13:20Z", "waiting"],
      ["7 2023-11-14T22:13:21Z", "waiting"],
    ]);
  });

  test.each(since(7))("%s: a backfill, which goes on where it was", async (format) => {
    await openKept(format);
    expect(await spool.openJob(KEPT_JOB)).toMatchObject({ ...KEPT_STEP, added: 0 });
  });
});

test("a spool of each format is kept, today's included: `node test/support/kept-spool.ts` writes it", () => {
  expect(keptFormats()).toEqual(MIGRATIONS.map((_, at) => `v${at + 1}`));
});

describe("a migration", () => {
  const path = (): string => join(directory, "spool.db");

  function opened<T>(use: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(path());
    try {
      return use(database);
    } finally {
      database.close();
    }
  }

  test("is applied with its number, to an old spool and to a new one alike", () => {
    const next = [
      ...MIGRATIONS,
      "CREATE TABLE later (n INTEGER); INSERT INTO later VALUES (1)",
      "UPDATE later SET n = 2",
    ];
    for (const file of ["kept", "new"]) {
      rmSync(path(), { force: true });
      if (file === "kept") restoreKept("v1", directory);
      opened((database) => {
        prepareSchema(database, path(), next);
        expect(database.prepare("SELECT n FROM later").get()).toEqual({ n: 2 });
        expect(pragma(database, "user_version")).toBe(next.length);
        prepareSchema(database, path(), next);
        expect(database.prepare("SELECT n FROM later").get()).toEqual({ n: 2 });
      });
    }
  });

  test("that fails leaves the spool in the format before, whole", () => {
    restoreKept("v1", directory);
    const broken = [
      ...MIGRATIONS,
      "CREATE TABLE later (n INTEGER); DELETE FROM blocks; INSERT INTO nowhere VALUES (1)",
    ];
    expect(() => opened((database) => prepareSchema(database, path(), broken))).toThrow("nowhere");
    opened((database) => {
      expect(pragma(database, "user_version")).toBe(MIGRATIONS.length);
      expect(database.prepare("SELECT count(*) AS n FROM blocks").get()).toEqual({ n: 3 });
      expect(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'later'").get()).toEqual({ n: 0 });
      prepareSchema(database, path());
    });
  });
});

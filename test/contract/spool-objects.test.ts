import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FeedKey, PageRecord, RecordKind } from "../../src/bridge/ports.ts";
import type { JsonRecord } from "../../src/event/event.ts";
import { fingerprint } from "../../src/event/fingerprint.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { NEVER, page, readTo, record } from "./spool.contract.ts";

const SITES: FeedKey = { console: "acme", feed: "sites" };
const THREATS: FeedKey = { console: "acme", feed: "threats" };

let directory: string;
let spool: ThreadedSpool;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-objects-"));
  await open();
});

afterEach(async () => {
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(): Promise<void> {
  const options = { directory, maxBytes: 1 << 30, minFreeBytes: 0 };
  spool = await ThreadedSpool.open({ ...options, collectors: jsonCollectors("c") });
}

async function reopen(): Promise<void> {
  await spool.close();
  await open();
}

function object(kind: RecordKind, version: string, fields: JsonRecord, walk = "walk"): PageRecord {
  const value = { id: "7", ...fields };
  const text = JSON.stringify(value);
  return record("7", {
    kind,
    version,
    text,
    fingerprint: fingerprint(value, version),
    versionIfSame: `${version}~${walk}`,
  });
}

/** Appends each as a page of its own, and gives what the collector then gets. */
async function forwarded(key: FeedKey, ...records: PageRecord[]): Promise<unknown[]> {
  const before = spool.end;
  for (const each of records) await spool.append(key, page([each]), NEVER);
  const events = await readTo(spool.end, await spool.reader("c"), before);
  return events.map(({ key: name, change, changed }) => [name, change, changed?.join(",")]);
}

test("a state is forwarded at first sight and whenever its content changes, with the fields that did", async () => {
  expect(
    await forwarded(
      SITES,
      object("state", "v1", { name: "HQ" }),
      object("state", "v1", { name: "HQ" }),
      object("state", "v2", { name: "HQ" }),
      object("state", "v2", { name: "HQ 2", state: "active" }),
    ),
  ).toEqual([
    ["sites/7/v1", "new", undefined],
    ["sites/7/v2", "changed", "name,state"],
  ]);
});

test("a state whose content changes under the same version still has a key of its own", async () => {
  expect(
    await forwarded(
      SITES,
      object("state", "v1", { name: "A" }),
      object("state", "v1", { name: "B" }, "walk2"),
      object("state", "v1", { name: "A" }, "walk3"),
    ),
  ).toEqual([
    ["sites/7/v1", "new", undefined],
    ["sites/7/v1~walk2", "changed", "name"],
    ["sites/7/v1~walk3", "changed", "name"],
  ]);
});

test("what a state looked like survives a restart", async () => {
  await forwarded(SITES, object("state", "v1", { name: "A" }));
  await reopen();
  expect(await forwarded(SITES, object("state", "v1", { name: "A" }))).toEqual([]);
  expect(await forwarded(SITES, object("state", "v2", { name: "B" }))).toEqual([["sites/7/v2", "changed", "name"]]);
});

test("a page that could not be stored has not changed what an object looked like", async () => {
  const poisoned = page([object("state", "v1", { name: "A" })], { consoleVersion: Symbol("no text") as never });
  await expect(spool.append(SITES, poisoned, NEVER)).rejects.toThrow(/could not be cloned/);
  expect(await forwarded(SITES, object("state", "v1", { name: "A" }))).toEqual([["sites/7/v1", "new", undefined]]);
});

test("the same object twice in a page is one event, and a change within the page two", async () => {
  const [a, b] = [object("state", "v1", { name: "A" }), object("state", "v2", { name: "B" })];
  await spool.append(SITES, page([a, a, b, b]), NEVER);
  expect((await readTo(spool.end, await spool.reader("c"))).map(({ key, change }) => [key, change])).toEqual([
    ["sites/7/v1", "new"],
    ["sites/7/v2", "changed"],
  ]);
});

test("a member of a snapshot is forwarded each time, as new, changed or as it was", async () => {
  expect(
    await forwarded(
      SITES,
      object("member", "v1~s1", { name: "A" }),
      object("member", "v1~s1", { name: "A" }),
      object("member", "v1~s2", { name: "A" }),
      object("member", "v2~s3", { name: "B" }),
    ),
  ).toEqual([
    ["sites/7/v1~s1", "new", undefined],
    ["sites/7/v1~s2", "listed", undefined],
    ["sites/7/v2~s3", "updated", "name"],
  ]);
});

test("the mark behind a list is forwarded when the list is another one", async () => {
  expect(
    await forwarded(
      SITES,
      object("mark", "s1", { count: 2 }),
      object("mark", "s2", { count: 2 }),
      object("mark", "s3", { count: 1 }),
    ),
  ).toEqual([
    ["sites/7/s1", "snapshot", undefined],
    ["sites/7/s3", "snapshot", undefined],
  ]);
});

test("a version says what changed since the one before, where that is known", async () => {
  const before = record("8", { version: "v1" });
  expect(
    await forwarded(
      THREATS,
      before,
      { ...object("entry", "v2", { state: "open" }), id: "8" },
      { ...object("entry", "v3", { state: "closed" }), id: "8" },
      { ...object("entry", "v2", { state: "open" }), id: "8" },
    ),
  ).toEqual([
    ["threats/8/v1", "new", undefined],
    ["threats/8/v2", "updated", undefined],
    ["threats/8/v3", "updated", "state"],
  ]);
});

/** As if nothing had been seen for so many days. */
async function passDays(days: number): Promise<void> {
  await spool.close();
  const database = new DatabaseSync(join(directory, "spool.db"));
  database.prepare("UPDATE objects SET last_seen = last_seen - ?").run(days);
  database.close();
  await open();
}

/** Ids that the spool knows. */
function known(): string[] {
  const database = new DatabaseSync(join(directory, "spool.db"), { readOnly: true });
  const ids = database.prepare("SELECT CAST(id AS TEXT) AS id FROM objects ORDER BY objects.id").all();
  database.close();
  return ids.map(({ id }) => String(id));
}

describe("an object is forgotten", () => {
  const state = (id: string): PageRecord => ({ ...object("state", "v1", { name: id }), id });

  async function walk(...pages: PageRecord[][]): Promise<number> {
    let added = 0;
    for (const [at, records] of pages.entries()) {
      const list = at === pages.length - 1 ? "end" : "part";
      added += (await spool.append(SITES, page(records, { list }), NEVER)).added;
    }
    return added;
  }

  test("30 days after it was in its list for the last time, and is new when it comes back", async () => {
    await walk([state("1"), state("2")]);
    await passDays(29);
    await walk([state("1")]);
    await walk([state("1")]);
    expect(known()).toEqual(["1", "2"]);
    await passDays(2);
    await walk([state("1")]);
    await walk([state("1")]);
    expect(known()).toEqual(["1"]);
    expect(await walk([state("1"), state("2")])).toBe(1);
    const [last] = await readTo(spool.end, await spool.reader("c"), spool.end - 1);
    expect([last?.id, last?.change]).toEqual(["2", "new"]);
  });

  test("not while the list is read for the first time after months: what is still there is not told again", async () => {
    await walk([state("1"), state("2")], [state("3"), state("a text")]);
    await passDays(300);
    expect(await walk([state("1")], [state("2"), state("3")], [state("a text")])).toBe(0);
    expect(await walk([state("1")], [state("2"), state("3")], [state("a text")])).toBe(0);
    expect(known()).toEqual(["1", "2", "3", "a text"]);
  });

  test("400 days after its last version, where the console is asked by time", async () => {
    await spool.append(THREATS, page([object("entry", "v1", { a: 1 })]), NEVER);
    await passDays(399);
    await spool.append(THREATS, page([]), NEVER);
    expect(known()).toEqual(["7"]);
    await passDays(2);
    await spool.append(THREATS, page([]), NEVER);
    expect(known()).toEqual([]);
    expect((await spool.append(THREATS, page([object("entry", "v2", { a: 2 })]), NEVER)).added).toBe(1);
    const [last] = await readTo(spool.end, await spool.reader("c"), spool.end - 1);
    expect(last?.change).toBe("new");
  });

  test("a few at a time, in the end all of many", async () => {
    const many = Array.from({ length: 5000 }, (_, n) => state(String(9_000_000_000_000_000_000n + BigInt(n))));
    for (let at = 0; at < many.length; at += 1000) await walk(many.slice(at, at + 1000));
    await passDays(31);
    for (let n = 0; n < 5; n += 1) await walk([state("1")]);
    expect(known()).toEqual(["1"]);
  });
});

test("notes and timelines are forwarded once", async () => {
  const note = record("9", { kind: "note", version: "v1" });
  expect(await forwarded(THREATS, note, note, { ...note, version: "v2" })).toEqual([
    ["threats/9/v1", "note", undefined],
    ["threats/9/v2", "note", undefined],
  ]);
});

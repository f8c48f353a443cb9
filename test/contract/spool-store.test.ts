import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { packBlock } from "../../src/spool/block.ts";
import { readDeadLetters } from "../../src/spool/dead-letters.ts";
import { listIdentities } from "../../src/spool/identities.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { SIGHT } from "../../src/spool/sightings.ts";
import type { PackedPage } from "../../src/spool/packed.ts";
import { SpoolStore, type StoreOptions } from "../../src/spool/store.ts";
import { ACTIVITIES, NEVER, checkpoint, idsOf, micros, page, readTo, record } from "./spool.contract.ts";
import { eventsOf, jsonCollectors } from "../support/json-renderer.ts";
import { requireMounts } from "../support/requires.ts";

let directory: string;
let spools: ThreadedSpool[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-store-"));
  spools = [];
});

afterEach(async () => {
  for (const spool of spools) await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

function options(more: Partial<StoreOptions> = {}): StoreOptions {
  return { directory, maxBytes: 1 << 30, minFreeBytes: 0, collectors: ["c"], ...more };
}

function threaded({ collectors, ...rest }: StoreOptions): Parameters<typeof ThreadedSpool.open>[0] {
  return { ...rest, collectors: jsonCollectors(...collectors) };
}

function openThreaded(given: StoreOptions): Promise<ThreadedSpool> {
  return ThreadedSpool.open(threaded(given));
}

async function open(more: Partial<StoreOptions> = {}): Promise<ThreadedSpool> {
  const spool = await openThreaded(options(more));
  spools.push(spool);
  return spool;
}

async function closed(spool: ThreadedSpool): Promise<void> {
  await spool.close();
  spools = spools.filter((one) => one !== spool);
}

/** What stands in the spool's file, seen by another program. */
function sql<T>(statement: string): T[] {
  const database = new DatabaseSync(join(directory, "spool.db"));
  try {
    return database.prepare(statement).all() as T[];
  } finally {
    database.close();
  }
}

describe("a spool that is open", () => {
  test("is held: a second one is told by whom", async () => {
    await open();
    await expect(openThreaded(options())).rejects.toMatchObject({
      code: "BRIDGE_SPOOL_HELD",
      retryable: false,
      message: expect.stringContaining(`process ${process.pid} `) as string,
    });
  });

  test("in another process is held until that is killed, and then whole", { timeout: 30_000 }, async () => {
    const child = await holder();
    await expect(openThreaded(options())).rejects.toMatchObject({
      code: "BRIDGE_SPOOL_HELD",
      message: expect.stringContaining(`process ${child.pid} `) as string,
    });
    child.kill("SIGKILL");
    await once(child, "exit");
    const spool = await open();
    expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: 42, floor: 0 });
    expect(idsOf(await readTo(2, await spool.reader("c")))).toEqual(["1", "2"]);
  });

  test("can be read by the sqlite3 program meanwhile", async () => {
    const spool = await open();
    await spool.append(ACTIVITIES, page([record("1464116206486530401")], { checkpoint: checkpoint(9) }), NEVER);
    expect(sql("SELECT console, feed, checkpoint FROM feeds")).toEqual([
      { console: "acme", feed: "activities", checkpoint: 9 },
    ]);
    expect(sql("SELECT count(*) AS n FROM seen")).toEqual([{ n: 1 }]);
    await spool.append(ACTIVITIES, page([record("2")]), NEVER);
  });

  /** A process that has the spool open, with two events in it. */
  async function holder(): Promise<ChildProcess> {
    const module = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
    const script = `
      import { ThreadedSpool } from ${module("spool/spool.ts")};
      const spool = await ThreadedSpool.open(${JSON.stringify(threaded(options()))});
      const records = ["1", "2"].map((id) => ({ id, time: 1, version: undefined, text: "{}" }));
      const page = { records, deadLetters: [], checkpoint: { time: 42, floor: 0 }, seenSince: 0, excluded: 0, hasMore: false };
      await spool.append({ console: "acme", feed: "activities" }, page, new AbortController().signal);
      console.log("open");
    `;
    const file = join(directory, "holder.mjs");
    writeFileSync(file, script);
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    expect(line).toBe("open");
    return child;
  }
});

describe("a file that is not ours to write", () => {
  const path = (): string => join(directory, "spool.db");

  /** What opening says, and whether the file is the same afterwards, with nothing beside it. */
  async function refusal(): Promise<{ code: unknown; message: string; isUntouched: boolean }> {
    const before = readFileSync(path());
    const error = (await openThreaded(options()).catch((reason: unknown) => reason)) as {
      code: unknown;
      message: string;
    };
    const isAlone = !existsSync(`${path()}-wal`) && !existsSync(`${path()}-journal`);
    return { code: error.code, message: error.message, isUntouched: isAlone && readFileSync(path()).equals(before) };
  }

  function unusable(message: RegExp): object {
    return { code: "BRIDGE_SPOOL_UNUSABLE", message: expect.stringMatching(message) as string, isUntouched: true };
  }

  test("because a newer release wrote it is refused and untouched", async () => {
    const spool = await open();
    await spool.append(ACTIVITIES, page([record("1")]), NEVER);
    await closed(spool);
    sql("PRAGMA user_version = 99");
    expect(await refusal()).toEqual(unusable(/format 99.*newer/));
  });

  test("because a newer release wrote it, which has another table in place of one of ours, is refused and untouched", async () => {
    await closed(await open());
    sql("ALTER TABLE blocks RENAME TO queue");
    sql("PRAGMA user_version = 99");
    expect(await refusal()).toEqual(unusable(/format 99.*newer/));
  });

  test("because another program's tables are in it is refused and untouched", async () => {
    const database = new DatabaseSync(path());
    database.exec("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')");
    database.close();
    expect(await refusal()).toEqual(unusable(/not a spool/));
  });

  test("because another program marked it as its own is refused and untouched", async () => {
    const database = new DatabaseSync(path());
    database.exec("PRAGMA user_version = 1; CREATE TABLE notes (text)");
    database.close();
    expect(await refusal()).toEqual(unusable(/not a spool/));
  });

  test("because it is no database is refused and untouched", async () => {
    writeFileSync(path(), "this is a text, and a long one at that. ".repeat(50));
    expect(await refusal()).toEqual(unusable(/spool\.db can not be opened/));
  });

  test("does not keep the lock: with the file out of the way the spool opens", async () => {
    writeFileSync(path(), "no database".repeat(100));
    await expect(openThreaded(options())).rejects.toThrow("can not be opened");
    rmSync(path());
    expect((await open()).end).toBe(0);
  });
});

describe("a directory that can not be used", () => {
  test("because something in its path is a file is named", async () => {
    writeFileSync(join(directory, "file"), "");
    const inside = join(directory, "file", "spool");
    await expect(openThreaded(options({ directory: inside }))).rejects.toMatchObject({
      code: "BRIDGE_SPOOL_UNUSABLE",
      message: expect.stringContaining(inside) as string,
    });
  });

  test("because its lock can not be opened is not said to be held", async () => {
    mkdirSync(join(directory, "lock.db"));
    await expect(openThreaded(options())).rejects.toMatchObject({ code: "BRIDGE_SPOOL_UNUSABLE" });
  });

  test("because its lock is no database is not said to be held", async () => {
    writeFileSync(join(directory, "lock.db"), "no database".repeat(100));
    await expect(openThreaded(options())).rejects.toMatchObject({ code: "BRIDGE_SPOOL_UNUSABLE" });
  });

  test("is made when it is missing, for its owner only", async () => {
    const inside = join(directory, "a", "b");
    await closed(await open({ directory: inside }));
    expect(existsSync(join(inside, "spool.db"))).toBe(true);
  });
});

describe("a block that is damaged", () => {
  const flip = (position: number, change: (body: Buffer) => Buffer): void => {
    const database = new DatabaseSync(join(directory, "spool.db"));
    const { body } = database.prepare("SELECT body FROM blocks WHERE position = ?").get(position) as {
      body: Uint8Array;
    };
    database.prepare("UPDATE blocks SET body = ? WHERE position = ?").run(change(Buffer.from(body)), position);
    database.close();
  };

  test.each<[string, (body: Buffer) => Buffer]>([
    ["by a bit at its beginning", (body) => withFlipped(body, 0)],
    ["by a bit in its middle", (body) => withFlipped(body, Math.floor(body.length / 2))],
    ["by a bit at its end", (body) => withFlipped(body, body.length - 1)],
    ["because its end is missing", (body) => body.subarray(0, -5)],
    ["because it is empty", () => Buffer.alloc(0)],
  ])("%s is counted, kept and read again, and the others are delivered", async (_case, change) => {
    const first = await open();
    await first.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
    await first.append(ACTIVITIES, page(["3", "4", "5"].map((id) => record(id))), NEVER);
    await first.append(ACTIVITIES, page([record("6")]), NEVER);
    await closed(first);
    flip(2, change);
    const doomed = await open();
    const before = await doomed.reader("c");
    expect(idsOf(eventsOf(await before.read(0, 10, NEVER)))).toEqual(["1", "2"]);
    await expect(before.read(2, 10, NEVER)).rejects.toMatchObject({
      code: "BRIDGE_SPOOL_DAMAGED",
      retryable: false,
      message: expect.stringContaining("position 2 of acme/activities") as string,
    });
    await closed(doomed);
    const spool = await open();
    expect(spool.salvaged).toMatchObject({
      movedTo: undefined,
      kept: 3,
      lost: 3,
      rereads: [{ ...ACTIVITIES, from: 0 }],
    });
    const reader = await spool.reader("c");
    expect(idsOf(eventsOf(await reader.read(0, 10, NEVER)))).toEqual(["1", "2"]);
    // From the middle of the block on, as after a window that ended there.
    expect(await reader.read(3, 10, NEVER)).toMatchObject({ frames: { count: 0 }, end: 5, damaged: 2 });
    expect(await reader.read(2, 10, NEVER)).toMatchObject({ frames: { count: 0 }, end: 5, damaged: 3 });
    expect(idsOf(eventsOf(await reader.read(5, 10, NEVER)))).toEqual(["6"]);
    // The console gives them again, and only they are new.
    const again = page(["1", "2", "3", "4", "5", "6"].map((id) => record(id)));
    expect(await spool.append(ACTIVITIES, again, NEVER)).toMatchObject({ added: 3, duplicates: 3 });
    await reader.release(9);
    expect(sql("SELECT position, count FROM damaged")).toEqual([{ position: 2, count: 3 }]);
    expect(sql("SELECT position FROM blocks")).toEqual([]);
  });

  test("that can not be mapped is kept as a dead letter, and the others go on", async () => {
    const spool = await open();
    const records = [record("1"), record("2", { text: '{"id":"2","mapping":"fails"}' }), record("3")];
    await spool.append(ACTIVITIES, page(records), NEVER);
    const batch = await (await spool.reader("c")).read(0, 10, NEVER);
    expect([idsOf(eventsOf(batch)), batch.end, batch.damaged]).toEqual([["1", "3"], 3, 1]);
    const letter = JSON.parse(readFileSync(join(directory, "dead-letters.ndjson"), "utf8")) as object;
    expect(letter).toMatchObject({
      ...ACTIVITIES,
      reason: "can not be mapped: no such mapping",
      text: records[1]?.text,
    });
  });

  test("is an error for any bit: none ever becomes another event", async () => {
    const body = await packBlock([{ ...record("1", { text: '{"id":"1","n":12345}' }), change: "event" }]);
    const { unpackBlock } = await import("../../src/spool/block.ts");
    for (let at = 0; at < body.length; at++) {
      const damaged = withFlipped(body, at);
      let records: readonly unknown[] = [{ id: "1", n: 12_345 }];
      try {
        records = unpackBlock(damaged, { ...ACTIVITIES, consoleVersion: undefined, sequence: 1 }).events.map(
          (event) => event.record,
        );
      } catch {
        // An error is what a damaged block has to be.
      }
      expect(records).toEqual([{ id: "1", n: 12_345 }]);
    }
  });

  function withFlipped(body: Buffer, at: number): Buffer {
    const changed = Buffer.from(body);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    return changed;
  }
});

describe("a spool whose files were deleted just before its end", () => {
  test("is written again with all that was queued, and says so", async () => {
    const spool = await open();
    await spool.append(ACTIVITIES, page([record("1"), record("2")], { checkpoint: checkpoint(7) }), NEVER);
    rmSync(directory, { recursive: true });
    await expect(closed(spool)).rejects.toMatchObject({
      code: "BRIDGE_SPOOL_DAMAGED",
      message: expect.stringContaining("it is written again") as string,
    });
    spools = [];
    const again = await open();
    expect([again.salvaged, again.end]).toEqual([undefined, 2]);
    expect(await again.checkpoint(ACTIVITIES)).toMatchObject({ time: 7 });
    expect(idsOf(await readTo(2, await again.reader("c")))).toEqual(["1", "2"]);
  });

  test("does not take the place of a file that came meanwhile", async () => {
    const spool = await open();
    const path = join(directory, "spool.db");
    rmSync(path);
    writeFileSync(path, "somebody's");
    await expect(closed(spool)).rejects.toMatchObject({ code: "BRIDGE_SPOOL_UNUSABLE" });
    spools = [];
    expect(readFileSync(path, "utf8")).toBe("somebody's");
  });
});

describe("dead letters", () => {
  test("are kept with their reason, and their text exactly", async () => {
    const spool = await open();
    const deadLetters = [{ reason: "not JSON", text: '{"torn": "é\n' }];
    await spool.append(ACTIVITIES, page([], { deadLetters }), NEVER);
    const lines = readFileSync(join(directory, "dead-letters.ndjson"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ ...ACTIVITIES, ...deadLetters[0] }]);
  });

  test("stand on a line of their own behind one that a crash has torn", async () => {
    const spool = await open();
    writeFileSync(join(directory, "dead-letters.ndjson"), '{"at":"2026');
    await spool.append(ACTIVITIES, page([], { deadLetters: [{ reason: "not JSON", text: "x" }] }), NEVER);
    await spool.append(ACTIVITIES, page([], { deadLetters: [{ reason: "not JSON", text: "y" }] }), NEVER);
    const kept: string[] = [];
    for await (const { text } of readDeadLetters(directory)) kept.push(text);
    expect(kept).toEqual(["x", "y"]);
  });

  test("that can not be kept hold the page back", async () => {
    mkdirSync(join(directory, "dead-letters.ndjson"));
    const spool = await open();
    const deadLetters = [{ reason: "not JSON", text: "x" }];
    await expect(spool.append(ACTIVITIES, page([record("1")], { deadLetters }), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_SPOOL_WRITE",
    });
    expect(await spool.checkpoint(ACTIVITIES)).toBeUndefined();
  });
});

describe("the disk", () => {
  test("with less space left than is to stay free holds dead letters back, too", async () => {
    const spool = await open({ minFreeBytes: Number.MAX_SAFE_INTEGER });
    const stop = new AbortController();
    const waiting = spool.append(
      ACTIVITIES,
      page([], { deadLetters: [{ reason: "not JSON", text: "x" }] }),
      stop.signal,
    );
    await vi.waitFor(() => expect(spool.isFull).toBe(true), { timeout: 20_000 });
    stop.abort(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    expect(existsSync(join(directory, "dead-letters.ndjson"))).toBe(false);
  });

  test("with less space left than is to stay free holds appends back", async () => {
    const spool = await open({ minFreeBytes: Number.MAX_SAFE_INTEGER });
    const stop = new AbortController();
    const waiting = spool.append(ACTIVITIES, page([record("1")]), stop.signal);
    await Promise.race([waiting, untilFull(spool)]);
    stop.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    expect(spool.isFull).toBe(false);
  });

  test.skipIf(requireMounts().missing)(
    "that is full refuses a page whole, and a release still makes room",
    async () => {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", directory]);
      try {
        const spool = await open();
        const bulk = (id: number): string =>
          JSON.stringify({ fill: Array.from({ length: 60_000 }, (_, at) => (at * 7919 * (id + 3)) % 65_521) });
        let stored = 0;
        let failure: unknown;
        while (failure === undefined && stored < 1000) {
          try {
            await spool.append(
              ACTIVITIES,
              page([record(String(stored), { text: bulk(stored) })], { checkpoint: checkpoint(stored + 1) }),
              NEVER,
            );
            stored += 1;
          } catch (error) {
            failure = error;
          }
        }
        expect(failure).toMatchObject({ code: "BRIDGE_SPOOL_WRITE", retryable: true });
        expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: stored, floor: 0 });
        expect(spool.end).toBe(stored);
        const reader = await spool.reader("c");
        expect(idsOf(await readTo(stored, reader))).toEqual(Array.from({ length: stored }, (_, at) => String(at)));
        await reader.release(stored);
        expect(await spool.append(ACTIVITIES, page([record(String(stored), { text: bulk(stored) })]), NEVER)).toEqual({
          added: 1,
          duplicates: 0,
          deadLetters: 0,
        });
        await closed(spool);
      } finally {
        execFileSync("umount", ["-l", directory]);
      }
    },
  );

  async function untilFull(spool: ThreadedSpool): Promise<void> {
    while (!spool.isFull) await new Promise((resolve) => setImmediate(resolve));
  }
});

describe("a collector that is not configured any more", () => {
  test("is named with what it had not confirmed", async () => {
    const first = await open({ collectors: ["a", "gone"] });
    await first.append(ACTIVITIES, page([record("1"), record("2"), record("3")]), NEVER);
    await (await first.reader("gone")).release(1);
    await closed(first);
    const spool = await open({ collectors: ["a"] });
    expect(spool.forgotten).toEqual([{ collector: "gone", events: 2 }]);
    await (await spool.reader("a")).release(3);
    expect(await spool.size()).toMatchObject({ events: 0 });
  });
});

describe("collectors that are exchanged while the spool is open", () => {
  const two = { collectors: jsonCollectors("c", "new") };

  test("a new one begins at the oldest event that is still there, and the others go on", async () => {
    const spool = await open();
    const reader = await spool.reader("c");
    await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
    await spool.append(ACTIVITIES, page([record("3")]), NEVER);
    await reader.release(2);
    expect(await spool.configure(two)).toEqual([]);
    const added = await spool.reader("new");
    expect(idsOf(await readTo(3, added))).toEqual(["3"]);
    expect(idsOf(await readTo(3, reader))).toEqual(["3"]);
  });

  test("one that is gone is told with what it had not confirmed, and holds nothing back any more", async () => {
    const spool = await open({ collectors: ["c", "gone"] });
    await spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
    await (await spool.reader("c")).release(2);
    expect((await spool.size()).events).toBe(2);
    expect(await spool.configure({ collectors: jsonCollectors("c") })).toEqual([{ collector: "gone", events: 2 }]);
    expect((await spool.size()).events).toBe(0);
    await expect(spool.reader("gone")).rejects.toThrow("without the collector gone");
  });

  test("a renderer that can not be loaded leaves all as it was", async () => {
    const spool = await open();
    await spool.append(ACTIVITIES, page([record("1")]), NEVER);
    const broken = { module: "file:///nowhere.js", options: {} };
    await expect(spool.configure({ collectors: { ...jsonCollectors("c"), broken } })).rejects.toThrow("nowhere.js");
    expect(idsOf(await readTo(1, await spool.reader("c")))).toEqual(["1"]);
  });
});

describe("ids that are forgotten", () => {
  const OVERLAP = 20;

  /** A console, a feed and its spool, in a time of small numbers. */
  class World {
    now = 100;
    readonly console: { id: string; time: number; visibleAt: number }[] = [];
    readonly added: string[] = [];
    store: SpoolStore;

    constructor(at: string) {
      this.store = this.#open(at);
    }

    make(late: number): void {
      this.console.push({ id: String(this.console.length + 1), time: this.now, visibleAt: this.now + late });
    }

    reopen(at: string): void {
      this.store.close();
      this.store = this.#open(at);
    }

    /** One poll: pages of three, which a crash may cut short. */
    poll(pages: number): void {
      const start = this.store.checkpoint(ACTIVITIES) ?? checkpoint(90, 90);
      const from = Math.max(start.time - OVERLAP, start.floor);
      const visible = this.console
        .filter(({ time, visibleAt }) => time >= from && time <= this.now && visibleAt <= this.now)
        .sort((a, b) => a.time - b.time || Number(a.id) - Number(b.id));
      for (let read = 0, last = false; !last && pages > 0; pages--, read += 3) {
        last = read + 3 >= visible.length;
        const records = visible.slice(read, read + 3);
        const before = this.store.checkpoint(ACTIVITIES) ?? start;
        const reached = last ? this.now : (records.at(-1)?.time ?? from);
        const { sights } = this.store.sightings(
          ACTIVITIES,
          listIdentities(records.map(({ id }) => ({ id, version: undefined }))),
        );
        const fresh = records.filter((_, at) => sights[at] !== SIGHT.seen);
        const packed: PackedPage = {
          identities: listIdentities(fresh.map(({ id, time }) => ({ id, version: undefined, time: micros(time) }))),
          blocks: fresh.length === 0 ? [] : [{ count: fresh.length, body: new Uint8Array([1]) }],
          deadLetters: [],
          checkpoint: checkpoint(Math.max(before.time, reached), before.floor),
          // As early as a feed may say it: nothing before is ever asked for again.
          seenSince: micros(before.time - OVERLAP),
          consoleVersion: undefined,
        };
        this.store.append(ACTIVITIES, packed);
        this.added.push(...fresh.map(({ id }) => id));
      }
    }

    #open(at: string): SpoolStore {
      return SpoolStore.open({ directory: at, maxBytes: 1 << 30, minFreeBytes: 0, collectors: ["c"], pruneAfter: 4 });
    }
  }

  test("can not be read again: no event is added twice, and none that is late within the overlap is missed", () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant("make" as const),
          count: fc.integer({ min: 1, max: 5 }),
          late: fc.nat(OVERLAP),
        }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), span: fc.nat(40) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("poll" as const), pages: fc.constantFrom(1, 2, 1000) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), (steps) => {
        const at = mkdtempSync(join(directory, "world-"));
        const world = new World(at);
        for (const one of steps) {
          if (one.do === "make") for (let each = 0; each < one.count; each++) world.make(one.late);
          else if (one.do === "wait") world.now += one.span;
          else if (one.do === "reopen") world.reopen(at);
          else world.poll(one.pages);
        }
        // Whatever was late has become visible, and is not older than the overlap while polls go on.
        for (let each = 0; each < 3; each++) {
          world.now += OVERLAP / 2;
          world.poll(1000);
        }
        world.store.close();
        rmSync(at, { recursive: true });
        expect(world.added).toHaveLength(new Set(world.added).size);
        expect(world.added.toSorted()).toEqual(world.console.map(({ id }) => id).toSorted());
      }),
      { numRuns: 20 },
    );
  });

  test("do make room: what can not come back is gone", () => {
    const store = SpoolStore.open(options({ pruneAfter: 10 }));
    for (let at = 0; at < 100; at++) {
      const identities = listIdentities([{ id: String(at + 1), version: undefined, time: micros(at) }]);
      store.append(ACTIVITIES, {
        ...page([]),
        identities,
        blocks: [],
        checkpoint: checkpoint(at),
        seenSince: micros(at - 5),
      });
    }
    store.close();
    expect(sql<{ n: number }>("SELECT count(*) AS n FROM seen")[0]?.n).toBeLessThan(30);
    expect(sql<{ floor: number }>("SELECT floor FROM feeds")[0]?.floor).toBeGreaterThan(70);
  });
});

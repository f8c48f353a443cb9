import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkSpool } from "../../src/spool/check-spool.ts";
import { SpoolInspector } from "../../src/spool/inspect.ts";
import { COLLECTORS, DamageLab, type DamagedWorld, flip, missingLater, zero } from "../support/damaged-spool.ts";

let root: string;
let lab: DamageLab;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "s1bridge-damage-"));
  lab = await DamageLab.make(root);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function edit(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function columnsOf(path: string): { table: string; column: string }[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const columns = database.prepare(
    `SELECT s.name AS "table", c.name AS "column" FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table'`,
  );
  const found = columns.all() as { table: string; column: string }[];
  database.close();
  return found;
}

/** In the row of the block at 27: its position, the length of its header, and a type for each column; the last is null. */
function soleCollectorBit(path: string): number {
  return 8 * (readFileSync(path).lastIndexOf(Buffer.from([27, 11, 0, 1, 9, 0])) + 11) + 3;
}

function problemsOf(directory: string): readonly string[] {
  using inspector = new SpoolInspector(directory);
  return checkSpool(inspector).problems;
}

describe("a spool that was damaged on the disk", () => {
  test("without any damage goes on, and nothing is told", async () => {
    const world = lab.copy(() => undefined);
    expect([world.store.salvaged, world.store.repairs]).toEqual([undefined, { restored: [], corrected: 0 }]);
    expect(await missingLater(world)).toEqual([]);
    for (const name of COLLECTORS) {
      const keys = world.arrived.get(name) ?? [];
      expect(keys).toHaveLength(new Set(keys).size);
    }
  });

  test.each<[string, (database: string) => void]>([
    ["a first page of zeros", (path) => zero(path, 0, 4096)],
    ["a magic number with a flipped bit", (path) => flip(path, [3])],
    ["an application id with a flipped bit", (path) => flip(path, [70 * 8])],
    ["a write version with a flipped bit", (path) => flip(path, [18 * 8 + 6])],
    ["a schema format with a flipped bit", (path) => flip(path, [47 * 8 + 5])],
    ["a file of zeros", (path) => zero(path, 0, statSync(path).size)],
    ["half of its length", (path) => truncateSync(path, statSync(path).size / 2)],
    ["no length at all", (path) => truncateSync(path, 0)],
    ["a length that is no page", (path) => truncateSync(path, statSync(path).size - 1000)],
    ["no file any more", (path) => rmSync(path)],
    ["a text in its place", (path) => writeFileSync(path, "lost+found ".repeat(5000))],
    [
      "a block of which a flipped bit says that it is for a collector called 0",
      (path) => flip(path, [soleCollectorBit(path)]),
    ],
    [
      "a damaged block, and one that is for a collector called slov",
      (path) =>
        edit(
          path,
          "UPDATE blocks SET only_for = 'slov' WHERE position = 31; UPDATE blocks SET body = zeroblob(9) WHERE position = 75",
        ),
    ],
    ["no feeds", (path) => edit(path, "DELETE FROM feeds")],
    ["no ids", (path) => edit(path, "DELETE FROM seen")],
    ["no collectors", (path) => edit(path, "DELETE FROM collectors")],
    ["a checkpoint too high", (path) => edit(path, "UPDATE feeds SET checkpoint = checkpoint + 4096")],
    ["a floor too high", (path) => edit(path, "UPDATE feeds SET floor = floor + 4096")],
    ["a position too high", (path) => edit(path, "UPDATE collectors SET position = position + 64")],
    ["an end too high", (path) => edit(path, "UPDATE facts SET value = value + 4096 WHERE key = 'end'")],
    ["an end too low", (path) => edit(path, "UPDATE facts SET value = value - 32 WHERE key = 'end_copy'")],
  ])("%s: every collector gets everything", async (_case, damage) => {
    expect(await missingLater(lab.copy(damage))).toEqual([]);
  });

  test("is kept aside, and what could be read of it is in the new one", async () => {
    const directory = (world: DamagedWorld): string => world.options.directory;
    const world = lab.copy((path) => {
      // The page that holds the root of the ids.
      const database = new DatabaseSync(path);
      const rootPage = Number(
        database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'seen'").get()?.["rootpage"],
      );
      database.close();
      zero(path, (rootPage - 1) * 8192, 8192);
    });
    const { salvaged } = world.store;
    expect(salvaged).toMatchObject({ lost: 0, rereads: [] });
    expect(salvaged?.kept).toBe(144 - 24);
    expect(existsSync(salvaged?.movedTo ?? "")).toBe(true);
    expect(await missingLater(world)).toEqual([]);
    expect(readdirSync(directory(world)).filter((name) => name.includes("salvage"))).toEqual([]);
  });

  test("in which any column is called otherwise: every collector gets everything", async () => {
    const columns = columnsOf(lab.database);
    expect(columns.length).toBeGreaterThan(60);
    for (const { table, column } of columns) {
      const world = lab.copy((path, directory) => {
        edit(path, `ALTER TABLE ${table} RENAME COLUMN "${column}" TO "${column}_"`);
        expect(problemsOf(directory)).toContain(`the column ${table}.${column} is not as it was made`);
      });
      expect([table, column, await missingLater(world)]).toEqual([table, column, []]);
    }
  });

  test("in which any table is called otherwise: every collector gets everything", async () => {
    for (const table of new Set(columnsOf(lab.database).map((each) => each.table))) {
      const world = lab.copy((path) => edit(path, `ALTER TABLE ${table} RENAME TO ${table}_`));
      expect([table, await missingLater(world)]).toEqual([table, []]);
    }
  });

  test("forgets all ids of a feed that is set back, also where one is out of its order", async () => {
    const world = lab.copy((path) => {
      // A block of the first feed that only the slow one needs, with the ids 40 to 43.
      edit(path, "UPDATE blocks SET body = zeroblob(100) WHERE position = 75");
      // Feed, id, version and time of what becomes id 1, where a search for 40 passes by.
      const row = Buffer.from([5, 9, 1, 13, 2, 65, 1064 >> 8, 1064 & 255]);
      flip(path, [8 * (readFileSync(path).indexOf(row) + 5) + 6]);
    });
    expect(await missingLater(world)).toEqual([]);
  });

  test("with a block count that lies is read by what the block holds", async () => {
    const world = lab.copy((path) =>
      edit(path, "UPDATE blocks SET count = count + 8 WHERE position = (SELECT max(position) - 4 FROM blocks)"),
    );
    expect(await missingLater(world)).toEqual([]);
  });
});

describe("the write-ahead log that a kill -9 has left", () => {
  const FRAME = 24 + 8192;
  let killed: DamageLab;

  beforeAll(async () => {
    killed = await DamageLab.kill(join(root, "kill"));
  });

  const kept = (world: DamagedWorld): string[] =>
    readdirSync(world.options.directory).filter((name) => name.startsWith("spool.db-wal.damaged-"));

  test("is taken as it is, and so is one that was torn at its end", async () => {
    for (const torn of [0, 1, FRAME / 2]) {
      const world = killed.copy((path) => truncateSync(`${path}-wal`, statSync(`${path}-wal`).size - torn));
      expect([world.store.salvaged, kept(world)]).toEqual([undefined, []]);
      expect(await missingLater(world)).toEqual([]);
    }
  });

  test.each([
    ["in the middle", 32 + 5 * FRAME + 1000, /at its frame 6: .*\([1-9]\d* transactions/],
    ["in the salts of a frame", 32 + 3 * FRAME + 9, /at its frame 4/],
    ["in its header", 20, /in its header/],
  ])("with a flipped bit %s is told, kept aside, and read again", async (_where, at, reason) => {
    const world = killed.copy((path, directory) => {
      flip(`${path}-wal`, [8 * at]);
      expect(problemsOf(directory)).toContainEqual(expect.stringMatching(reason));
    });
    expect(world.store.salvaged?.reason).toMatch(reason);
    expect(kept(world)).toHaveLength(1);
    expect(await missingLater(world)).toEqual([]);
  });
});

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { NEVER, checkpoint, page, record } from "../contract/spool.contract.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { jsonCollectors } from "../support/json-renderer.ts";

const ACTIVITIES = { console: "acme", feed: "activities" } as const;
const THREATS = { console: "acme", feed: "threats" } as const;
const SECOND_MICROS = 1_000_000;
const T0 = Date.UTC(2026, 0, 31, 12) * 1000;

let home: BridgeHome;

beforeEach(() => {
  home = new BridgeHome();
  home.configure({
    consoles: [
      {
        name: "acme",
        url: "https://acme.example",
        token: { file: home.tokenFile },
        feeds: { activities: {}, threats: {} },
      },
    ],
    collectors: [{ name: "siem", address: "tcp://127.0.0.1:9" }],
  });
});

afterEach(() => home[Symbol.asyncDispose]());

function open(): Promise<ThreadedSpool> {
  const collectors = jsonCollectors("siem", "archive");
  return ThreadedSpool.open({ directory: home.spool, maxBytes: 1 << 30, minFreeBytes: 0, collectors });
}

/** Five activities a second apart and a threat; `siem` has confirmed two; one dead letter. */
async function fill(): Promise<void> {
  const spool = await open();
  const at = (id: number): ReturnType<typeof record> =>
    record(String(id), {
      time: (T0 + id * SECOND_MICROS) as never,
      text: JSON.stringify({ id: String(id), note: "é\n" }),
    });
  const activities = {
    checkpoint: checkpoint(T0 + 6 * SECOND_MICROS, T0),
    deadLetters: [{ reason: "not JSON", text: "{torn" }],
  };
  await spool.append(ACTIVITIES, page([at(1), at(2), at(3)], activities), NEVER);
  await spool.append(ACTIVITIES, page([at(4), at(5)], activities), NEVER);
  await spool.append(
    THREATS,
    page([{ ...at(7), version: "2026" }], { checkpoint: checkpoint(T0 + 8 * SECOND_MICROS, T0) }),
    NEVER,
  );
  await (await spool.reader("siem")).release(2);
  await spool.close();
}

async function run(...parameters: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [group = "", name = "", ...options] = parameters;
  const { code, stdout, stderr } = await home.command(group, name, "-c", home.configFile, ...options);
  return { code, stdout, stderr };
}

async function exported(...options: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await run("spool", "export", ...options);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a spool looked at from outside", () => {
  test("is listed, checked and exported while a bridge has it open, and nothing changes", async () => {
    await fill();
    const spool = await open();
    const before = readFileSync(join(home.spool, "spool.db"));
    const listed = await run("spool", "ls", "--json");
    expect(JSON.parse(listed.stdout)).toMatchObject({
      heldBy: expect.stringContaining(`process ${process.pid} `) as string,
      end: 6,
      feeds: [
        {
          ...ACTIVITIES,
          checkpoint: "2026-01-31T12:00:06.000000Z",
          waiting: 5,
          oldest: "2026-01-31T12:00:01.000000Z",
          newest: "2026-01-31T12:00:05.000000Z",
        },
        { ...THREATS, waiting: 1 },
      ],
      collectors: [
        { name: "archive", position: 0, waiting: 6 },
        { name: "siem", position: 2, waiting: 4 },
      ],
      damaged: { blocks: 0, events: 0, files: [] },
      deadLetters: 1,
      reserve: true,
    });
    const table = await run("spool", "ls");
    expect(table.stdout).toMatch(/acme +activities +2026-01-31T12:00:06\.000000Z +5 /);
    expect(table.stdout).toMatch(/siem +2 +4\n/);
    expect(await run("spool", "check")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("3 blocks with 6 events") as string,
    });
    expect(readFileSync(join(home.spool, "spool.db")).equals(before)).toBe(true);
    await spool.close();
  });

  test("is exported by collector, feed and time, each record whole", async () => {
    await fill();
    const all = await exported();
    expect(all.map(({ position, id }) => [position, id])).toEqual([
      [0, "1"],
      [1, "2"],
      [2, "3"],
      [3, "4"],
      [4, "5"],
      [5, "7"],
    ]);
    expect(all[0]).toEqual({
      position: 0,
      ...ACTIVITIES,
      change: "event",
      id: "1",
      key: "activities/1",
      time: "2026-01-31T12:00:01.000000Z",
      record: { id: "1", note: "é\n" },
    });
    const ids = async (...options: string[]): Promise<unknown[]> => (await exported(...options)).map(({ id }) => id);
    expect(await ids("--collector", "siem")).toEqual(["3", "4", "5", "7"]);
    expect(await ids("--feed", "threats")).toEqual(["7"]);
    expect(await ids("--from", "2026-01-31T12:00:02Z", "--to", "2026-01-31T12:00:04Z")).toEqual(["2", "3"]);
    expect(await exported("--what", "dead-letters")).toMatchObject([
      { ...ACTIVITIES, reason: "not JSON", text: "{torn" },
    ]);
    expect(await run("spool", "export", "--collector", "none")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("archive, siem") as string,
    });
  });

  test("that is damaged is told as it is, and what can be read is exported", async () => {
    await fill();
    const database = new DatabaseSync(join(home.spool, "spool.db"));
    database.exec(
      "UPDATE blocks SET body = zeroblob(50) WHERE position = 3; UPDATE collectors SET position = position + 1",
    );
    database.close();
    const { code, stdout } = await run("spool", "check", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      {
        ok: false,
        problems: [
          expect.stringContaining("the block at position 3 (acme/activities) can not be unpacked: 2 events") as string,
          expect.stringContaining("position of collector archive differs from its copy") as string,
          expect.stringContaining("position of collector siem differs from its copy") as string,
        ],
      },
    ]);
    const out = await run("spool", "export");
    expect(out).toMatchObject({ code: 0, stderr: expect.stringContaining("position 3 can not be unpacked") as string });
    expect(out.stdout.split("\n")).toHaveLength(5);
  });

  test("that is not there, or is of a newer release, is said so", async () => {
    expect(await run("spool", "ls")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("BRIDGE_SPOOL_UNUSABLE: there is no spool") as string,
    });
    expect(existsSync(home.spool)).toBe(false);
    await fill();
    const database = new DatabaseSync(join(home.spool, "spool.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(await run("spool", "check")).toMatchObject({ code: 1, stderr: expect.stringContaining("newer") as string });
  });
});

describe("checkpoints", () => {
  test("are shown, set and reset while no bridge runs", async () => {
    await fill();
    expect(JSON.parse((await run("state", "show", "--json")).stdout)).toMatchObject({
      heldBy: null,
      feeds: [
        { ...ACTIVITIES, checkpoint: "2026-01-31T12:00:06.000000Z", floor: "2026-01-31T12:00:00.000000Z" },
        THREATS,
      ],
    });
    expect(await run("state", "set", "--feed", "activities", "--to", "2026-01-31T11:00:00Z", "--yes")).toMatchObject({
      code: 0,
    });
    expect(await run("state", "reset", "--feed", "threats", "--yes")).toMatchObject({ code: 0 });
    const spool = await open();
    expect(spool.repairs).toEqual({ restored: [], corrected: 0 });
    expect(await spool.checkpoint(ACTIVITIES)).toEqual({
      time: T0 - 3600 * SECOND_MICROS,
      floor: T0 - 3600 * SECOND_MICROS,
    });
    expect(await spool.checkpoint(THREATS)).toBeUndefined();
    // What was forwarded is forwarded again.
    expect(await spool.append(ACTIVITIES, page([record("1")]), NEVER)).toMatchObject({ added: 1, duplicates: 0 });
    await spool.close();
    expect((await run("state", "show")).stdout).toMatch(/acme +threats +- +- +1\n/);
  });

  test("are not changed without a word, nor while a bridge has the spool, nor to the future", async () => {
    await fill();
    const set = ["state", "set", "--feed", "activities", "--to", "2026-01-31T11:00:00Z"];
    expect(await run(...set)).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") as string });
    expect(await run("state", "reset", "--yes")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--all") as string,
    });
    expect(await run("state", "reset", "--feed", "agents", "--yes")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("acme/activities") as string,
    });
    expect(await run("state", "set", "--feed", "activities", "--to", "2200-01-01", "--yes")).toMatchObject({ code: 2 });
    expect(await run("state", "set", "--feed", "activities", "--to", "soon", "--yes")).toMatchObject({ code: 2 });
    const spool = await open();
    expect(await run(...set, "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/BRIDGE_SPOOL_HELD.*held by process/s) as string,
    });
    expect(await spool.checkpoint(ACTIVITIES)).toEqual({ time: T0 + 6 * SECOND_MICROS, floor: T0 });
    await spool.close();
    expect(statSync(join(home.spool, "checkpoints.json")).mode & 0o777).toBe(0o600);
  });
});

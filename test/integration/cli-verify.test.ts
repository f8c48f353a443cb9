import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { MINUTE, activity, threat } from "./feed-fixture.ts";

const HOUR = 60 * MINUTE;

let console: DemoConsole;
let collector: DemoCollector;
let home: BridgeHome;
/** Three hours ago, on the hour. */
let beginMs: number;

beforeEach(async () => {
  [console, collector, home] = [
    await DemoConsole.start(),
    await DemoCollector.start({ keep: "keys" }),
    new BridgeHome(),
  ];
  beginMs = Math.floor(Date.now() / HOUR) * HOUR - 3 * HOUR;
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address }],
  });
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
  await Promise.all([console.close(), collector.close()]);
});

/** So many activities in each of the two hours. */
function addActivities(...counts: readonly number[]): string[] {
  const texts = counts.flatMap((count, hour) =>
    Array.from({ length: count }, (_, at) => activity(`${7000 + hour * 1000 + at}`, beginMs + hour * HOUR + at * 1000)),
  );
  console.addActivities(texts);
  return texts;
}

async function deliverAll(count: number): Promise<void> {
  const bridge = await home.start();
  await bridge.confirmed(count);
  await eventually(async () => (await bridge.total("s1bridge_spool_events")) === 0, "all is released");
  await bridge.signal("SIGTERM");
}

interface Audit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function verify(...more: readonly string[]): Promise<Audit> {
  const range = ["--from", iso(0), "--to", iso(2)];
  return home.command("verify", "-c", home.configFile, ...range, ...more);
}

function iso(hour: number): string {
  return formatTime(microsFromMs(beginMs + hour * HOUR));
}

function linesOf({ stdout }: Audit): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function spoolDatabase<T>(use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(home.spool, "spool.db"));
  try {
    return use(database);
  } finally {
    database.close();
  }
}

describe("verify", () => {
  test("says that all is confirmed, record by record", async () => {
    addActivities(30, 12);
    console.addThreats([threat("5", beginMs + 1000)]);
    await deliverAll(43);
    const counted = await verify();
    expect(counted).toMatchObject({ code: 0, stderr: expect.stringContaining("acme/activities: 2 hours") as string });
    expect(counted.stdout).toMatch(/acme +activities +2 +42 +42 +0 +0 +0 +0\n/);
    expect(counted.stdout).toMatch(/acme +threats +2 +1 +1 +0 +0 +0 +0\n/);
    const looked = linesOf(await verify("--ids", "--json", "--feed", "activities"));
    expect(looked.filter(({ kind }) => kind === "hour")).toMatchObject([
      { from: iso(0), until: iso(1), shown: 30, confirmed: 30, byIds: true },
      { from: iso(1), until: iso(2), shown: 12, confirmed: 12, byIds: true },
    ]);
    expect(looked.at(-1)).toMatchObject({ kind: "end", complete: true, gaps: 0 });
  });

  test("names what the bridge never forwarded, and ends with 3", async () => {
    addActivities(30, 12);
    await deliverAll(42);
    console.addActivities([activity("7500", beginMs + 500_000), activity("7501", beginMs + 501_000)]);
    const found = await verify();
    expect(found.code).toBe(3);
    expect(found.stdout).toMatch(/acme +activities +\S+ +32 +30 +0 +2 +0 +0 +7500 7501\n/);
    expect(linesOf(await verify("--json")).filter(({ missing }) => missing === 2)).toMatchObject([
      { kind: "hour", from: iso(0), shown: 32, confirmed: 30, missing: 2, ids: ["7500", "7501"] },
    ]);
  });

  test("is not misled by what the console has deleted, nor by a newer version of an object", async () => {
    addActivities(30, 12);
    console.addThreats([threat("5", beginMs + 1000), threat("6", beginMs + 2000)]);
    await deliverAll(44);
    console.activities.remove("7003");
    console.addActivities([activity("7600", beginMs + 600_000)]);
    // The counts agree by chance.
    const found = { shown: 30, confirmed: 29, missing: 1, gone: 1, ids: ["7600"] };
    const looked = linesOf(await verify("--json", "--feed", "activities"));
    expect(looked.find(({ kind }) => kind === "hour")).toMatchObject(found);
    console.activities.remove("7004");
    const counted = linesOf(await verify("--json", "--feed", "activities"));
    expect(counted.find(({ kind }) => kind === "hour")).toMatchObject({ ...found, shown: 29, confirmed: 28, gone: 2 });
    console.updateThreat("5", { threatInfo: { updatedAt: iso(1) } });
    expect(linesOf(await verify("--json", "--feed", "threats")).at(-1)).toMatchObject({
      gaps: 1,
      feeds: [{ feed: "threats", shown: 2, confirmed: 1, missing: 1 }],
    });
  });

  test("does not take for confirmed what waits, what was dropped, or what the disk has lost", async () => {
    addActivities(5, 3);
    await collector.close();
    const bridge = await home.start();
    await eventually(async () => (await bridge.total("s1bridge_spool_events")) === 8, "all is in the spool");
    // Beside the running bridge.
    expect(linesOf(await verify("--json", "--feed", "activities")).at(-1)).toMatchObject({
      gaps: 2,
      feeds: [{ waiting: 8, missing: 0, confirmed: 0 }],
    });
    await bridge.signal("SIGTERM");
    spoolDatabase((database) => {
      database.exec(
        "INSERT INTO undelivered VALUES ('siem', 0, 2); UPDATE collectors SET position = 4, position_copy = 4",
      );
    });
    expect(linesOf(await verify("--json", "--feed", "activities")).at(-1)).toMatchObject({
      gaps: 2,
      feeds: [{ waiting: 4, missing: 2, confirmed: 2 }],
    });
  });

  test("says so when it can not know: before the ledger begins, without a spool, without the console", async () => {
    expect(await verify()).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no spool") as string });
    addActivities(4, 0);
    await deliverAll(4);
    spoolDatabase((database) => {
      database.exec(`DELETE FROM ledger; UPDATE facts SET value = ${Date.now()} WHERE key = 'ledger_from'`);
    });
    const unknown = await verify("--feed", "activities");
    expect(unknown).toMatchObject({ code: 3, stdout: expect.stringContaining("unknown: stored before") as string });
    expect(unknown.stdout).toMatch(/acme +activities +2 +4 +0 +0 +0 +4 +0\n/);
    expect(await verify("--to", iso(-1))).toMatchObject({ code: 2 });
    expect(await verify("--collector", "siam")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "siem"') as string,
    });
  });
});

describe("verify --repair", () => {
  test("sends what is missing, and nothing else, beside the running bridge", async () => {
    addActivities(30, 12);
    await deliverAll(42);
    console.addActivities([activity("7500", beginMs + 500_000), activity("7501", beginMs + HOUR + 1)]);
    // The bridge has read further: it does not look so far back.
    const bridge = await home.start();
    expect((await verify("--feed", "activities")).code).toBe(3);
    const repaired = await verify("--feed", "activities", "--repair");
    expect(repaired).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("2 were missing and have been sent") as string,
    });
    await collector.received.keysAtLeast(44);
    expect(collector.received.duplicates).toBe(0);
    expect((await verify("--feed", "activities", "--ids")).code).toBe(0);
    await bridge.signal("SIGTERM");
  });

  test("without a bridge sends again what was dropped for a collector", async () => {
    addActivities(6, 0);
    await deliverAll(6);
    spoolDatabase((database) => database.exec("INSERT INTO undelivered VALUES ('siem', 2, 4)"));
    expect((await verify("--feed", "activities")).code).toBe(3);
    expect((await verify("--feed", "activities", "--repair")).code).toBe(0);
    expect([collector.received.keys.size, collector.received.duplicates]).toEqual([6, 2]);
  });
});

import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requireMounts } from "../support/requires.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { SpooledWorld } from "../support/spooled-world.ts";

const { FIRST } = SpooledWorld;

let world: SpooledWorld;

beforeEach(async () => {
  world = await SpooledWorld.make();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const isDamage = ({ code, level }: { code?: unknown; level: string }): boolean =>
  level === "error" && code === "BRIDGE_SPOOL_DAMAGED";

test("a block that the disk damaged under a running bridge is read again, in the same process", async () => {
  const bridge = await world.bridgeWithAll();
  const database = new DatabaseSync(join(world.home.spool, "spool.db"), { timeout: 5000 });
  database.exec("UPDATE blocks SET body = zeroblob(length(body)) WHERE position = (SELECT max(position) FROM blocks)");
  database.close();
  await world.goesOn(bridge);
  const line = await bridge.logged((one) => isDamage(one) && "lost" in one, "what was lost");
  expect(line["lost"]).toBeGreaterThan(0);
  expect(line["feeds"]).toMatchObject([{ console: "acme", feed: "activities" }]);
  expect(await world.home.command("spool", "check", "-c", world.home.configFile)).toMatchObject({ code: 0 });
});

test("a spool that is deleted under a running bridge is written again", async () => {
  const bridge = await world.bridgeWithAll();
  rmSync(world.home.spool, { recursive: true });
  // Its place is looked at once a second, which is longer than a fast machine needs for all the rest.
  await bridge.logged((one) => isDamage(one) && String(one["error"]).includes("was deleted"), "that it was deleted");
  await world.goesOn(bridge);
  expect(readdirSync(world.home.spool)).toContain("spool.db");
  expect(world.collector.received.duplicates).toBeLessThanOrEqual(FIRST);
});

test("a spool that is deleted just before a stop is there afterwards, with all that was queued", async () => {
  const bridge = await world.bridgeWithAll();
  rmSync(world.home.spool, { recursive: true });
  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 1, signal: null });
  expect(bridge.log.at(-1)).toMatchObject({ level: "fatal", code: "BRIDGE_SPOOL_DAMAGED" });
  const { stdout } = await world.home.command("spool", "ls", "--json", "-c", world.home.configFile);
  const { feeds } = JSON.parse(stdout) as { feeds: object[] };
  expect(feeds).toContainEqual(expect.objectContaining({ feed: "activities", waiting: FIRST }));
  await world.goesOn(await world.home.start());
  expect(world.collector.received.duplicates).toBe(0);
});

test("a spool that became garbage between two starts is replaced, and kept", async () => {
  const first = await world.bridgeWithAll();
  expect(await first.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  execFileSync(
    "dd",
    ["if=/dev/urandom", `of=${join(world.home.spool, "spool.db")}`, "bs=8192", "count=20", "conv=notrunc"],
    {
      stdio: "ignore",
    },
  );
  const bridge = await world.home.start();
  await world.goesOn(bridge);
  await bridge.logged(isDamage, "the damage");
  expect(readdirSync(world.home.spool).filter((name) => name.startsWith("spool.db.damaged-"))).toHaveLength(1);
});

test.skipIf(requireMounts().missing)(
  "a spool on a disk that is read-only is refused with its reason, and goes on when it can be written",
  async () => {
    using disk = new SmallDisk(world.home.spool, "64m");
    const first = await world.bridgeWithAll();
    await first.signal("SIGTERM");
    disk.remount("ro");
    const refused = world.home.run();
    expect(await refused.exit).toStrictEqual({ code: 1, signal: null });
    expect(refused.log.at(-1)).toMatchObject({ level: "fatal", code: "BRIDGE_SPOOL_UNUSABLE" });
    disk.remount("rw");
    await world.goesOn(await world.home.start());
  },
);

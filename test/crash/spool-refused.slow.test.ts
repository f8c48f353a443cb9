import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BridgeProcess, type LogLine, eventually } from "../support/bridge-process.ts";
import { requireLoopDisks, requireMounts, requireProgram } from "../support/requires.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { SpooledWorld } from "../support/spooled-world.ts";

const { FIRST } = SpooledWorld;

let world: SpooledWorld;
let undo: (() => void)[];

beforeEach(async () => {
  undo = [];
  world = await SpooledWorld.make();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]().catch(() => undefined);
  for (const one of undo.toReversed()) one();
});

const isRefusal = ({ code, level }: LogLine): boolean => level === "error" && code === "BRIDGE_SPOOL_WRITE";

/** The log and the status name the refusal, and what was in the spool arrives all the same. */
async function deliversWhatIsThere(bridge: BridgeProcess): Promise<void> {
  world.moreEvents();
  await bridge.logged((line) => isRefusal(line) && line["feed"] === "activities", "that the disk refuses the page");
  await world.collector.back();
  await world.collector.received.keysAtLeast(FIRST);
  await bridge.logged((line) => isRefusal(line) && line["collector"] === "siem", "that the disk refuses the release");
  const { text } = await bridge.get("/api/status");
  expect(text).toContain("BRIDGE_SPOOL_WRITE");
}

describe.skipIf(requireProgram("prlimit").missing)("a disk that refuses every write while the bridge runs", () => {
  const limit = (bridge: BridgeProcess, bytes: string): void => {
    execFileSync("prlimit", ["--pid", String(bridge.pid), `--fsize=${bytes}`]);
  };

  test("is told, what is there is delivered, and all goes on when it takes them again", async () => {
    const bridge = await world.bridgeWithAll();
    limit(bridge, "0:unlimited");
    await deliversWhatIsThere(bridge);
    limit(bridge, "unlimited:unlimited");
    await world.everythingArrives();
    // The releases that were refused are made up for: the next start sends nothing again.
    await eventually(async () => (await bridge.total("s1bridge_spool_events")) === 0, "everything is released");
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    expect(world.collector.received.duplicates).toBe(0);
  });
});

describe.skipIf(requireLoopDisks().missing)("a file system that becomes read-only while the bridge runs", () => {
  test("is told, what is there is delivered, and the next start goes on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "s1bridge-disk-"));
    const image = join(folder, "image");
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    execFileSync("truncate", ["-s", "96M", image]);
    execFileSync("mkfs.ext4", ["-q", "-F", "-O", "^has_journal", image]);
    mkdirSync(world.home.spool);
    const mount = (): void => {
      execFileSync("mount", ["-o", "loop,errors=remount-ro", image, world.home.spool]);
    };
    undo.push(() => execFileSync("umount", ["-l", world.home.spool]));
    mount();
    const bridge = await world.bridgeWithAll();
    // The kernel does this when the disk fails it.
    const device = execFileSync("findmnt", ["-no", "SOURCE", world.home.spool], { encoding: "utf8" }).trim();
    writeFileSync(`/sys/fs/ext4/${device.replace("/dev/", "")}/trigger_fs_error`, "1");
    await deliversWhatIsThere(bridge);
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    execFileSync("umount", [world.home.spool]);
    mount();
    const again = await world.home.start();
    await world.everythingArrives();
    expect(await again.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  });
});

describe.skipIf(requireMounts().missing)("a damaged spool on a full disk", () => {
  test("waits for room with its file untouched, and is salvaged when there is some", async () => {
    const disk = new SmallDisk(world.home.spool, "32m");
    undo.push(() => disk[Symbol.dispose]());
    const first = await world.bridgeWithAll();
    expect(await first.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    const path = join(world.home.spool, "spool.db");
    tearIndex(path);
    // With it there would be room enough.
    rmSync(join(world.home.spool, "reserve"));
    // But for what the opening itself takes.
    disk.fill(384 << 10);
    const before = readFileSync(path);
    const bridge = world.home.run();
    const line = await bridge.logged(isRefusal, "that there is no room for the salvage");
    expect(line["error"]).toMatch(/is damaged .* and is salvaged when its file system has room/);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(world.home.spool).filter((name) => name.includes("salvage"))).toEqual([]);
    expect(await world.home.command("spool", "check", "-c", world.home.configFile)).toMatchObject({ code: 1 });
    disk.free();
    await bridge.started();
    const salvaged = await bridge.logged(
      ({ code, kept }) => code === "BRIDGE_SPOOL_DAMAGED" && kept !== undefined,
      "it",
    );
    expect(salvaged).toMatchObject({ kept: FIRST, lost: 0 });
    world.moreEvents();
    await world.collector.back();
    await world.everythingArrives();
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  });
});

/** Half of a page that belongs to an index is lost: no row is, but nothing can go on with the file. */
function tearIndex(path: string): void {
  const database = new DatabaseSync(path);
  const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'blocks_since'").get()?.["rootpage"];
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0, (Number(root) - 1) * 8192, (Number(root) - 1) * 8192 + 4096);
  writeFileSync(path, bytes);
}

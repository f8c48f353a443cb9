import { execFileSync } from "node:child_process";
import {
  mkdirSync,
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
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, type BridgeProcess, type LogLine, eventually } from "../support/bridge-process.ts";
import { type Comparison, compareKeys, supply } from "../support/event-keys.ts";
import { requireLoopDisks, requireMounts, requireProgram } from "../support/requires.ts";

const HOUR_MS = 3_600_000;
const FIRST = 3000;
const LATER = 500;

let console: DemoConsole;
let collector: DemoCollector;
let home: BridgeHome;
let expected: string[];
let undo: (() => void)[];

beforeEach(async () => {
  undo = [];
  console = await DemoConsole.start();
  collector = await DemoCollector.start({ keep: "keys" });
  home = new BridgeHome();
  home.configure({
    consoles: [home.console(console, { feed: { overlap: "1m" } })],
    collectors: [{ name: "siem", address: collector.address }],
  });
  expected = [];
});

afterEach(async () => {
  await home[Symbol.asyncDispose]().catch(() => undefined);
  for (const one of undo.toReversed()) one();
  await collector.close();
  await console.close();
});

function moreEvents(seed: number, count: number, agoMs: number): void {
  const activities = [...generateActivities({ seed, count, startMs: Date.now() - agoMs, stepMs: 10 })];
  expected.push(...supply(console, { activities }));
}

/** A bridge with everything in its spool and nothing confirmed. */
async function withFullSpool(): Promise<BridgeProcess> {
  moreEvents(1, FIRST, HOUR_MS);
  await collector.goAway();
  const bridge = await home.start();
  const spooled = async (): Promise<boolean> => (await bridge.total("s1bridge_feed_events_spooled_total")) === FIRST;
  await eventually(spooled, "all events are in the spool", 20_000);
  return bridge;
}

const isRefusal = ({ code, level }: LogLine): boolean => level === "error" && code === "BRIDGE_SPOOL_WRITE";

/** The log and the status name the refusal, and what was in the spool arrives all the same. */
async function deliversWhatIsThere(bridge: BridgeProcess): Promise<void> {
  moreEvents(2, LATER, 60_000);
  await bridge.logged((line) => isRefusal(line) && line["feed"] === "activities", "that the disk refuses the page");
  await collector.back();
  await collector.received.keysAtLeast(FIRST);
  await bridge.logged((line) => isRefusal(line) && line["collector"] === "siem", "that the disk refuses the release");
  const { text } = await bridge.get("/api/status");
  expect(text).toContain("BRIDGE_SPOOL_WRITE");
}

async function everythingArrives(): Promise<void> {
  const compared = (): Comparison => compareKeys(expected, collector.received.keys);
  await eventually(
    () => compared().missing.length === 0,
    () => `${compared().missing.length} are missing`,
  );
  expect(compared().unknown).toStrictEqual([]);
}

describe.skipIf(requireProgram("prlimit").missing)("a disk that refuses every write while the bridge runs", () => {
  const limit = (bridge: BridgeProcess, bytes: string): void => {
    execFileSync("prlimit", ["--pid", String(bridge.pid), `--fsize=${bytes}`]);
  };

  test(
    "is told, what is there is delivered, and all goes on when it takes them again",
    { timeout: 90_000 },
    async () => {
      const bridge = await withFullSpool();
      limit(bridge, "0:unlimited");
      await deliversWhatIsThere(bridge);
      limit(bridge, "unlimited:unlimited");
      await everythingArrives();
      // The releases that were refused are made up for: the next start sends nothing again.
      await eventually(async () => (await bridge.total("s1bridge_spool_events")) === 0, "everything is released");
      expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
      expect(collector.received.duplicates).toBe(0);
    },
  );
});

describe.skipIf(requireLoopDisks().missing)("a file system that becomes read-only while the bridge runs", () => {
  test("is told, what is there is delivered, and the next start goes on", { timeout: 90_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "s1bridge-disk-"));
    const image = join(folder, "image");
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    execFileSync("truncate", ["-s", "96M", image]);
    execFileSync("mkfs.ext4", ["-q", "-F", "-O", "^has_journal", image]);
    mkdirSync(home.spool);
    const mount = (): void => {
      execFileSync("mount", ["-o", "loop,errors=remount-ro", image, home.spool]);
    };
    undo.push(() => execFileSync("umount", ["-l", home.spool]));
    mount();
    const bridge = await withFullSpool();
    // The kernel does this when the disk fails it.
    const device = execFileSync("findmnt", ["-no", "SOURCE", home.spool], { encoding: "utf8" }).trim();
    writeFileSync(`/sys/fs/ext4/${device.replace("/dev/", "")}/trigger_fs_error`, "1");
    await deliversWhatIsThere(bridge);
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    execFileSync("umount", [home.spool]);
    mount();
    const again = await home.start();
    await everythingArrives();
    expect(await again.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  });
});

describe.skipIf(requireMounts().missing)("a damaged spool on a full disk", () => {
  test("waits for room with its file untouched, and is salvaged when there is some", { timeout: 90_000 }, async () => {
    mkdirSync(home.spool);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", home.spool]);
    undo.push(() => execFileSync("umount", ["-l", home.spool]));
    const first = await withFullSpool();
    expect(await first.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    const path = join(home.spool, "spool.db");
    tearIndex(path);
    // With it there would be room enough.
    rmSync(join(home.spool, "reserve"));
    fill(home.spool);
    const before = readFileSync(path);
    const bridge = home.run();
    const line = await bridge.logged(isRefusal, "that there is no room for the salvage");
    expect(line["error"]).toMatch(/is damaged .* and is salvaged when its file system has room/);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(home.spool).filter((name) => name.includes("salvage"))).toEqual([]);
    expect(await home.command("spool", "check", "-c", home.configFile)).toMatchObject({ code: 1 });
    rmSync(join(home.spool, "ballast"));
    await bridge.started();
    const salvaged = await bridge.logged(
      ({ code, kept }) => code === "BRIDGE_SPOOL_DAMAGED" && kept !== undefined,
      "it",
    );
    expect(salvaged).toMatchObject({ kept: FIRST, lost: 0 });
    moreEvents(2, LATER, 60_000);
    await collector.back();
    await everythingArrives();
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

/** But for what the opening itself takes. */
function fill(directory: string): void {
  const ballast = join(directory, "ballast");
  for (let bytes = 1 << 20; bytes >= 4096;) {
    try {
      writeFileSync(ballast, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      bytes /= 2;
    }
  }
  truncateSync(ballast, statSync(ballast).size - (384 << 10));
}

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Checkpoint, FeedKey, Page, PageRecord } from "../../src/bridge/ports.ts";
import type { Micros } from "../../src/event/time.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "./json-renderer.ts";

/**
 * A spool of each format that was ever released, kept in test/fixtures/spool/. Run as a program, this module writes the
 * one of today's format: `node test/support/kept-spool.ts v2`. Files that are there are never made anew.
 */
const KEPT = fileURLToPath(new URL("../fixtures/spool/", import.meta.url));

const ACTIVITIES: FeedKey = { console: "acme", feed: "activities" };
const THREATS: FeedKey = { console: "acme", feed: "threats" };

/** Where the feeds of a kept spool stand. */
export const KEPT_CHECKPOINT: Checkpoint = {
  time: 1_700_000_000_123_456 as Micros,
  floor: 1_699_000_000_000_000 as Micros,
};

/** The names of the kept formats, oldest first: `v1` … */
export function keptFormats(): readonly string[] {
  return readdirSync(KEPT)
    .map((file) => /^(v\d+)\.db\.gz$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

/** Puts a kept spool into a folder. */
export function restoreKept(format: string, directory: string): void {
  writeFileSync(join(directory, "spool.db"), gunzipSync(readFileSync(join(KEPT, `${format}.db.gz`))));
}

/** What stands in every kept spool: two pages of activities, two versions of a threat; `siem` has confirmed the first two. */
async function fill(directory: string): Promise<void> {
  const collectors = jsonCollectors("siem", "archive");
  const spool = await ThreadedSpool.open({ directory, maxBytes: 1 << 30, minFreeBytes: 0, collectors });
  const { signal } = new AbortController();
  const [first, second, third] = ["1464116206486530401", "1464116206486530402", "a-text"].map((id) => record(id));
  await spool.append(ACTIVITIES, page([first, second]), signal);
  await spool.append(ACTIVITIES, page([third]), signal);
  await spool.append(THREATS, page([record("7", "2023-11-14T22:13:20Z"), record("7", "2023-11-14T22:13:21Z")]), signal);
  await (await spool.reader("siem")).release(2);
  await spool.close();
}

function record(id: string, version?: string): PageRecord {
  return { id, time: KEPT_CHECKPOINT.time, version, text: JSON.stringify({ id, note: 'é "quoted"\n' }) };
}

function page(records: readonly (PageRecord | undefined)[]): Page {
  return {
    records: records.filter((each) => each !== undefined),
    deadLetters: [],
    checkpoint: KEPT_CHECKPOINT,
    seenSince: KEPT_CHECKPOINT.floor,
    consoleVersion: "S-25.1.3#77",
    excluded: 0,
    hasMore: false,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [format] = process.argv.slice(2);
  if (format === undefined || keptFormats().includes(format)) throw new Error("name a format that is not kept yet: v2");
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-kept-"));
  await fill(directory);
  writeFileSync(join(KEPT, `${format}.db.gz`), gzipSync(readFileSync(join(directory, "spool.db")), { level: 9 }));
  rmSync(directory, { recursive: true });
}

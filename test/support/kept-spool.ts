import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Checkpoint, FeedKey, Page, PageRecord } from "../../src/bridge/ports.ts";
import type { Micros } from "../../src/event/time.ts";
import { FORMAT_VERSION } from "../../src/spool/schema.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "./json-renderer.ts";

/**
 * A spool of each format that was ever in use, kept in test/fixtures/spool/: each was written by the code of its own time.
 * Run as a program, this module writes the one of today's format: `node test/support/kept-spool.ts`. Files that are there are
 * never made anew.
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

/** The backfill that is under way in spools from format 7 on, and where it stands. */
export const KEPT_JOB = {
  ...ACTIVITIES,
  from: KEPT_CHECKPOINT.floor,
  until: KEPT_CHECKPOINT.time,
  collector: undefined,
  resend: false,
};
export const KEPT_STEP = { checkpoint: 1_699_500_000_000_000 as Micros, boundary: ["77"], read: 3 };

/** As long as there are fixtures. */
export const KEEP_IDS_MS = 100 * 365 * 86_400_000;

/**
 * What stands in every kept spool: two pages of activities, two versions of a threat; `siem` has confirmed the first two. From
 * format 5 on the name of an activity type, from 6 on a ledger, from 7 on a job.
 */
async function fill(directory: string): Promise<void> {
  const collectors = jsonCollectors("siem", "archive");
  const options = { directory, maxBytes: 1 << 30, minFreeBytes: 0, keepIdsMs: KEEP_IDS_MS };
  const spool = await ThreadedSpool.open({ ...options, collectors });
  const { signal } = new AbortController();
  const [first, second, third] = ["1464116206486530401", "1464116206486530402", "a-text"].map((id) => record(id));
  await spool.append(ACTIVITIES, page([first, second]), signal);
  await spool.append(ACTIVITIES, page([third]), signal);
  await spool.append(THREATS, page([record("7", "2023-11-14T22:13:20Z"), record("7", "2023-11-14T22:13:21Z")]), signal);
  await (await spool.reader("siem")).release(2);
  await spool.learnTypes("acme", [[9999, "Something new"]]);
  const { id } = await spool.openJob(KEPT_JOB);
  await spool.append(ACTIVITIES, page([]), signal, { aside: { leaveOut: "sent", job: { id, ...KEPT_STEP } } });
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
  const name = `v${FORMAT_VERSION}`;
  if (keptFormats().includes(name)) throw new Error(`${name} is kept already, and that file is never made anew`);
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-kept-"));
  await fill(directory);
  writeFileSync(join(KEPT, `${name}.db.gz`), gzipSync(readFileSync(join(directory, "spool.db")), { level: 9 }));
  rmSync(directory, { recursive: true });
}

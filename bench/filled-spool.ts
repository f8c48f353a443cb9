import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BridgeProcess, UNLIMITED } from "./bridge-process.ts";
import { freePort } from "./processes.ts";
import { startConsole } from "./rows/end-to-end.ts";
import { type Progress, secondsSince, whole } from "./rows/row.ts";

const CONSOLES = 4;

/** A spool that a bridge has filled from four consoles while its four collectors were away; and what that took. */
export interface FilledSpool {
  readonly events: number;
  readonly perSecond: number;
  readonly peakBytes: number;
  readonly bytesPerEvent: number;
  readonly writtenPerEvent: number;
  /** How many events there were, and when, in milliseconds since the first request. */
  readonly course: readonly (readonly [events: number, ms: number])[];
  /** For a bridge that has not begun. */
  copyTo(bridge: BridgeProcess): void;
}

const filled = new Map<number, Promise<FilledSpool>>();

/** Filled once for all rows. */
export function filledSpool(events: number, progress: Progress): Promise<FilledSpool> {
  const made = filled.get(events) ?? fill(events, progress);
  filled.set(events, made);
  return made;
}

async function fill(events: number, progress: Progress): Promise<FilledSpool> {
  await using console = await startConsole({ events: events / CONSOLES });
  const asked = console.next();
  await using bridge = await BridgeProcess.start({
    consoles: Array.from({ length: CONSOLES }, () => console.told.url),
    collectors: await awayCollectors(),
    feeds: UNLIMITED,
  });
  await asked;
  const startedMs = performance.now();
  const course: (readonly [number, number])[] = [];
  await bridge.spooled(events, (spooled) => {
    course.push([spooled, performance.now() - startedMs]);
    progress(`${whole(spooled)} of ${whole(events)} events in the spool`);
  });
  const facts = {
    events,
    course,
    perSecond: events / secondsSince(startedMs),
    peakBytes: bridge.peakBytes,
    bytesPerEvent: (await bridge.spoolBytes()) / events,
    writtenPerEvent: bridge.writtenBytes / events,
  };
  await bridge.end();
  const kept = mkdtempSync(join(tmpdir(), "s1bridge-bench-spool-"));
  process.once("exit", () => rmSync(kept, { recursive: true, force: true }));
  cpSync(bridge.spool, kept, { recursive: true });
  return { ...facts, copyTo: (other) => cpSync(kept, other.spool, { recursive: true }) };
}

async function awayCollectors(): Promise<string[]> {
  return Promise.all(Array.from({ length: CONSOLES }, async () => `tcp://127.0.0.1:${await freePort()}`));
}

/** Puts the blocks of a spool behind themselves, again and again, until it has enough. */
export function enlarge(directory: string, isEnough: (size: { bytes: number; events: number }) => boolean): void {
  using database = new DatabaseSync(join(directory, "spool.db"));
  database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536");
  const one = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('blocks') WHERE name <> 'position'")
    .all()
    .map(({ name }) => String(name))
    .join(", ");
  const [first, end] = [one("SELECT min(position) FROM blocks"), one("SELECT value FROM facts WHERE key = 'end'")];
  const bytes = (): number => one("PRAGMA page_count") * one("PRAGMA page_size");
  let last = end;
  for (; !isEnough({ bytes: bytes(), events: last - first }); last += end - first) {
    database.exec(
      `INSERT INTO blocks (position, ${columns}) SELECT position + ${last - first}, ${columns} FROM blocks WHERE position < ${end}`,
    );
  }
  database.exec(`UPDATE facts SET value = ${last} WHERE key IN ('end', 'end_copy'); PRAGMA wal_checkpoint(TRUNCATE)`);
}

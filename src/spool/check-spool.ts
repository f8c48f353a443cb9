import { join } from "node:path";
import { formatTime, microsFromMs } from "../event/time.ts";
import type { Micros } from "../event/time.ts";
import { describeError } from "../lib/errors.ts";
import { type SpoolInspector, eventsOf } from "./inspect.ts";
import { holderOf } from "./lock.ts";
import { readMirror } from "./mirror.ts";
import { FORMAT_VERSION, missingColumn } from "./schema.ts";
import { describeWalDamage, walDamage } from "./wal.ts";

export interface SpoolCheck {
  /** What is wrong, and costs at least duplicates. */
  readonly problems: readonly string[];
  /** What an operator may want to know. */
  readonly notes: readonly string[];
  readonly blocks: number;
  readonly events: number;
}

/** Every page, every block and every position of a spool. */
export function checkSpool(spool: SpoolInspector): SpoolCheck {
  const problems: string[] = [];
  const notes: string[] = [];
  const result = { blocks: 0, events: 0 };
  const part = (name: string, look: () => void): void => {
    try {
      look();
    } catch (error) {
      problems.push(`${name}: ${describeError(error)}`);
    }
  };
  part("database", () => problems.push(...findings(spool)));
  part("tables", () => problems.push(...changedColumns(spool)));
  part("write-ahead log", () => problems.push(...logDamage(spool)));
  part("blocks", () => Object.assign(result, checkBlocks(spool, problems)));
  part("positions", () => problems.push(...positionsOutside(spool)));
  part("checkpoints", () => problems.push(...checkpointsAhead(spool)));
  part("copies", () => problems.push(...differingCopies(spool)));
  part("files", () => notes.push(...filesBeside(spool)));
  return { problems, notes, ...result };
}

function findings(spool: SpoolInspector): string[] {
  const rows = spool.database.prepare("PRAGMA integrity_check(20)").all();
  return rows.map((row) => String(Object.values(row)[0])).filter((text) => text !== "ok");
}

/** One of an older release gets its columns with the next start. */
function changedColumns(spool: SpoolInspector): string[] {
  const missing = spool.format === FORMAT_VERSION ? missingColumn(spool.database) : undefined;
  return missing === undefined ? [] : [`the column ${missing} is not as it was made`];
}

/** One that is being written to is not looked at. */
function logDamage(spool: SpoolInspector): string[] {
  if (holderOf(spool.directory) !== undefined) return [];
  const damage = walDamage(join(spool.directory, "spool.db-wal"));
  return damage === undefined ? [] : [describeWalDamage(damage)];
}

function checkBlocks(spool: SpoolInspector, problems: string[]): { blocks: number; events: number } {
  const begin = spool.number("SELECT min(position) FROM collectors");
  const end = spool.number("SELECT value FROM facts WHERE key = 'end'");
  let [blocks, events] = [0, 0];
  let reached = begin;
  for (const block of spool.blocks()) {
    const name = `the block at position ${block.position} (${block.console}/${block.feed})`;
    if (block.console === "") problems.push(`the block at position ${block.position} is of no known feed`);
    const unpacked = eventsOf(block);
    if (unpacked === undefined) problems.push(`${name} can not be unpacked: ${block.count} events`);
    else if (unpacked.length !== block.count)
      problems.push(`${name} has ${unpacked.length} events, and ${block.count} are noted`);
    if (block.position > reached) problems.push(`${block.position - reached} events before ${name} are missing`);
    reached = Math.max(reached, block.position + block.count);
    blocks += 1;
    events += unpacked?.length ?? 0;
  }
  if (reached < end) problems.push(`${end - reached} events before the end at ${end} are missing`);
  if (reached > end) problems.push(`the blocks reach to ${reached}, and the end is noted at ${end}`);
  return { blocks, events };
}

function positionsOutside(spool: SpoolInspector): string[] {
  const end = spool.number("SELECT value FROM facts WHERE key = 'end'");
  return spool.database
    .prepare("SELECT name, position FROM collectors WHERE position > ? OR position < 0")
    .all(end)
    .map((row) => `collector ${String(row["name"])} is at ${String(row["position"])}, beyond the end at ${end}`);
}

/** Longer than any clock is off. */
const DAY_MS = 86_400_000;

function checkpointsAhead(spool: SpoolInspector): string[] {
  const rows = spool.database.prepare("SELECT console, feed, checkpoint, floor FROM feeds WHERE checkpoint > 0").all();
  const latest = microsFromMs(Date.now() + DAY_MS);
  return rows.flatMap((row) => {
    const name = `${String(row["console"])}/${String(row["feed"])}`;
    const [checkpoint, floor] = [Number(row["checkpoint"]), Number(row["floor"])];
    if (checkpoint > latest) return [`the checkpoint of ${name} is in the future: ${formatTime(checkpoint as Micros)}`];
    return floor > checkpoint ? [`the floor of ${name} is above its checkpoint`] : [];
  });
}

function differingCopies(spool: SpoolInspector): string[] {
  if (spool.format < 3) return [];
  const rows = spool.database
    .prepare(
      `SELECT 'the checkpoint of ' || console || '/' || feed AS what FROM feeds
       WHERE checkpoint IS NOT checkpoint_copy OR floor IS NOT floor_copy
       UNION ALL SELECT 'the position of collector ' || name FROM collectors WHERE position IS NOT position_copy
       UNION ALL SELECT 'the end' WHERE (SELECT count(DISTINCT value) FROM facts WHERE key IN ('end', 'end_copy')) > 1`,
    )
    .all();
  return rows.map((row) => `${String(row["what"])} differs from its copy`);
}

function filesBeside(spool: SpoolInspector): string[] {
  const { reserve, damaged, deadLetters, droppedLetters, format } = spool.overview();
  return [
    ...(reserve ? [] : ["the reserve is missing: it is made with the next start, if the disk has room"]),
    ...(readMirror(spool.directory) === undefined && format > 2
      ? ["checkpoints.json is missing or damaged: it is written with the next start"]
      : []),
    ...(damaged.blocks > 0
      ? [`${damaged.blocks} damaged blocks with ${damaged.events} events are kept in \`damaged\``]
      : []),
    ...damaged.files.map((name) => `${name} was damaged, and is kept`),
    ...(deadLetters > 0 ? [`${deadLetters} dead letters in dead-letters.ndjson and dead-letters.ndjson.1`] : []),
    ...(droppedLetters > 0 ? [`${droppedLetters} older dead letters were deleted: spool.dead_letters_max_size`] : []),
  ];
}

import type { DatabaseSync } from "node:sqlite";
import type { FeedKey } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";
import { blockIdentities } from "./block.ts";
import type { Mirrored } from "./mirror.ts";
import { correctCopies } from "./repair.ts";
import { FORMAT_VERSION } from "./schema.ts";
import { sqlList } from "./identities.ts";

/** What became of a queue of which a part can not be read. */
export interface Recovered {
  /** Events that are still in the queue. */
  readonly kept: number;
  /** Events that were in the queue and can not be read; they are read again from the console. */
  readonly lost: number;
  /** The feeds that read again, and from where. */
  readonly rereads: readonly (FeedKey & { readonly from: Micros })[];
}

/**
 * Sets the blocks aside that can not be unpacked, and each feed back to before what it may have lost. The ids of what is
 * still in the queue are kept, so that it does not come twice: but for the ids, it is nearly the lost alone that comes again.
 *
 * `isComplete`: every row was read that says which events there are.
 */
export function recover(target: DatabaseSync, isComplete: boolean, mirrored: Mirrored | undefined): Recovered {
  correctCopies(target);
  // A name of nobody may be one that a bit has changed: the routes say who gets these.
  for (const table of ["blocks", "ledger"])
    target.exec(`UPDATE ${table} SET only_for = NULL WHERE only_for NOT IN (SELECT name FROM collectors)`);
  for (const table of ["seen", "objects"]) target.exec(`DELETE FROM ${table} WHERE feed NOT IN (SELECT id FROM feeds)`);
  const { spans, aside } = sortBlocks(target);
  const last = spans.at(-1);
  const end = Math.max(
    last === undefined ? 0 : last.position + last.count,
    mirrored?.end ?? 0,
    firstNumber(target, "SELECT min(value) FROM facts WHERE key IN ('end', 'end_copy')"),
    firstNumber(target, "SELECT max(min(position, coalesce(position_copy, position))) FROM collectors"),
  );
  const begin = firstNumber(
    target,
    "SELECT min(min(position, coalesce(position_copy, position))) FROM collectors",
    spans[0]?.position ?? end,
  );
  target.exec(
    `INSERT OR REPLACE INTO facts VALUES ('end', ${end}), ('end_copy', ${end}), ('format', ${FORMAT_VERSION})`,
  );
  const holes = holesBetween(spans, begin, end);
  const waiting = spans.filter((span) => span.position + span.count > begin);
  for (const hole of holes) markUndelivered(target, hole);
  // Its positions are given again.
  target.exec(`DELETE FROM ledger WHERE position + count > ${end}`);
  const lost = holes.reduce((sum, hole) => sum + hole.end - hole.position, 0);
  const kept = waiting.reduce((sum, { count }) => sum + count, 0);
  // What could not be read may have told of more: then every feed may have lost something, from the beginning on.
  const firstLost = isComplete ? holes[0]?.position : begin;
  return {
    kept,
    lost,
    rereads:
      firstLost === undefined
        ? []
        : rewindFeeds(
            target,
            waiting,
            { position: firstLost, feeds: isComplete ? feedsOf(holes, aside) : undefined },
            mirrored,
          ),
  };
}

/** The feeds that the holes tore; undefined when that is not known of each. */
function feedsOf(holes: readonly Hole[], aside: readonly Span[]): ReadonlySet<number> | undefined {
  const feeds = new Set<number>();
  for (const { position, end } of holes) {
    const inside = aside.filter((span) => span.position >= position && span.position < end);
    if (inside.some(({ feed }) => feed === UNKNOWN)) return undefined;
    if (inside.reduce((sum, { count }) => sum + count, 0) !== end - position) return undefined;
    for (const { feed } of inside) feeds.add(feed);
  }
  return feeds;
}

/** The feed of a block whose feed is damaged itself. */
const UNKNOWN = -1;

interface Hole {
  readonly position: number;
  readonly end: number;
}

interface Lost {
  /** Nothing is lost before it. */
  readonly position: number;
  /** All that may have lost something; undefined: any. */
  readonly feeds: ReadonlySet<number> | undefined;
}

interface Span {
  readonly position: number;
  readonly count: number;
  readonly feed: number;
  readonly since: number | undefined;
}

/** The blocks that can be unpacked, in order; the others go to `damaged`. */
function sortBlocks(target: DatabaseSync): { readonly spans: Span[]; readonly aside: Span[] } {
  const spans: Span[] = [];
  const aside: Span[] = [];
  const positions = target
    .prepare("SELECT position FROM blocks ORDER BY position")
    .all()
    .map((row) => Number(row["position"]));
  const read = target.prepare(
    "SELECT body, count, feed, since, feed IN (SELECT id FROM feeds) AS known FROM blocks WHERE position = ?",
  );
  const correct = target.prepare("UPDATE blocks SET count = ? WHERE position = ?");
  for (const [at, position] of positions.entries()) {
    const row = read.get(position);
    const count = row?.["known"] === 1 ? countOf(row["body"]) : 0;
    if (count > 0 && position + count <= (positions[at + 1] ?? Infinity)) {
      const since = row?.["since"] ?? undefined;
      spans.push({ position, count, feed: Number(row?.["feed"]), since: since === undefined ? since : Number(since) });
      if (row?.["count"] !== count) correct.run(count, position);
    } else {
      const feed = row?.["known"] === 1 ? Number(row["feed"]) : UNKNOWN;
      aside.push({ position, count: Number(row?.["count"]), feed, since: undefined });
      target.exec(`INSERT OR IGNORE INTO damaged (position, count, feed, console_version, body, since)
        SELECT position, count, feed, console_version, body, since FROM blocks WHERE position = ${position};
        INSERT INTO tallies SELECT feed, 'damaged', count FROM blocks WHERE position = ${position}
        ON CONFLICT DO UPDATE SET value = value + excluded.value;
        DELETE FROM blocks WHERE position = ${position}`);
    }
  }
  return { spans, aside };
}

function countOf(body: unknown): number {
  try {
    return blockIdentities(body as Uint8Array).length;
  } catch {
    return 0;
  }
}

function holesBetween(spans: readonly Span[], begin: number, end: number): Hole[] {
  const holes: Hole[] = [];
  let reached = begin;
  for (const { position, count } of spans) {
    if (position > reached) holes.push({ position: reached, end: position });
    reached = Math.max(reached, position + count);
  }
  if (end > reached) holes.push({ position: reached, end });
  return holes;
}

/** Who had not confirmed the events of a hole never gets them under these positions. */
function markUndelivered(target: DatabaseSync, { position, end }: Hole): void {
  target.exec(
    `INSERT OR REPLACE INTO undelivered SELECT name, max(position, ${position}), ${end} FROM collectors WHERE position < ${end}`,
  );
}

/** Sets each feed back to before the first event that it may have lost, and forgets the ids that would hide it. */
function rewindFeeds(
  target: DatabaseSync,
  waiting: readonly Span[],
  lost: Lost,
  mirrored: Mirrored | undefined,
): Recovered["rereads"] {
  const feeds = target
    .prepare(
      "SELECT id, console, feed, checkpoint, coalesce(floor, checkpoint) AS floor FROM feeds WHERE checkpoint IS NOT NULL",
    )
    .all() as unknown as { id: number; console: string; feed: FeedKey["feed"]; checkpoint: number; floor: number }[];
  const suspects = feeds.filter(({ id }) => lost.feeds?.has(id) ?? true);
  return suspects.map(({ id, console, feed, checkpoint, floor }) => {
    const before = waiting.findLast((span) => span.feed === id && span.position < lost.position)?.since;
    const safe = mirrored?.feeds.find((one) => one.console === console && one.feed === feed)?.time;
    const from = Math.min(checkpoint, before ?? safe ?? floor);
    // As far behind the checkpoint as before, for what became visible late.
    const newFloor = Math.min(floor, from - (checkpoint - floor));
    target
      .prepare("UPDATE feeds SET checkpoint = ?1, checkpoint_copy = ?1, floor = ?2, floor_copy = ?2 WHERE id = ?3")
      .run(from, newFloor, id);
    target.prepare("DELETE FROM seen WHERE feed = ?").run(id);
    // A look of what was lost would say that it has been forwarded.
    target.prepare("UPDATE objects SET look = NULL WHERE feed = ?").run(id);
    const keep = target.prepare(
      "INSERT OR IGNORE INTO seen SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)",
    );
    for (const { position } of waiting.filter((span) => span.feed === id)) {
      const body = target.prepare("SELECT body FROM blocks WHERE position = ?").get(position)?.["body"];
      keep.run(id, sqlList(blockIdentities(body as Uint8Array)));
    }
    return { console, feed, from: from as Micros };
  });
}

export function firstNumber(database: DatabaseSync, sql: string, otherwise = 0): number {
  const value = Object.values(database.prepare(sql).get() ?? {})[0];
  return value === null || value === undefined ? otherwise : Number(value);
}

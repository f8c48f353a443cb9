import type { DatabaseSync } from "node:sqlite";
import type { FeedKey } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";
import type { Mirrored } from "./mirror.ts";

/** What an opening had to set right: feeds that read again from an earlier place. */
export interface Repairs {
  /** Feeds whose checkpoint was missing, and where they begin now. */
  readonly restored: readonly (FeedKey & { readonly from: Micros })[];
  /** Numbers that were not what their copy says; see schema.ts. */
  readonly corrected: number;
}

/** Makes the small tables agree with their copies and with the mirror, so that no feed or collector leaves anything out. */
export function repair(database: DatabaseSync, mirrored: Mirrored | undefined): Repairs {
  const isNew = database.prepare("SELECT 1 FROM feeds").get() === undefined;
  const corrected = correctCopies(database);
  if (mirrored === undefined) return { restored: [], corrected };
  // Positions go on where they were, so that what is told by them stays unique.
  if (isNew) {
    database.prepare("UPDATE facts SET value = max(value, ?) WHERE key IN ('end', 'end_copy')").run(mirrored.end);
  }
  const known = database.prepare("SELECT checkpoint FROM feeds WHERE console = ? AND feed = ?");
  const restored = mirrored.feeds.filter(
    ({ console, feed }) => (known.get(console, feed)?.["checkpoint"] ?? null) === null,
  );
  // Its numbers are lost. No feed had more events than all together: what comes now has a number that was never given.
  const restore = database.prepare(
    `INSERT OR REPLACE INTO feeds (console, feed, checkpoint, floor, checkpoint_copy, floor_copy, sequence)
     VALUES (?1, ?2, ?3, ?4, ?3, ?4, (SELECT value FROM facts WHERE key = 'end'))`,
  );
  for (const { console, feed, time, floor } of restored) restore.run(console, feed, time, floor);
  return { restored: restored.map(({ console, feed, time }) => ({ console, feed, from: time })), corrected };
}

/** The lower of both can only bring duplicates. The end is where the last block ends, and nobody has confirmed beyond it. */
export function correctCopies(database: DatabaseSync): number {
  const feeds = database
    .prepare(
      `UPDATE feeds SET (checkpoint, checkpoint_copy) = (SELECT n, n FROM (SELECT ${lower("checkpoint")} AS n)),
       (floor, floor_copy) = (SELECT n, n FROM (SELECT ${lower("floor")} AS n))
       WHERE checkpoint IS NOT checkpoint_copy OR floor IS NOT floor_copy OR floor > checkpoint`,
    )
    .run();
  const collectors = database
    .prepare(
      `UPDATE collectors SET (position, position_copy) = (SELECT n, n FROM (SELECT ${lower("position")} AS n))
       WHERE position IS NOT position_copy`,
    )
    .run();
  const facts = database
    .prepare(
      `UPDATE facts SET value = max((SELECT min(value) FROM facts WHERE key IN ('end', 'end_copy')),
         coalesce((SELECT position + count FROM blocks ORDER BY position DESC LIMIT 1), 0),
         coalesce((SELECT max(position) FROM collectors), 0))
       WHERE key IN ('end', 'end_copy')
       AND (SELECT count(*) <> 2 OR min(value) <> max(value) FROM facts WHERE key IN ('end', 'end_copy'))`,
    )
    .run();
  return Number(feeds.changes) + Number(collectors.changes) + Number(facts.changes);
}

function lower(column: string): string {
  return `coalesce(min(${column}, ${column}_copy), ${column}, ${column}_copy)`;
}

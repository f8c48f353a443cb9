import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Everything that is asked of the database while the spool runs, prepared once. */
export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    addFeed: prepare("INSERT OR IGNORE INTO feeds (console, feed) VALUES (?, ?)"),
    feedId: prepare("SELECT id, sequence FROM feeds WHERE console = ? AND feed = ?"),
    checkpoint: prepare("SELECT checkpoint, floor FROM feeds WHERE id = ?"),
    moveCheckpoint: prepare(
      `UPDATE feeds SET checkpoint = max(coalesce(checkpoint, 0), ?1), floor = max(coalesce(floor, 0), ?2),
       checkpoint_copy = max(coalesce(checkpoint, 0), ?1), floor_copy = max(coalesce(floor, 0), ?2) WHERE id = ?3`,
    ),
    // A page at a time: a statement for each id costs five times as much.
    seen: prepare(
      `SELECT page.key AS at FROM json_each(?2) AS page CROSS JOIN seen
       ON seen.feed = ?1 AND seen.id = page.value ->> 0 AND seen.version = page.value ->> 1`,
    ),
    known: prepare(
      `SELECT page.key AS at, objects.look, objects.last_seen FROM json_each(?2) AS page CROSS JOIN objects
       ON objects.feed = ?1 AND objects.id = page.value ->> 0 WHERE page.value ->> 1 <> ''`,
    ),
    addSeen: prepare("INSERT OR IGNORE INTO seen SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)"),
    addSeenSince: prepare(
      `INSERT OR IGNORE INTO seen SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)
       WHERE value ->> 2 >= ?3`,
    ),
    forgetSeen: prepare("DELETE FROM seen WHERE feed = ? AND time < ?"),
    countSeen: prepare("SELECT count(*) AS n FROM seen WHERE feed = ?"),
    addBlock: prepare(
      // Reading on from the feed's checkpoint does not bring back what came aside: it has no `since`.
      `INSERT INTO blocks (position, count, feed, console_version, body, since, sequence, stored, only_for)
       VALUES (?1, ?2, ?3, ?4, ?5, iif(?6 IS NULL, NULL, (SELECT coalesce(checkpoint, ?6) FROM feeds WHERE id = ?3)), ?7, ?8, ?9)`,
    ),
    moveEnd: prepare("UPDATE facts SET value = ? WHERE key IN ('end', 'end_copy')"),
    block: prepare(
      `SELECT position, count, console, feeds.feed, console_version, body, since, blocks.sequence, only_for
       FROM blocks LEFT JOIN feeds ON feeds.id = blocks.feed WHERE position <= ? ORDER BY position DESC LIMIT 1`,
    ),
    nextPosition: prepare("SELECT min(position) AS position FROM blocks WHERE position > ?"),
    moveSequence: prepare("UPDATE feeds SET sequence = ? WHERE id = ?"),
    addDropped: prepare(
      `INSERT INTO tallies SELECT id, 'dropped', ? FROM feeds WHERE console = ? AND feed = ?
       ON CONFLICT DO UPDATE SET value = value + excluded.value`,
    ),
    addTally: prepare("INSERT INTO tallies VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value"),
    oldestPosition: prepare("SELECT min(position) AS position FROM blocks"),
    addCollector: prepare(
      "INSERT OR IGNORE INTO collectors (name, position, position_copy, began) VALUES (?1, ?2, ?2, ?2)",
    ),
    deleteCollector: prepare("DELETE FROM collectors WHERE name = ?"),
    movePosition: prepare(
      "UPDATE collectors SET position = max(position, ?1), position_copy = max(position, ?1) WHERE name = ?2",
    ),
    moveBack: prepare("UPDATE collectors SET position = ?1, position_copy = ?1 WHERE name = ?2 AND position > ?1"),
    leastPosition: prepare("SELECT min(position) AS position FROM collectors"),
    // A block ends where the next one begins: its `count` may be damaged.
    deleteBlocks: prepare("DELETE FROM blocks WHERE position < (SELECT max(position) FROM blocks WHERE position <= ?)"),
    deleteAllBlocks: prepare("DELETE FROM blocks"),
    oldestBlocks: prepare(
      `SELECT position, count, console, feeds.feed FROM blocks LEFT JOIN feeds ON feeds.id = blocks.feed
       ORDER BY position LIMIT ?`,
    ),
    dropBlocks: prepare("DELETE FROM blocks WHERE position < ?"),
    positionsBefore: prepare("SELECT name, position FROM collectors WHERE position < ?"),
    moveBehind: prepare("UPDATE collectors SET position = ?1, position_copy = ?1 WHERE position < ?1"),
    // From where each feed has to be read to get everything again that some collector has not confirmed.
    safeCheckpoints: prepare(
      `SELECT console, feed, floor, min(checkpoint, coalesce((SELECT min(since) FROM blocks WHERE feed = feeds.id), checkpoint))
       AS time FROM feeds WHERE checkpoint IS NOT NULL`,
    ),
    positions: prepare("SELECT name, position FROM collectors"),
    forgetTypes: prepare("DELETE FROM activity_types WHERE console = ?"),
    addType: prepare("INSERT OR REPLACE INTO activity_types VALUES (?, ?, ?)"),
    types: prepare("SELECT type, name FROM activity_types WHERE console = ?"),
    pages: prepare(
      `SELECT page_count AS pages, freelist_count AS free, page_size AS size
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    ),
  };
}

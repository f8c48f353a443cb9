import { DatabaseSync } from "node:sqlite";
import { SpoolDamagedError, SpoolUnusableError } from "./errors.ts";

/** "s1br": tells our databases from others. */
const APPLICATION_ID = 0x73316272;

/**
 * How the spool became what it is: one step for each format, applied to what the step before left. A release that needs
 * other tables or columns appends a step; none that was released is ever changed. test/fixtures/spool/ has a spool of each.
 *
 * The tables are one file, so that one transaction covers what must be durable together:
 *
 * - `feeds`: each feed of each console, with its checkpoint and the number of its newest event.
 * - `seen`: the ids that a page must not add again, as long as the overlap can bring them back.
 * - `objects`: the ids of mutable objects ever seen, to tell the first sight from a later version, and what the last
 *   forwarded one looked like (event/fingerprint.ts), to tell what has changed. `last_seen` is a day of our clock, counted from
 *   1970: objects.ts says when one is forgotten.
 * - `blocks`: the queue. `position` is that of the first event in the block; the next block begins at `position + count`.
 *   `sequence` is the number of that event in its feed, `stored` when it came, in milliseconds of our clock.
 * - `collectors`: how far each collector has confirmed. A block is deleted when all are past it.
 * - `damaged`: blocks that can not be read any more, kept for whoever wants to try.
 * - `tallies`: what was counted for a feed, ever: records dropped as duplicates, and so on.
 * - `activity_types`: what each console calls its activity types, for those that we have no name for.
 * - `ledger`: for each block ever added, as long as it is kept for `verify`: the ids of its events (ledger.ts) and their
 *   first and last time; `only_for` is the one collector that it went to, null is all. `undelivered` has what a collector
 *   never got: stretches of positions that were dropped or lost. `began` is the position at which a collector was new.
 * - `routes`: who gets what, now and before, as long as what was queued then is still of interest (routes.ts).
 * - `jobs`: backfills that have not come to their end, each with a checkpoint of its own.
 * - `facts`: `ledger_from`: nothing is known of what was stored before this instant, in milliseconds of our clock. Else
 *   single values; `end` is the position of the next event, `format` the number of these steps, `id` tells this
 *   spool from others.
 *
 * SQLite has no checksums, and a flipped bit in a number is a number. A checkpoint, position or end that is too high would
 * be a gap that nobody sees, so each has a `_copy`: where they differ, the lower one can only bring duplicates.
 * `since` of a block is the checkpoint before its page: reading from there brings the block again.
 *
 * Ids are stored as integers where they are 64-bit numbers, else as text: the columns have no declared type.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE feeds (
    id INTEGER PRIMARY KEY, console TEXT NOT NULL, feed TEXT NOT NULL, checkpoint INTEGER, floor INTEGER,
    UNIQUE (console, feed)
  ) STRICT;
  CREATE TABLE seen (feed INTEGER, id, version, time INTEGER, PRIMARY KEY (feed, id, version)) WITHOUT ROWID;
  CREATE TABLE objects (feed INTEGER, id, PRIMARY KEY (feed, id)) WITHOUT ROWID;
  CREATE TABLE blocks (
    position INTEGER PRIMARY KEY, count INTEGER NOT NULL, feed INTEGER NOT NULL, console_version TEXT, body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE collectors (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE damaged (
    position INTEGER PRIMARY KEY, count INTEGER NOT NULL, feed INTEGER NOT NULL, console_version TEXT, body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE facts (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO facts VALUES ('end', 0);
  `,
  `ALTER TABLE objects ADD COLUMN look BLOB`,
  `
  ALTER TABLE feeds ADD COLUMN checkpoint_copy INTEGER;
  ALTER TABLE feeds ADD COLUMN floor_copy INTEGER;
  UPDATE feeds SET checkpoint_copy = checkpoint, floor_copy = floor;
  ALTER TABLE collectors ADD COLUMN position_copy INTEGER;
  UPDATE collectors SET position_copy = position;
  INSERT INTO facts SELECT 'end_copy', value FROM facts WHERE key = 'end';
  ALTER TABLE blocks ADD COLUMN since INTEGER;
  CREATE INDEX blocks_since ON blocks (feed, since);
  ALTER TABLE damaged ADD COLUMN since INTEGER;
  `,
  `
  ALTER TABLE feeds ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE blocks ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE blocks ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE damaged ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE damaged ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE tallies (feed INTEGER, name TEXT, value INTEGER NOT NULL, PRIMARY KEY (feed, name)) WITHOUT ROWID;
  WITH numbered AS (SELECT position, sum(count) OVER (PARTITION BY feed ORDER BY position) - count + 1 AS first FROM blocks)
    UPDATE blocks SET sequence = first, stored = unixepoch() * 1000 FROM numbered WHERE numbered.position = blocks.position;
  UPDATE feeds SET sequence = (SELECT coalesce(sum(count), 0) FROM blocks WHERE blocks.feed = feeds.id);
  `,
  `CREATE TABLE activity_types (
    console TEXT NOT NULL, type INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (console, type)
  ) STRICT, WITHOUT ROWID`,
  `
  CREATE TABLE ledger (
    position INTEGER PRIMARY KEY, count INTEGER NOT NULL, feed INTEGER NOT NULL, only_for TEXT,
    first INTEGER NOT NULL, last INTEGER NOT NULL, stored INTEGER NOT NULL, ids BLOB NOT NULL
  ) STRICT;
  CREATE INDEX ledger_times ON ledger (feed, last);
  CREATE TABLE undelivered (
    collector TEXT NOT NULL, position INTEGER NOT NULL, end INTEGER NOT NULL, PRIMARY KEY (collector, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, feed INTEGER NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL, collector TEXT,
    resend INTEGER NOT NULL, checkpoint INTEGER NOT NULL, boundary TEXT NOT NULL,
    read INTEGER NOT NULL, added INTEGER NOT NULL
  ) STRICT;
  ALTER TABLE collectors ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE blocks ADD COLUMN only_for TEXT;
  INSERT INTO facts SELECT 'ledger_from', iif(count(*) = 0, 0, unixepoch() * 1000) FROM feeds;
  `,
  `ALTER TABLE objects ADD COLUMN last_seen INTEGER; UPDATE objects SET last_seen = unixepoch() / 86400`,
  `CREATE TABLE routes (
    era INTEGER PRIMARY KEY, options TEXT NOT NULL, rules TEXT NOT NULL, places TEXT
  ) STRICT`,
];

/** What this release writes. */
export const FORMAT_VERSION = MIGRATIONS.length;

/**
 * Brings a database to the format of this release, each step in a transaction with its number: a crash in between leaves
 * one that the next start takes on. Refuses, and does not touch, what is not ours or is newer than we are.
 */
export function prepareSchema(database: DatabaseSync, path: string, migrations: readonly string[] = MIGRATIONS): void {
  const version = formatOf(database, path, migrations.length);
  // Takes effect before the first table only.
  if (version === 0) database.exec("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL");
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  for (let next = version; next < migrations.length; next++) {
    database.exec(
      `BEGIN IMMEDIATE; ${migrations[next]}; INSERT OR REPLACE INTO facts VALUES ('format', ${next + 1});
       PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next + 1}; COMMIT`,
    );
  }
}

/**
 * What is not in a database of this release as its steps have made it: a bit of a name that is flipped on the disk is no error
 * to SQLite, but to whoever asks for that name, be it hours later. Gives the first as `table.column`.
 */
export function missingColumn(database: DatabaseSync): string | undefined {
  const model = new DatabaseSync(":memory:");
  try {
    prepareSchema(model, ":memory:");
    const columns = (of: DatabaseSync): string[] =>
      of
        .prepare(
          `SELECT t.name || '.' || c.name AS name, c.type, c."notnull", c.dflt_value, c.pk, t.wr, t.strict
           FROM pragma_table_list t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' ORDER BY 1`,
        )
        .all()
        .map((row) => Object.values(row).join(" ").trimEnd());
    const found = new Set(columns(database));
    return columns(model)
      .find((column) => !found.has(column))
      ?.split(" ", 1)[0];
  } finally {
    model.close();
  }
}

/** The format of a spool; 0 for an empty database, which may become one. */
function formatOf(database: DatabaseSync, path: string, known: number): number {
  const version = pragma(database, "user_version");
  const tables = new Set(
    database
      .prepare("SELECT name FROM sqlite_schema")
      .all()
      .map((row) => String(row["name"])),
  );
  if (version === 0 && tables.size === 0) return 0;
  const isNamedOurs = pragma(database, "application_id") === APPLICATION_ID;
  const isComplete = ["feeds", "collectors", "blocks", "facts"].every((name) => tables.has(name));
  if (!isNamedOurs && !isComplete)
    throw new SpoolUnusableError(`${path} is a database, but not a spool of s1bridge: nothing was changed.`);
  if (!isNamedOurs || version === 0 || isFlipped(database, version))
    throw new SpoolDamagedError(`${path} has a header that is none of ours, on tables that are`);
  if (version > known) {
    throw new SpoolUnusableError(
      `${path} has format ${version}, and this release knows up to ${known}: a newer s1bridge wrote it. Nothing was changed; start that release again.`,
    );
  }
  // Only now: a newer release may have other tables.
  if (!isComplete) throw new SpoolDamagedError(`${path} is a spool of which not all tables can be found`);
  return version;
}

/** Whether a number that no release will ever reach is one bit away from the format that stands in the tables. */
function isFlipped(database: DatabaseSync, version: number): boolean {
  if (version >= 0 && version < 1024) return false;
  const format = Number(database.prepare("SELECT value FROM facts WHERE key = 'format'").get()?.["value"] ?? 1);
  const bits = (version ^ format) >>> 0;
  return (bits & (bits - 1)) === 0;
}

/** Whether the first 100 bytes of a file that is no database any more are those of a spool, but for a flipped bit. */
export function isOurHeader(header: Buffer): boolean {
  if (header.readUInt32BE(68) === APPLICATION_ID) return true;
  const magic = Buffer.from("SQLite format 3\0");
  const isSqlite = magic.filter((byte, at) => byte !== header[at]).length <= 1;
  const bits = header.readUInt32BE(68) ^ APPLICATION_ID;
  return isSqlite && (bits & (bits - 1)) === 0;
}

/** SQLite only reads a file whose write version it does not know: https://sqlite.org/fileformat2.html section 1.3.3. */
export function isOfLaterSqlite(header: Buffer): boolean {
  return header.readUInt8(18) > 2;
}

export function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return Number(Object.values(row ?? {})[0] ?? 0);
}

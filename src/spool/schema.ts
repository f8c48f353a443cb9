import type { DatabaseSync } from "node:sqlite";
import { SpoolUnusableError } from "./errors.ts";

/** "s1br": tells our databases from others. */
const APPLICATION_ID = 0x73316272;

/**
 * How the spool became what it is: one step for each format, applied to what the step before left. A release that needs
 * other tables or columns appends a step; none that was released is ever changed. test/fixtures/spool/ has a spool of each.
 *
 * The tables are one file, so that one transaction covers what must be durable together:
 *
 * - `feeds`: each feed of each console, with its checkpoint.
 * - `seen`: the ids that a page must not add again, as long as the overlap can bring them back.
 * - `objects`: the ids of mutable objects ever seen, to tell the first sight from a later version, and what the last
 *   forwarded one looked like (event/fingerprint.ts), to tell what has changed.
 * - `blocks`: the queue. `position` is that of the first event in the block; the next block begins at `position + count`.
 * - `collectors`: how far each collector has confirmed. A block is deleted when all are past it.
 * - `damaged`: blocks that can not be read any more, kept for whoever wants to try.
 * - `facts`: single values; `end` is the position of the next event.
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
      `BEGIN IMMEDIATE; ${migrations[next]}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next + 1}; COMMIT`,
    );
  }
}

/** The format of a spool; 0 for an empty database, which may become one. */
function formatOf(database: DatabaseSync, path: string, known: number): number {
  const version = pragma(database, "user_version");
  if (version > known) {
    throw new SpoolUnusableError(
      `${path} has format ${version}, and this release knows up to ${known}: a newer s1bridge wrote it. Nothing was changed; start that release again.`,
    );
  }
  const isOurs = version > 0 && pragma(database, "application_id") === APPLICATION_ID;
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  if (isOurs || (version === 0 && tables === 0)) return version;
  throw new SpoolUnusableError(`${path} is a database, but not a spool of s1bridge: nothing was changed.`);
}

export function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return Number(Object.values(row ?? {})[0] ?? 0);
}

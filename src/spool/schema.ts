import type { DatabaseSync } from "node:sqlite";
import { SpoolUnusableError } from "./errors.ts";

/** "s1br": tells our databases from others. */
const APPLICATION_ID = 0x73316272;

/** Raised with each change of the tables. A newer number than this one is refused and left untouched. */
const FORMAT_VERSION = 1;

/**
 * The tables of the spool. One file, so that one transaction covers what must be durable together:
 *
 * - `feeds`: each feed of each console, with its checkpoint.
 * - `seen`: the ids that a page must not add again, as long as the overlap can bring them back.
 * - `objects`: the ids of mutable objects ever seen, to tell the first sight from a later version.
 * - `blocks`: the queue. `position` is that of the first event in the block; the next block begins at `position + count`.
 * - `collectors`: how far each collector has confirmed. A block is deleted when all are past it.
 * - `damaged`: blocks that can not be read any more, kept for whoever wants to try.
 * - `facts`: single values; `end` is the position of the next event.
 *
 * Ids are stored as integers where they are 64-bit numbers, else as text: the columns have no declared type.
 */
const TABLES = `
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
`;

/** Makes the tables in a new database, and refuses one that is not ours or is newer than we are. */
export function prepareSchema(database: DatabaseSync, path: string): void {
  const version = pragma(database, "user_version");
  if (version === FORMAT_VERSION && pragma(database, "application_id") === APPLICATION_ID) return;
  if (version > FORMAT_VERSION) {
    throw new SpoolUnusableError(
      `${path} has format ${version}, and this release knows up to ${FORMAT_VERSION}: a newer s1bridge wrote it. Nothing was changed; start that release again.`,
    );
  }
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  if (version !== 0 || tables !== 0) {
    throw new SpoolUnusableError(`${path} is a database, but not a spool of s1bridge: nothing was changed.`);
  }
  database.exec(`PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;`);
  database.exec(
    `BEGIN; ${TABLES}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT`,
  );
}

export function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return Number(Object.values(row ?? {})[0] ?? 0);
}

import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describeError } from "../lib/errors.ts";
import { SpoolDamagedError, SpoolUnusableError, SpoolWriteError, isDamage, isReadOnly } from "./errors.ts";
import { readMirror } from "./mirror.ts";
import { recover } from "./recover.ts";
import { type Repairs, repair } from "./repair.ts";
import { type Salvage, finishSalvage, freeName, salvage, timestamp } from "./salvage.ts";
import { isOfLaterSqlite, isOurHeader, missingColumn, pragma, prepareSchema } from "./schema.ts";
import { type Statements, prepareStatements } from "./statements.ts";
import { describeWalDamage, walDamage } from "./wal.ts";

const DAMAGE_MARK = "damaged";

/** Says to the next opening that the database is damaged, for it does not read a long one through. */
export function markDamaged(directory: string, what: string): void {
  try {
    writeFileSync(join(directory, DAMAGE_MARK), `${what}\n`);
  } catch {
    // The next opening reads a short spool through in any case.
  }
}

/** A spool up to this size is read through when it is opened: it takes less than a second. */
const CHECKED_BYTES = 64 << 20;

export interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly sql: Statements;
  /** What this opening had to make anew or set right. */
  readonly salvaged: Salvage | undefined;
  readonly repairs: Repairs;
}

/** Opens the spool's database, or makes it, or makes a new one out of a damaged one of ours. */
export function openDatabase(directory: string): OpenDatabase {
  const path = join(directory, "spool.db");
  const mark = join(directory, DAMAGE_MARK);
  finishSalvage(directory);
  const log = damagedLog(path);
  const marked = readMark(mark) ?? log?.reason;
  let reason: string;
  try {
    const opened = openWhole(directory, marked !== undefined);
    const salvaged = marked === undefined ? undefined : setAside(opened.database, directory, marked);
    rmSync(mark, { force: true });
    return { ...opened, salvaged: salvaged && { ...salvaged, movedTo: log?.keptAs } };
  } catch (error) {
    if (!isDamage(error) && !(isReadOnly(error) && isOfLaterSqlite(headerOf(path)))) throw error;
    if (!isOurs(directory, path, error))
      throw new SpoolUnusableError(
        `${path} can not be opened: ${describeError(error)}. It is no spool of s1bridge; nothing was changed`,
        {
          cause: error,
        },
      );
    reason = [log?.reason, describeError(error)].filter((part) => part !== undefined).join("; ");
  }
  const salvaged = salvage(directory, reason);
  rmSync(mark, { force: true });
  return { ...openWhole(directory, false), salvaged };
}

/** What is wrong with the write-ahead log, which SQLite then uses up; a copy of it is kept. */
function damagedLog(path: string): { readonly reason: string; readonly keptAs: string | undefined } | undefined {
  const damage = walDamage(`${path}-wal`);
  if (damage === undefined) return undefined;
  const reason = describeWalDamage(damage);
  const copy = freeName(`${path}-wal.damaged-${timestamp()}`);
  try {
    copyFileSync(`${path}-wal`, copy);
    return { reason, keptAs: copy };
  } catch {
    // Without room for it there is still the spool to be opened.
    rmSync(copy, { force: true });
    return { reason, keptAs: undefined };
  }
}

/** The database is whole, but not its blocks. */
function setAside(database: DatabaseSync, directory: string, reason: string): Salvage {
  try {
    const recovered = transaction(database, () => recover(database, true, readMirror(directory)));
    return { reason, movedTo: undefined, ...recovered };
  } catch (error) {
    database.close();
    throw error;
  }
}

function readMark(mark: string): string | undefined {
  return existsSync(mark) ? readFileSync(mark, "utf8").trim() : undefined;
}

/** Throws when anything in it, but for the blocks, is not as it was written. */
function openWhole(directory: string, mustCheck: boolean): Omit<OpenDatabase, "salvaged"> {
  const path = join(directory, "spool.db");
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    prepareSchema(database, path);
    const missing = missingColumn(database);
    if (missing !== undefined) throw new SpoolDamagedError(`the column ${missing} is not as it was made`);
    if (mustCheck || pragma(database, "page_count") * pragma(database, "page_size") <= CHECKED_BYTES) {
      // Rows out of order are found by the longer one alone; a feed that is set back must find all that it has to forget.
      const check = mustCheck ? "integrity_check" : "quick_check";
      const finding = String(Object.values(database.prepare(`PRAGMA ${check}(1)`).get() ?? {})[0]);
      if (finding !== "ok") throw new SpoolDamagedError(finding.replaceAll(/\s+/g, " "));
    }
    database.exec("PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -2048");
    const repairs = repair(database, readMirror(directory));
    return { database, sql: prepareStatements(database), repairs };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What is no database at all may be somebody else's file, unless the folder or its first bytes say that it was a spool. */
function isOurs(directory: string, path: string, error: unknown): boolean {
  if (error instanceof SpoolDamagedError || readMirror(directory) !== undefined) return true;
  return isOurHeader(headerOf(path));
}

/** The 100 bytes with which a database of SQLite begins; zeros where there are none. */
function headerOf(path: string): Buffer {
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return header;
}

/** What tells one file from another of the same name; undefined when there is none. */
export function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** All of the work becomes durable, or none of it; `undo` is for what the work changed in memory. */
export function transaction<T>(database: DatabaseSync, work: () => T, undo?: () => void): T {
  try {
    database.exec("BEGIN IMMEDIATE");
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    undo?.();
    // A full disk has already rolled back, and a second ROLLBACK throws.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw new SpoolWriteError(`the spool ${database.location() ?? ""} can not be written: ${describeError(error)}`, {
      cause: error,
    });
  }
}

/** What the work commits is in the hands of the kernel, and durable with the next commit that is not of this kind. */
export function withoutSync(database: DatabaseSync, work: () => void): void {
  database.exec("PRAGMA synchronous = NORMAL");
  try {
    work();
  } finally {
    database.exec("PRAGMA synchronous = FULL");
  }
}

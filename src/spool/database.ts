import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  statfsSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describeError } from "../lib/errors.ts";
import { SpoolDamagedError, SpoolUnusableError, SpoolWriteError, isDamage, isDiskFull } from "./errors.ts";
import { readMirror } from "./mirror.ts";
import { recover } from "./recover.ts";
import { type Repairs, repair } from "./repair.ts";
import { type Salvage, finishSalvage, freeName, salvage, timestamp } from "./salvage.ts";
import { isOurHeader, pragma, prepareSchema } from "./schema.ts";
import { giveUpReserve } from "./space.ts";
import { type Statements, prepareStatements } from "./statements.ts";
import { describeWalDamage, walDamage } from "./wal.ts";

/** Says to the next opening that the database is damaged, for it does not read a long one through. */
export const DAMAGE_MARK = "damaged";

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
  try {
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
      if (!isDamage(error) || !isOurs(directory, path, error)) throw error;
      reason = [log?.reason, describeError(error)].filter((part) => part !== undefined).join("; ");
    }
    const salvaged = salvage(directory, reason);
    rmSync(mark, { force: true });
    return { ...openWhole(directory, false), salvaged };
  } catch (error) {
    if (error instanceof SpoolUnusableError) throw error;
    if (isDiskFull(error) || hasNoRoom(directory)) throw waitingForRoom(directory, error);
    throw new SpoolUnusableError(`the spool ${path} can not be opened: ${describeError(error)}`, { cause: error });
  }
}

/** SQLite has several ways to say that a full disk does not let it open a database. */
function hasNoRoom(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < OPENING_BYTES;
}

/** What the opening itself needs: the index of the write-ahead log and a few frames. */
const OPENING_BYTES = 256 << 10;

/** Whoever opens it again when there is room finds it as it was. */
function waitingForRoom(directory: string, error: unknown): SpoolWriteError {
  giveUpReserve(directory);
  if (error instanceof SpoolWriteError) return error;
  return new SpoolWriteError(`the spool in ${directory} can not be opened on a full disk: ${describeError(error)}`, {
    cause: error,
  });
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
  const recovered = transaction(database, () => recover(database, true, readMirror(directory)));
  return { reason, movedTo: undefined, ...recovered };
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
    if (mustCheck || pragma(database, "page_count") * pragma(database, "page_size") <= CHECKED_BYTES) {
      const finding = String(Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0]);
      if (finding !== "ok") throw new SpoolDamagedError(finding.replaceAll(/\s+/g, " "));
    }
    database.exec("PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096");
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
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, 100, 0);
  } finally {
    closeSync(file);
  }
  return isOurHeader(header);
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

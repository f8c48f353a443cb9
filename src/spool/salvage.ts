import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { copyBlocks, copyTable } from "./copy-rows.ts";
import { SpoolUnusableError, SpoolWriteError, describeDisk, isDiskFull } from "./errors.ts";
import { type Mirrored, readMirror } from "./mirror.ts";
import { type Recovered, firstNumber, recover } from "./recover.ts";
import { prepareSchema } from "./schema.ts";
import { giveUpReserve } from "./space.ts";

/**
 * A new spool out of a damaged one. What can be read is taken over, the damaged file is kept beside it, and each feed that
 * may have lost an event that some collector had not confirmed reads again from before it: duplicates rather than a gap.
 *
 * `spool.db.salvage` is the new one while it is made, `spool.db.salvaged` when it is whole. A crash before that begins
 * anew; one after it leaves a file that the next opening puts into place.
 */
export interface Salvage extends Recovered {
  readonly reason: string;
  /** Where the damaged file is now; undefined when only blocks were damaged, which are in the table `damaged`. */
  readonly movedTo: string | undefined;
}

export function salvage(directory: string, reason: string): Salvage {
  const path = join(directory, "spool.db");
  const movedTo = freeName(`${path}.damaged-${timestamp()}`);
  // Room for what is taken over; it is made again with the next opening.
  giveUpReserve(directory);
  removeDatabase(`${path}.salvage`);
  try {
    const result = takeOver(path, `${path}.salvage`, readMirror(directory));
    sync(`${path}.salvage`);
    renameSync(`${path}.salvage`, `${path}.salvaged`);
    for (const part of ["", "-wal"]) if (existsSync(path + part)) renameSync(path + part, movedTo + part);
    rmSync(`${path}-shm`, { force: true });
    renameSync(`${path}.salvaged`, path);
    sync(directory);
    return { reason, movedTo, ...result };
  } catch (error) {
    if (isDiskFull(error)) {
      // The old file is as it was; half of a new one only takes the room that is missing.
      removeDatabase(`${path}.salvage`);
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      throw new SpoolWriteError(
        `${path} is damaged (${reason}) and is salvaged when its file system has room for what is taken over, up to ${Math.ceil(size / (1 << 20))} MiB more: ${describeDisk(error)}`,
        { cause: error },
      );
    }
    throw new SpoolUnusableError(`${path} is damaged (${reason}) and can not be salvaged: ${describeDisk(error)}`, {
      cause: error,
    });
  }
}

/** Puts a new database into its place when it is whole, as a salvage does. */
export function replaceDatabase(path: string, write: (path: string) => void): void {
  removeDatabase(`${path}.salvage`);
  try {
    write(`${path}.salvage`);
    sync(`${path}.salvage`);
  } catch (error) {
    // Half of one only takes the room that is missing.
    removeDatabase(`${path}.salvage`);
    throw error;
  }
  for (const part of ["-wal", "-shm"]) rmSync(path + part, { force: true });
  renameSync(`${path}.salvage`, path);
  sync(dirname(path));
}

/** Ends a salvage that a crash broke off. */
export function finishSalvage(directory: string): void {
  const path = join(directory, "spool.db");
  removeDatabase(`${path}.salvage`);
  if (!existsSync(`${path}.salvaged`)) return;
  if (existsSync(path)) removeDatabase(`${path}.salvaged`);
  else {
    rmSync(`${path}-wal`, { force: true });
    rmSync(`${path}-shm`, { force: true });
    renameSync(`${path}.salvaged`, path);
  }
}

function takeOver(damagedPath: string, newPath: string, mirrored: Mirrored | undefined): Recovered {
  const target = new DatabaseSync(newPath);
  try {
    prepareSchema(target, newPath);
    let isComplete = false;
    let source: DatabaseSync | undefined;
    try {
      source = new DatabaseSync(damagedPath, { readOnly: true });
      isComplete = copyAll(source, target);
    } catch (error) {
      if (error instanceof SpoolWriteError) throw error;
      // Not even its tables can be named: the mirror is all there is.
    } finally {
      source?.close();
    }
    return recover(target, isComplete, mirrored);
  } finally {
    target.close();
  }
}

/** Whether every row of the tables was read that say which events there are. */
function copyAll(source: DatabaseSync, target: DatabaseSync): boolean {
  target.exec("DELETE FROM facts");
  const whole = ["feeds", "collectors", "facts"].map((table) => copyTable(source, target, table));
  whole.push(
    firstNumber(
      target,
      "SELECT count(*) = 1 FROM (SELECT DISTINCT value FROM facts WHERE key IN ('end', 'end_copy'))",
    ) === 1,
  );
  for (const table of ["seen", "objects", "damaged", "tallies", "undelivered", "jobs"])
    copyTable(source, target, table);
  // What is not in the ledger any more may have been confirmed: that is not known now.
  if (!copyTable(source, target, "ledger"))
    target.exec("INSERT OR REPLACE INTO facts VALUES ('ledger_from', unixepoch() * 1000)");
  return copyBlocks(source, target) && whole.every(Boolean);
}

function removeDatabase(path: string): void {
  for (const part of ["", "-wal", "-shm", "-journal"]) rmSync(path + part, { force: true });
}

/** For the name of a file that is kept. */
export function timestamp(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, "");
}

export function freeName(path: string): string {
  let name = path;
  for (let at = 2; existsSync(name); at++) name = `${path}-${at}`;
  return name;
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

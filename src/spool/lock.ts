import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SpoolHeldError, SpoolUnusableError, SpoolWriteError, describeDisk, isDiskFull } from "./errors.ts";

const SQLITE_BUSY = 5;

export interface SpoolLock {
  release(): void;
}

/**
 * Lets one process open a spool.
 *
 * The lock is SQLite's own, on a small database beside the spool: the kernel drops it with the process, so a `kill -9`
 * leaves nothing to clean up, and the spool itself stays readable for the `sqlite3` program. `holder.json` only tells
 * the others whom to ask; it is never trusted.
 */
export function lockSpool(directory: string): SpoolLock {
  const path = join(directory, "lock.db");
  let lock: DatabaseSync | undefined;
  try {
    // Whoever looks whether it is held has it for an instant.
    lock = new DatabaseSync(path, { timeout: 200 });
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock?.close();
    // Even the lock takes a page.
    if (isDiskFull(error))
      throw new SpoolWriteError(`${path} can not be locked on a full disk: ${describeDisk(error)}`, { cause: error });
    if (!isBusy(error))
      throw new SpoolUnusableError(`${path} can not be locked: ${describeDisk(error)}`, { cause: error });
    const message = `the spool ${directory} is held by ${holder(directory)}; one process at a time can open it`;
    throw new SpoolHeldError(message, { cause: error });
  }
  const held = lock;
  tellHolder(directory);
  return { release: () => held.close() };
}

function tellHolder(directory: string): void {
  const told = { pid: process.pid, command: process.title, since: new Date().toISOString() };
  try {
    writeFileSync(join(directory, "holder.json"), `${JSON.stringify(told)}\n`);
  } catch {
    // On a full disk whoever asks is told of another process, and not of which.
  }
}

/** Who has the spool open, in words; undefined when nobody has. */
export function holderOf(directory: string): string | undefined {
  const path = join(directory, "lock.db");
  if (!existsSync(path)) return undefined;
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    lock.prepare("SELECT count(*) FROM sqlite_schema").get();
    return undefined;
  } catch (error) {
    return isBusy(error) ? holder(directory) : undefined;
  } finally {
    lock?.close();
  }
}

/** Another process has the lock; everything else is a file that can not be used. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

function holder(directory: string): string {
  try {
    const { pid, command, since } = JSON.parse(readFileSync(join(directory, "holder.json"), "utf8")) as Holder;
    return `process ${pid} (${command}) since ${since}`;
  } catch {
    // The holder has the lock and has not written its name yet, or can not.
    return "another process";
  }
}

interface Holder {
  readonly pid: number;
  readonly command: string;
  readonly since: string;
}

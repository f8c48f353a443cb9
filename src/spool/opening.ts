import { statfsSync } from "node:fs";
import { BridgeError, describeError } from "../lib/errors.ts";
import { type OpenDatabase, markDamaged, openDatabase } from "./database.ts";
import { makeDirectory } from "./directory.ts";
import {
  SpoolDamagedError,
  SpoolUnusableError,
  SpoolWriteError,
  describeDisk,
  isDamage,
  isDiskFull,
  isOfTheDisk,
} from "./errors.ts";
import { type SpoolLock, lockSpool } from "./lock.ts";
import { giveUpReserve } from "./space.ts";

/** The spool is ours, and its database is whole. */
export interface OpenSpool extends OpenDatabase {
  readonly lock: SpoolLock;
}

/**
 * Opens the folder, the lock and the database, in this order. `work` is what else belongs to the opening; whatever
 * fails, nothing stays open, and the error says what to do: `BRIDGE_SPOOL_WRITE` waits for room, and the spool is as it was;
 * `BRIDGE_SPOOL_DAMAGED` is opened once more; any other ends the start.
 */
export function opening<T>(directory: string, work: (opened: OpenSpool) => T): T {
  let lock: SpoolLock | undefined;
  let opened: OpenDatabase | undefined;
  try {
    makeDirectory(directory);
    lock = locked(directory);
    opened = openDatabase(directory);
    return work({ ...opened, lock });
  } catch (error) {
    opened?.database.close();
    lock?.release();
    throw openingError(directory, error);
  }
}

/** On a full disk with the reserve given up: it is made again once there is room. */
function locked(directory: string): SpoolLock {
  try {
    return lockSpool(directory);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    giveUpReserve(directory);
    return lockSpool(directory);
  }
}

function openingError(directory: string, error: unknown): unknown {
  // All but a refused write says already what it means.
  if (error instanceof BridgeError && !(error instanceof SpoolWriteError)) return error;
  if (isDamage(error)) {
    markDamaged(directory, describeError(error));
    return new SpoolDamagedError(`the spool in ${directory} is damaged: ${describeError(error)}`, { cause: error });
  }
  if (isDiskFull(error) || (isOfTheDisk(error) && hasNoRoom(directory))) {
    giveUpReserve(directory);
    if (error instanceof SpoolWriteError) return error;
    const message = `the spool in ${directory} can not be opened on a full disk: ${describeDisk(error)}`;
    return new SpoolWriteError(message, { cause: error });
  }
  if (!isOfTheDisk(error) && !(error instanceof SpoolWriteError)) return error;
  const message = `the spool in ${directory} can not be opened: ${describeDisk(error)}`;
  return new SpoolUnusableError(message, { cause: error });
}

/** SQLite has several ways to say that a full disk does not let it open a database. */
function hasNoRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < OPENING_BYTES;
  } catch {
    // Nothing is known of a disk that does not even answer this.
    return false;
  }
}

/** What the opening itself needs: the index of the write-ahead log and a few frames. */
const OPENING_BYTES = 256 << 10;

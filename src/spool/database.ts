import { accessSync, constants, mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describeError } from "../lib/errors.ts";
import { SpoolUnusableError, SpoolWriteError } from "./errors.ts";
import { prepareSchema } from "./schema.ts";

export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new SpoolUnusableError(
      `the spool directory ${directory} can not be used: ${describeError(error)}; it must exist or be creatable, and be writable for the user that runs s1bridge`,
      { cause: error },
    );
  }
}

export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 5000 });
    prepareSchema(database, path);
    database.exec("PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096");
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof SpoolUnusableError) throw error;
    throw new SpoolUnusableError(`the spool ${path} can not be opened: ${describeError(error)}`, { cause: error });
  }
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

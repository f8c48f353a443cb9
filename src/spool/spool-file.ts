import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { BridgeError, describeError } from "../lib/errors.ts";
import { inodeOf, markDamaged } from "./database.ts";
import { makeDirectory } from "./directory.ts";
import {
  SpoolDamagedError,
  SpoolUnusableError,
  SpoolWriteError,
  describeDisk,
  isDamage,
  isOfTheDisk,
} from "./errors.ts";
import { type Mirrored, writeMirror } from "./mirror.ts";
import { replaceDatabase } from "./salvage.ts";
import type { Statements } from "./statements.ts";

/** How often the mirror is written while something changes, and the file's place looked at. */
const MIRROR_MS = 10_000;
const PLACE_MS = 1000;

/** The open database as a file on a disk: whether it is in its place and whole, and its mirror beside it. */
export class SpoolFile {
  readonly #directory: string;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #inode: bigint | undefined;
  #isDamaged = false;
  #mirroredAt = -Infinity;
  #placeCheckedAt = -Infinity;

  constructor(directory: string, database: DatabaseSync, sql: Statements) {
    this.#directory = directory;
    this.#path = join(directory, "spool.db");
    this.#database = database;
    this.#sql = sql;
    this.#inode = inodeOf(this.#path);
  }

  mirrorNowAndThen(end: number): void {
    if (performance.now() - this.#mirroredAt > MIRROR_MS) this.mirror(end);
  }

  /** What is damaged is not a thing to be mirrored. */
  mirror(end: number): void {
    if (this.#isDamaged) return;
    this.#mirroredAt = performance.now();
    try {
      writeMirror(this.#directory, { end, feeds: this.#sql.safeCheckpoints.all() as unknown as Mirrored["feeds"] });
    } catch {
      // An older one is as good, but for the duplicates, and the database says louder what is wrong with the disk.
    }
  }

  /** As `stayInPlace`, now and then. */
  stayInPlaceNowAndThen(end: number): void {
    if (performance.now() - this.#placeCheckedAt > PLACE_MS) this.stayInPlace(end);
  }

  /** A spool whose file was deleted while it is open writes to nowhere: it is written once more, to its place. */
  stayInPlace(end: number): void {
    if (this.#isDamaged) return;
    this.#placeCheckedAt = performance.now();
    const inode = inodeOf(this.#path);
    if (inode === this.#inode) return;
    if (inode !== undefined) {
      this.#isDamaged = true;
      throw new SpoolUnusableError(`${this.#path} was replaced by another file while the bridge had it open`);
    }
    makeDirectory(this.#directory);
    this.mirror(end);
    replaceDatabase(this.#path, (path) => this.#database.prepare("VACUUM INTO ?").run(path));
    this.#isDamaged = true;
    throw new SpoolDamagedError(`${this.#path} was deleted while the bridge had it open; it is written again`);
  }

  /** The next opening reads the file through, also when it is long. */
  damaged(what: string, cause: unknown): SpoolDamagedError {
    this.#isDamaged = true;
    markDamaged(this.#directory, what);
    return new SpoolDamagedError(`the spool ${this.#path} is damaged: ${what}`, { cause });
  }

  /** What an error of the disk means for the bridge. One that tells of damage makes the next opening salvage. */
  explain(error: unknown): unknown {
    if (isDamage(error)) return error instanceof SpoolDamagedError ? error : this.damaged(describeError(error), error);
    if (error instanceof BridgeError || !isOfTheDisk(error)) return error;
    return new SpoolWriteError(`the spool ${this.#path} can not be used: ${describeDisk(error)}`, { cause: error });
  }
}

import { existsSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { SpoolWriteError, isDiskFull } from "./errors.ts";
import type { PackedPage } from "./packed.ts";
import type { Statements } from "./statements.ts";

/** Given up first when the disk is full: even a DELETE needs room in the write-ahead log. */
const RESERVE_BYTES = 8 << 20;

/** How long an answer about the file system's free space holds. */
const FREE_SPACE_MS = 1000;

/** Free pages are given back beyond this much, so many at a time: it blocks. */
const SHRINK_BEYOND_BYTES = 64 << 20;
const SHRINK_PAGES = 1024;

/** What a row takes beside its body, and an id with its place in the table. Measured: 40 to 60 bytes for a numeric id. */
const ROW_BYTES = 100;
const ID_BYTES = 60;

export interface SpaceOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
}

export function giveUpReserve(directory: string): void {
  removeQuietly(join(directory, RESERVE));
}

/** What stays because the disk does not even let go of it shows in what comes next. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A read-only or broken file system.
  }
}

const RESERVE = "reserve";

/** The room that the spool has and may take: its own limit, the file system's free space, and the reserve. */
export class Space {
  readonly #options: SpaceOptions;
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  #freeSpace = { checkedAt: -Infinity, enough: true };
  #wasRefused = false;

  constructor(options: SpaceOptions, database: DatabaseSync, sql: Statements) {
    this.#options = options;
    this.#database = database;
    this.#sql = sql;
    this.#makeReserve();
  }

  /** An empty queue has room for any page: one that is too large, or ids that fill the spool, would stop the feed for good. */
  isFull(incoming: number): boolean {
    if (!this.hasFreeSpace()) return true;
    return !this.#isEmpty() && this.usedBytes() + incoming > this.#options.maxBytes;
  }

  /** Whether so much has no room, unless older blocks make some: deleting leaves free pages, and never a shorter file. */
  lacks(incoming: number): boolean {
    const { pages, free, size } = this.#pages();
    if (!this.hasFreeSpace() && free * size < incoming) return true;
    return !this.#isEmpty() && (pages - free) * size + incoming > this.#options.maxBytes;
  }

  /** What a page will take, rounded up to pages of the database. */
  sizeOf({ blocks, identities }: PackedPage): number {
    const { size } = this.#pages();
    const queue = blocks.reduce((sum, { body }) => sum + Math.ceil((body.length + ROW_BYTES) / size), 0);
    const ids = identities.count * ID_BYTES + identities.lookBytes;
    const listed = blocks.reduce(
      (sum, block) => sum + (block.listed === undefined ? 0 : block.listed.ids.length + ROW_BYTES),
      0,
    );
    return (queue + Math.ceil((ids + listed) / size)) * size;
  }

  usedBytes(): number {
    const { pages, free, size } = this.#pages();
    return (pages - free) * size;
  }

  /** Gives disk back when the queue has run empty after a long one. */
  shrink(): void {
    const { free, size } = this.#pages();
    if (free * size > SHRINK_BEYOND_BYTES && this.#isEmpty()) {
      this.#database.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
    }
  }

  /** Does work that needs room; that a full disk has refused it is kept in mind. */
  withRoom(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#wasRefused ||= error instanceof SpoolWriteError && isDiskFull(error);
      throw error;
    }
  }

  /**
   * Does work that makes room; on a full disk with the reserve given up. Also when the work itself would still fit: the
   * pages that it frees are of use only when the write-ahead log behind it can grow.
   */
  withReserve<T>(work: () => T): T {
    if (this.#wasRefused) this.#giveUpReserve();
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SpoolWriteError && isDiskFull(error))) throw error;
      this.#giveUpReserve();
      return work();
    }
  }

  #giveUpReserve(): void {
    giveUpReserve(this.#options.directory);
    this.#wasRefused = false;
  }

  #isEmpty(): boolean {
    return this.#sql.oldestPosition.get()?.["position"] === null;
  }

  #pages(): { readonly pages: number; readonly free: number; readonly size: number } {
    return this.#sql.pages.get() as { pages: number; free: number; size: number };
  }

  /** Whether the file system has as much as is always to be left. */
  hasFreeSpace(): boolean {
    if (performance.now() - this.#freeSpace.checkedAt > FREE_SPACE_MS) {
      const { bavail, bsize } = statfsSync(this.#options.directory);
      this.#freeSpace = { checkedAt: performance.now(), enough: bavail * bsize >= this.#options.minFreeBytes };
    }
    return this.#freeSpace.enough;
  }

  get #reservePath(): string {
    return join(this.#options.directory, RESERVE);
  }

  #makeReserve(): void {
    if (existsSync(this.#reservePath)) return;
    try {
      writeFileSync(this.#reservePath, Buffer.alloc(RESERVE_BYTES));
    } catch {
      // The disk is full already: what is there must do.
      removeQuietly(this.#reservePath);
    }
  }
}

import {
  accessSync,
  appendFileSync,
  constants,
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  rmSync,
  statfsSync,
  writeFileSync,
  existsSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Checkpoint, DeadLetter, FeedKey } from "../bridge/ports.ts";
import type { Change } from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import { describeError } from "../lib/errors.ts";
import { SpoolUnusableError, SpoolWriteError } from "./errors.ts";
import { lockSpool } from "./lock.ts";
import { prepareSchema } from "./schema.ts";

/**
 * The spool itself: SQLite in WAL mode with `synchronous=FULL`, so that what `append` has committed survives a crash and
 * a power cut. Everything here is synchronous; worker.ts runs it beside the event loop. The tables stand in schema.ts.
 */
export interface StoreOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  readonly collectors: readonly string[];
  /** Ids seen are looked through for those to forget after this many new ones, or as many as there are. */
  readonly pruneAfter?: number;
}

/** A block as it stands in the database. */
export interface StoredBlock extends FeedKey {
  readonly position: number;
  readonly count: number;
  readonly consoleVersion: string | undefined;
  readonly body: Uint8Array;
}

/** What makes a record the one it is: its id and, for mutable objects, its version. */
export interface Identity {
  readonly id: string;
  readonly version: string | undefined;
}

/** A page without what has been seen before, packed. */
export interface PackedPage {
  readonly identities: readonly (Identity & { readonly time: Micros })[];
  readonly blocks: readonly { readonly count: number; readonly body: Uint8Array }[];
  readonly deadLetters: readonly DeadLetter[];
  readonly checkpoint: Checkpoint;
  readonly seenSince: Micros;
  readonly consoleVersion: string | undefined;
}

/** A collector that is not configured any more, and the events that it had not confirmed. */
export interface Forgotten {
  readonly collector: string;
  readonly events: number;
}

export interface SpoolSize {
  readonly bytes: number;
  readonly events: number;
}

/** Given up first when the disk is full: even a DELETE needs room in the write-ahead log. */
const RESERVE_BYTES = 8 << 20;

const PRUNE_AFTER = 100_000;

const SQLITE_FULL = 13;

export class SpoolStore {
  readonly forgotten: readonly Forgotten[];
  readonly positions: ReadonlyMap<string, number>;
  readonly #options: StoreOptions;
  readonly #lock: { release(): void };
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #feeds = new Map<string, { readonly id: number; newIds: number }>();
  #end: number;
  #freeSpace = { checkedAt: -Infinity, enough: true };

  constructor(options: StoreOptions) {
    this.#options = options;
    makeDirectory(options.directory);
    this.#lock = lockSpool(options.directory);
    try {
      this.#database = openDatabase(join(options.directory, "spool.db"));
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#sql = prepareStatements(this.#database);
    this.#end = Number(this.#database.prepare("SELECT value FROM facts WHERE key = 'end'").get()?.["value"]);
    this.forgotten = this.#registerCollectors(options.collectors);
    this.positions = new Map(
      this.#database
        .prepare("SELECT name, position FROM collectors")
        .all()
        .map((row) => [String(row["name"]), Number(row["position"])]),
    );
    this.#makeReserve();
  }

  /** The position of the next event. */
  get end(): number {
    return this.#end;
  }

  checkpoint(key: FeedKey): Checkpoint | undefined {
    const row = this.#sql.checkpoint.get(this.#feed(key).id);
    if (row === undefined || row["checkpoint"] === null) return undefined;
    return { time: Number(row["checkpoint"]), floor: Number(row["floor"]) } as Checkpoint;
  }

  /** For each identity, what its event would be; undefined for what has been seen before. */
  unseen(key: FeedKey, identities: readonly Identity[]): (Change | undefined)[] {
    const feed = this.#feed(key).id;
    const list = sqlList(identities);
    const changes = identities.map(({ version }): Change | undefined => (version === undefined ? "event" : "new"));
    if (changes.includes("new")) for (const { at } of this.#sql.known.all(feed, list)) changes[Number(at)] = "updated";
    for (const { at } of this.#sql.seen.all(feed, list)) changes[Number(at)] = undefined;
    return changes;
  }

  /** Stores blocks, identities and checkpoint in one transaction; the identities must be unseen. */
  append(key: FeedKey, page: PackedPage): "appended" | "full" {
    if (page.blocks.length > 0 && this.#isFull(page.blocks)) return "full";
    this.keepDeadLetters(key, page.deadLetters);
    const feed = this.#feed(key);
    const identities = sqlList(page.identities);
    const end = this.#end;
    this.#transaction(
      () => {
        this.#sql.addSeen.run(feed.id, identities);
        this.#sql.addObjects.run(feed.id, identities);
        for (const { count, body } of page.blocks) {
          this.#sql.addBlock.run(this.#end, count, feed.id, page.consoleVersion ?? null, body);
          this.#end += count;
        }
        this.#sql.moveEnd.run(this.#end);
        this.#sql.moveCheckpoint.run(page.checkpoint.time, this.#forgetIds(feed, page), feed.id);
      },
      () => {
        this.#end = end;
      },
    );
    return "appended";
  }

  /** The block that holds `position`; undefined when it is the end. */
  read(position: number): StoredBlock | undefined {
    const row = this.#sql.block.get(position);
    if (row === undefined || Number(row["position"]) + Number(row["count"]) <= position) return undefined;
    return {
      position: Number(row["position"]),
      count: Number(row["count"]),
      console: String(row["console"]),
      feed: String(row["feed"]) as FeedKey["feed"],
      consoleVersion: row["console_version"] === null ? undefined : String(row["console_version"]),
      body: row["body"] as Uint8Array,
    };
  }

  /** Keeps what can not become an event, durably. */
  keepDeadLetters({ console, feed }: FeedKey, letters: readonly DeadLetter[]): void {
    appendDeadLetters(this.#options.directory, { console, feed }, letters);
  }

  /** Keeps a block that can not be read, beyond its release. */
  keepDamaged(position: number): void {
    this.#sql.keepDamaged.run(position);
  }

  /** Forgets everything before `position` for this collector, and the blocks that all collectors have confirmed. */
  release(collector: string, position: number): void {
    this.#withReserve(() =>
      this.#transaction(() => {
        this.#sql.movePosition.run(position, collector);
        this.#sql.deleteBlocks.run();
      }),
    );
    this.#shrink();
  }

  size(): SpoolSize {
    const oldest = this.#sql.oldestPosition.get()?.["position"];
    return { bytes: this.#usedBytes(), events: this.#end - Number(oldest ?? this.#end) };
  }

  close(): void {
    this.#database.close();
    this.#lock.release();
  }

  /** Forgets ids that can not come back, now and then; gives the feed's new floor, for what is forgotten must not be read again. */
  #forgetIds(feed: { readonly id: number; newIds: number }, page: PackedPage): number {
    feed.newIds -= page.identities.length;
    if (feed.newIds > 0) return page.checkpoint.floor;
    this.#sql.forgetSeen.run(feed.id, page.seenSince);
    feed.newIds = Math.max(this.#pruneAfter, Number(this.#sql.countSeen.get(feed.id)?.["n"]));
    return Math.max(page.checkpoint.floor, page.seenSince);
  }

  #feed(key: FeedKey): { readonly id: number; newIds: number } {
    const name = `${key.console}\n${key.feed}`;
    let feed = this.#feeds.get(name);
    if (feed === undefined) {
      this.#sql.addFeed.run(key.console, key.feed);
      feed = { id: Number(this.#sql.feedId.get(key.console, key.feed)?.["id"]), newIds: this.#pruneAfter };
      this.#feeds.set(name, feed);
    }
    return feed;
  }

  /**
   * A new collector begins with the oldest event that is still there, so that one which was renamed loses nothing. One
   * that is not configured any more no longer holds events back.
   */
  #registerCollectors(names: readonly string[]): Forgotten[] {
    const known = this.#database.prepare("SELECT name, position FROM collectors").all();
    const oldest = Number(this.#sql.oldestPosition.get()?.["position"] ?? this.#end);
    const gone = known.filter((row) => !names.includes(String(row["name"])));
    this.#transaction(() => {
      for (const name of names) this.#sql.addCollector.run(name, oldest);
      for (const row of gone) this.#sql.deleteCollector.run(String(row["name"]));
      if (names.length > 0) this.#sql.deleteBlocks.run();
    });
    return gone.map((row) => ({ collector: String(row["name"]), events: this.#end - Number(row["position"]) }));
  }

  /** An empty queue has room for any page: one that is too large, or ids that fill the spool, would stop the feed for good. */
  #isFull(blocks: PackedPage["blocks"]): boolean {
    if (!this.#hasFreeSpace()) return true;
    const incoming = blocks.reduce((sum, { body }) => sum + body.length, 0);
    const isEmpty = this.#sql.oldestPosition.get()?.["position"] === null;
    return !isEmpty && this.#usedBytes() + incoming > this.#options.maxBytes;
  }

  #usedBytes(): number {
    const { pages, free, size } = this.#sql.pages.get() as { pages: number; free: number; size: number };
    return (pages - free) * size;
  }

  #hasFreeSpace(): boolean {
    if (performance.now() - this.#freeSpace.checkedAt > 1000) {
      const { bavail, bsize } = statfsSync(this.#options.directory);
      this.#freeSpace = { checkedAt: performance.now(), enough: bavail * bsize >= this.#options.minFreeBytes };
    }
    return this.#freeSpace.enough;
  }

  /** Gives disk back when the queue has run empty after a long one; a little at a time, for it blocks. */
  #shrink(): void {
    const { free, size } = this.#sql.pages.get() as { pages: number; free: number; size: number };
    if (free * size > 64 << 20 && this.#sql.oldestPosition.get()?.["position"] === null) {
      this.#database.exec("PRAGMA incremental_vacuum(1024)");
    }
  }

  #transaction<T>(work: () => T, undo?: () => void): T {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      undo?.();
      // A full disk has already rolled back, and a second ROLLBACK throws.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw new SpoolWriteError(`the spool ${this.#options.directory} can not be written: ${describeError(error)}`, {
        cause: error,
      });
    }
  }

  #withReserve(work: () => void): void {
    try {
      work();
    } catch (error) {
      const cause = error instanceof SpoolWriteError ? error.cause : undefined;
      if (!(cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_FULL)) throw error;
      rmSync(this.#reservePath, { force: true });
      work();
    }
  }

  get #pruneAfter(): number {
    return this.#options.pruneAfter ?? PRUNE_AFTER;
  }

  get #reservePath(): string {
    return join(this.#options.directory, "reserve");
  }

  #makeReserve(): void {
    if (existsSync(this.#reservePath)) return;
    try {
      writeFileSync(this.#reservePath, Buffer.alloc(RESERVE_BYTES));
    } catch {
      // The disk is full already: what is there must do.
      rmSync(this.#reservePath, { force: true });
    }
  }
}

function makeDirectory(directory: string): void {
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

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 5000 });
    prepareSchema(database, path);
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096",
    );
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof SpoolUnusableError) throw error;
    throw new SpoolUnusableError(`the spool ${path} can not be opened: ${describeError(error)}`, { cause: error });
  }
}

/** Kept before the checkpoint moves past them: a crash in between keeps one twice, and never none. */
function appendDeadLetters(directory: string, key: FeedKey, letters: readonly DeadLetter[]): void {
  if (letters.length === 0) return;
  const path = join(directory, "dead-letters.ndjson");
  const at = new Date().toISOString();
  const lines = letters.map(({ reason, text }) => `${JSON.stringify({ at, ...key, reason, text })}\n`).join("");
  try {
    appendFileSync(path, lines, { mode: 0o600 });
    const file = openSync(path, "r");
    fsyncSync(file);
    closeSync(file);
  } catch (error) {
    throw new SpoolWriteError(`${path} can not be written: ${describeError(error)}`, { cause: error });
  }
}

/** Identities as a JSON list for SQLite, each `[id, version, time]`. */
function sqlList(identities: readonly (Identity & { readonly time?: Micros })[]): string {
  const rows = identities.map(
    ({ id, version = "", time = 0 }) => `[${sqlId(id)},${version === "" ? '""' : sqlText(version)},${time}]`,
  );
  return `[${rows.join(",")}]`;
}

/** Ids are 64-bit numbers nearly always, and take a third of the room as such. */
function sqlId(id: string): string {
  const isInt64 = /^[1-9]\d{0,18}$/.test(id) && (id.length < 19 || id <= "9223372036854775807");
  return isInt64 ? id : sqlText(id);
}

/** SQLite keeps Unicode only, and texts up to a NUL: others are told apart by their escaped form. */
function sqlText(text: string): string {
  const json = JSON.stringify(text);
  return text.isWellFormed() && !text.includes("\0") ? json : JSON.stringify(json);
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    addFeed: prepare("INSERT OR IGNORE INTO feeds (console, feed) VALUES (?, ?)"),
    feedId: prepare("SELECT id FROM feeds WHERE console = ? AND feed = ?"),
    checkpoint: prepare("SELECT checkpoint, floor FROM feeds WHERE id = ?"),
    moveCheckpoint: prepare(
      "UPDATE feeds SET checkpoint = max(coalesce(checkpoint, 0), ?1), floor = max(coalesce(floor, 0), ?2) WHERE id = ?3",
    ),
    // A page at a time: a statement for each id costs five times as much.
    seen: prepare(
      `SELECT page.key AS at FROM json_each(?2) AS page CROSS JOIN seen
       ON seen.feed = ?1 AND seen.id = page.value ->> 0 AND seen.version = page.value ->> 1`,
    ),
    known: prepare(
      `SELECT page.key AS at FROM json_each(?2) AS page CROSS JOIN objects
       ON objects.feed = ?1 AND objects.id = page.value ->> 0 WHERE page.value ->> 1 <> ''`,
    ),
    addSeen: prepare("INSERT INTO seen SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)"),
    forgetSeen: prepare("DELETE FROM seen WHERE feed = ? AND time < ?"),
    countSeen: prepare("SELECT count(*) AS n FROM seen WHERE feed = ?"),
    addObjects: prepare(
      "INSERT OR IGNORE INTO objects SELECT ?1, value ->> 0 FROM json_each(?2) WHERE value ->> 1 <> ''",
    ),
    addBlock: prepare("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)"),
    moveEnd: prepare("UPDATE facts SET value = ? WHERE key = 'end'"),
    block: prepare(
      `SELECT position, count, console, feeds.feed, console_version, body FROM blocks JOIN feeds ON feeds.id = blocks.feed
       WHERE position <= ? ORDER BY position DESC LIMIT 1`,
    ),
    keepDamaged: prepare("INSERT OR IGNORE INTO damaged SELECT * FROM blocks WHERE position = ?"),
    oldestPosition: prepare("SELECT min(position) AS position FROM blocks"),
    addCollector: prepare("INSERT OR IGNORE INTO collectors VALUES (?, ?)"),
    deleteCollector: prepare("DELETE FROM collectors WHERE name = ?"),
    movePosition: prepare("UPDATE collectors SET position = max(position, ?) WHERE name = ?"),
    deleteBlocks: prepare(
      `DELETE FROM blocks WHERE position < (SELECT min(position) FROM collectors)
       AND position + count <= (SELECT min(position) FROM collectors)`,
    ),
    pages: prepare(
      `SELECT page_count AS pages, freelist_count AS free, page_size AS size
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    ),
  };
}

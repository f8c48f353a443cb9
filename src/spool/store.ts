import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Checkpoint, DeadLetter, FeedKey } from "../bridge/ports.ts";
import type { Fingerprint } from "../event/fingerprint.ts";
import type { Micros } from "../event/time.ts";
import { makeDirectory, openDatabase, transaction } from "./database.ts";
import { appendDeadLetters } from "./dead-letters.ts";
import { lockSpool } from "./lock.ts";
import { Space, type SpaceOptions } from "./space.ts";
import { SIGHT, type Sightings } from "./sightings.ts";
import { type Identity, type NewIdentity, type Statements, prepareStatements, sqlList } from "./statements.ts";

/**
 * The spool itself: SQLite in WAL mode with `synchronous=FULL`, so that what `append` has committed survives a crash and
 * a power cut. Everything here is synchronous; worker.ts runs it beside the event loop. The tables stand in schema.ts.
 */
export interface StoreOptions extends SpaceOptions {
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

/** A page without what has been seen before, packed. */
export interface PackedPage {
  readonly identities: readonly NewIdentity[];
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

const PRUNE_AFTER = 100_000;

export class SpoolStore {
  readonly forgotten: readonly Forgotten[];
  readonly positions: ReadonlyMap<string, number>;
  readonly #options: StoreOptions;
  readonly #lock: { release(): void };
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #feeds = new Map<string, { readonly id: number; newIds: number }>();
  readonly #space: Space;
  #end: number;

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
    this.#space = new Space(options, this.#database, this.#sql);
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

  /** For each identity whether it has been seen, and what is known of its object. */
  sightings(key: FeedKey, identities: readonly Identity[]): Sightings {
    const feed = this.#feed(key).id;
    const list = sqlList(identities);
    const sights = new Uint8Array(identities.length);
    const looks = new Map<number, Fingerprint>();
    if (identities.some(({ version }) => version !== undefined)) {
      for (const { at, look } of this.#sql.known.all(feed, list)) {
        sights[Number(at)] = SIGHT.known;
        if (look !== null) looks.set(Number(at), look as Fingerprint);
      }
    }
    for (const { at } of this.#sql.seen.all(feed, list)) sights[Number(at)] = SIGHT.seen;
    return { sights, looks };
  }

  /** Stores blocks, identities and checkpoint in one transaction; the identities must be unseen. */
  append(key: FeedKey, page: PackedPage): "appended" | "full" {
    const incoming = page.blocks.reduce((sum, { body }) => sum + body.length, 0);
    if (incoming > 0 && this.#space.isFull(incoming)) return "full";
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
    this.#space.withReserve(() =>
      this.#transaction(() => {
        this.#sql.movePosition.run(position, collector);
        this.#sql.deleteBlocks.run();
      }),
    );
    this.#space.shrink();
  }

  size(): SpoolSize {
    const oldest = this.#sql.oldestPosition.get()?.["position"];
    return { bytes: this.#space.usedBytes(), events: this.#end - Number(oldest ?? this.#end) };
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

  #transaction<T>(work: () => T, undo?: () => void): T {
    return transaction(this.#database, work, undo);
  }

  get #pruneAfter(): number {
    return this.#options.pruneAfter ?? PRUNE_AFTER;
  }
}

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import {
  type Aside,
  type Checkpoint,
  type DeadLetter,
  type Dropped,
  type FeedKey,
  type Job,
  type JobOrder,
  type LedgerPart,
  type Page,
  type SpoolSurvey,
  type Tally,
  type TypeName,
  identityOf,
} from "../bridge/ports.ts";
import type { Fingerprint } from "../event/fingerprint.ts";
import type { Micros } from "../event/time.ts";
import { describeError } from "../lib/errors.ts";
import { DAMAGE_MARK, inodeOf, makeDirectory, openDatabase, transaction } from "./database.ts";
import { appendDeadLetters } from "./dead-letters.ts";
import { Dropping } from "./drop.ts";
import { SpoolDamagedError, SpoolUnusableError, isDamage } from "./errors.ts";
import { Ledger, type Listed } from "./ledger.ts";
import { eventsBetween } from "./ledger-view.ts";
import { Jobs } from "./jobs.ts";
import { lockSpool } from "./lock.ts";
import { type Mirrored, writeMirror } from "./mirror.ts";
import type { Repairs } from "./repair.ts";
import type { Salvage } from "./salvage.ts";
import { SIGHT, type Sightings } from "./sightings.ts";
import { Objects, type ObjectsOfFeed } from "./objects.ts";
import { Space, type SpaceOptions } from "./space.ts";
import { type DatedIdentity, type Identity, type NewIdentity, type Statements, sqlList } from "./statements.ts";
import { surveyOf } from "./survey.ts";

/**
 * The spool itself: SQLite in WAL mode with `synchronous=FULL`, so that what `append` has committed survives a crash and
 * a power cut. Everything here is synchronous; worker.ts runs it beside the event loop. The tables stand in schema.ts.
 */
export interface StoreOptions extends SpaceOptions {
  readonly collectors: readonly string[];
  /** `pause` without it. */
  readonly whenFull?: "pause" | "drop_oldest";
  /** Ids seen are looked through for those to forget after this many new ones, or as many as there are. */
  readonly pruneAfter?: number;
  /** How long the ids of what was added are kept for an audit; 0, and without it: not at all. */
  readonly keepIdsMs?: number;
}

/** A block as it stands in the database. */
export interface StoredBlock extends FeedKey {
  readonly position: number;
  /** Where the next block begins. Behind the last event, if blocks in between are lost. */
  readonly end: number;
  readonly consoleVersion: string | undefined;
  /** The number of the first event in its feed. */
  readonly sequence: number;
  /** Undefined where there is no block: it is lost, or was dropped. */
  readonly body: Uint8Array | undefined;
  /** The only collector that gets it; undefined: those that the routes say. */
  readonly onlyFor?: string | undefined;
  readonly isDropped?: boolean;
}

export interface PackedBlock {
  readonly count: number;
  readonly body: Uint8Array;
  /** For the ledger; undefined where none is kept. */
  readonly listed?: Listed | undefined;
}

/** A page without what has been seen before, packed. */
export interface PackedPage {
  readonly identities: readonly NewIdentity[];
  readonly blocks: readonly PackedBlock[];
  readonly deadLetters: readonly DeadLetter[];
  readonly checkpoint: Checkpoint;
  readonly seenSince: Micros;
  readonly consoleVersion: string | undefined;
  readonly tallies?: readonly Tally[];
  readonly list?: Page["list"];
  /** Objects of a list that are known and to be noted as still there. */
  readonly stillThere?: readonly NewIdentity[];
  /** It is no part of the feed's own course. */
  readonly aside?: Aside | undefined;
}

/** What was dropped is told with the next page that is asked for, stored or not. */
export interface AppendOutcome {
  readonly outcome: "appended" | "full";
  readonly dropped: readonly Dropped[];
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

interface KnownFeed {
  readonly id: number;
  /** New ids until the next look for those to forget. */
  newIds: number;
  /** The number of the feed's newest event. */
  sequence: number;
  readonly objects: ObjectsOfFeed;
}

const PRUNE_AFTER = 100_000;

const NO_LEDGER: LedgerPart["events"] = new Map();

/** The part of the spool's room that the ledger may take. */
const LEDGER_PART = 1 / 8;

const NO_BODY = new Uint8Array();
const NO_BLOCK = { console: "", feed: "activities", consoleVersion: undefined, body: undefined } as const;

/** How often the mirror is written while something changes, and the file's place looked at. */
const MIRROR_MS = 10_000;
const PLACE_MS = 1000;

export class SpoolStore {
  /** Collectors that were not configured any more at the opening. */
  readonly forgotten: readonly Forgotten[];
  /** What this opening had to make anew or set right. */
  readonly salvaged: Salvage | undefined;
  readonly repairs: Repairs;
  readonly #options: StoreOptions;
  readonly #path: string;
  readonly #inode: bigint | undefined;
  readonly #lock: { release(): void };
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #feeds = new Map<string, KnownFeed>();
  readonly #space: Space;
  readonly #ledger: Ledger;
  readonly #jobs: Jobs;
  readonly #dropping: Dropping;
  readonly #objects: Objects;
  readonly #typeNames = new Map<string, ReadonlyMap<number, string>>();
  #end: number;
  #isDamaged = false;
  #mirroredAt = -Infinity;
  #placeCheckedAt = -Infinity;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#path = join(options.directory, "spool.db");
    makeDirectory(options.directory);
    this.#lock = lockSpool(options.directory);
    try {
      const { database, sql, salvaged, repairs } = openDatabase(options.directory);
      [this.#database, this.#sql, this.salvaged, this.repairs] = [database, sql, salvaged, repairs];
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#inode = inodeOf(this.#path);
    this.#end = Number(this.#database.prepare("SELECT value FROM facts WHERE key = 'end'").get()?.["value"]);
    this.#database.exec("INSERT OR IGNORE INTO facts VALUES ('id', abs(random() % 4294967296))");
    this.#space = new Space(options, this.#database, this.#sql);
    this.#ledger = new Ledger(this.#database, {
      keepMs: options.keepIdsMs ?? 0,
      maxBytes: options.maxBytes * LEDGER_PART,
    });
    this.#objects = new Objects(this.#database);
    this.#jobs = new Jobs(this.#database);
    this.#dropping = new Dropping(this.#database, this.#sql, this.#space, this.#ledger);
    this.forgotten = this.registerCollectors(options.collectors);
    this.#mirror();
  }

  /** The position of the next event. */
  get end(): number {
    return this.#end;
  }

  /** How far each collector has confirmed. */
  get positions(): ReadonlyMap<string, number> {
    return new Map(this.#sql.positions.all().map((row) => [String(row["name"]), Number(row["position"])]));
  }

  checkpoint(key: FeedKey): Checkpoint | undefined {
    const row = this.#sql.checkpoint.get(this.#feed(key).id);
    if (row === undefined || row["checkpoint"] === null) return undefined;
    return { time: Number(row["checkpoint"]), floor: Number(row["floor"]) } as Checkpoint;
  }

  /** For each identity whether it has been seen, and what is known of its object. */
  sightings(key: FeedKey, identities: readonly DatedIdentity[], aside?: Aside): Sightings {
    const sightings = this.#sightings(key, identities);
    if (aside === undefined) return sightings;
    const boundary = new Set(aside.job === undefined ? [] : this.#jobs.boundary(aside.job.id));
    const ledger = aside.leaveOut === "nothing" ? NO_LEDGER : this.#sent(key, identities, aside.collector);
    for (const [at, { id, version }] of identities.entries()) {
      const name = identityOf(id, version);
      const sent = ledger.get(name);
      const isSent =
        sent === undefined ? aside.leaveOut === "sent" && sightings.sights[at] === SIGHT.seen : sent !== "undelivered";
      if (isSent || boundary.has(name)) sightings.sights[at] = SIGHT.seen;
      else if (sightings.sights[at] === SIGHT.seen)
        sightings.sights[at] = version === undefined ? SIGHT.none : SIGHT.known;
    }
    return sightings;
  }

  openJob(order: JobOrder): Job {
    return this.#transaction(() => this.#jobs.open(this.#feed(order).id, order));
  }

  endJob(id: number): void {
    this.#transaction(() => this.#jobs.end(id));
  }

  #sent(key: FeedKey, identities: readonly DatedIdentity[], collector: string | undefined): LedgerPart["events"] {
    const times = identities.flatMap(({ time }) => (time === undefined ? [] : [time]));
    if (times.length === 0) return NO_LEDGER;
    const [first, last] = [times.reduce((a, b) => (b < a ? b : a)), times.reduce((a, b) => (b > a ? b : a))];
    const collectors = collector === undefined ? [...this.positions.keys()] : [collector];
    const view = { collectors, isNarrowed: collector !== undefined, route: undefined };
    return eventsBetween(this.#database, view, key, [first, last + 1]).events;
  }

  /** Ids of the past need not be remembered where the feed will never read; what only one collector gets is new to the others. */
  #remember(feed: number, { identities, aside, stillThere = [] }: PackedPage): void {
    if (aside?.collector !== undefined) return;
    const floor = aside === undefined ? -Infinity : Number(this.#sql.checkpoint.get(feed)?.["floor"] ?? -Infinity);
    const list = sqlList(identities.filter(({ time }) => time === undefined || time >= floor));
    this.#sql.addSeen.run(feed, list);
    this.#objects.keep(feed, aside === undefined ? list : sqlList(identities), sqlList(stillThere));
  }

  #sightings(key: FeedKey, identities: readonly Identity[]): Sightings {
    const feed = this.#feed(key).id;
    const list = sqlList(identities);
    const sights = new Uint8Array(identities.length);
    const looks = new Map<number, Fingerprint>();
    const longUnnoted: number[] = [];
    const { noteBefore } = Objects;
    if (identities.some(({ version }) => version !== undefined)) {
      for (const { at, look, last_seen: lastSeen } of this.#sql.known.all(feed, list)) {
        if (lastSeen === null || Number(lastSeen) < noteBefore) longUnnoted.push(Number(at));
        sights[Number(at)] = SIGHT.known;
        if (look !== null) looks.set(Number(at), look as Fingerprint);
      }
    }
    for (const { at } of this.#sql.seen.all(feed, list)) sights[Number(at)] = SIGHT.seen;
    return { sights, looks, longUnnoted };
  }

  /** Keeps what a console calls its activity types, in place of what it told before. */
  learnTypes(console: string, names: readonly TypeName[]): void {
    this.#transaction(() => {
      this.#sql.forgetTypes.run(console);
      for (const [type, name] of names) this.#sql.addType.run(console, type, name);
    });
    this.#typeNames.delete(console);
  }

  typeNames(console: string): ReadonlyMap<number, string> {
    let names = this.#typeNames.get(console);
    if (names === undefined) {
      const rows = this.#sql.types.all(console);
      names = new Map(rows.map(({ type, name }) => [Number(type), String(name)]));
      this.#typeNames.set(console, names);
    }
    return names;
  }

  /** Stores blocks, identities and checkpoint in one transaction; the identities must be unseen. */
  append(key: FeedKey, page: PackedPage): AppendOutcome {
    this.#stayInPlace();
    if (page.blocks.length > 0 && !this.#hasRoom(page)) return { outcome: "full", dropped: this.#dropping.take() };
    this.keepDeadLetters(key, page.deadLetters);
    const feed = this.#feed(key);
    const end = this.#end;
    const { sequence } = feed;
    const stored = Date.now();
    this.#space.withRoom(() =>
      this.#transaction(
        () => {
          this.#remember(feed.id, page);
          for (const { count, body, listed } of page.blocks) {
            const { consoleVersion = null } = page;
            const since = page.aside === undefined ? page.checkpoint.floor : null;
            const onlyFor = page.aside?.collector;
            const numbers = [feed.sequence + 1, stored] as const;
            const place = { position: this.#end, count, feed: feed.id, stored, onlyFor };
            this.#sql.addBlock.run(this.#end, count, feed.id, consoleVersion, body, since, ...numbers, onlyFor ?? null);
            if (listed !== undefined) this.#ledger.add(place, listed);
            this.#end += count;
            feed.sequence += count;
          }
          this.#ledger.forget(stored);
          this.#sql.moveSequence.run(feed.sequence, feed.id);
          this.#objects.forgetSome(feed.id, feed.objects, page.list);
          for (const tally of page.tallies ?? []) this.#count(key.console, tally);
          this.#sql.moveEnd.run(this.#end);
          if (page.aside === undefined)
            this.#sql.moveCheckpoint.run(page.checkpoint.time, this.#forgetIds(feed, page), feed.id);
          else if (page.aside.job !== undefined) this.#jobs.step(page.aside.job, this.#end - end);
        },
        () => {
          this.#end = end;
          feed.sequence = sequence;
          this.#ledger.measure();
        },
      ),
    );
    this.#mirrorNowAndThen();
    return { outcome: "appended", dropped: this.#dropping.take() };
  }

  /** The block that holds `position`, or the hole where it was; undefined when it is the end. */
  read(position: number): StoredBlock | undefined {
    if (position >= this.#end) return undefined;
    if (position < this.#dropping.before)
      return { ...NO_BLOCK, position, end: this.#dropping.before, isDropped: true, sequence: 0 };
    const row = this.#sql.block.get(position);
    const end = Number(this.#sql.nextPosition.get(position)?.["position"] ?? this.#end);
    return {
      position: row === undefined ? position : Number(row["position"]),
      end,
      console: String(row?.["console"]),
      feed: String(row?.["feed"]) as FeedKey["feed"],
      consoleVersion: typeof row?.["console_version"] === "string" ? row["console_version"] : undefined,
      sequence: Number(row?.["sequence"]),
      ...(typeof row?.["only_for"] === "string" ? { onlyFor: row["only_for"] } : {}),
      // Events of nobody knows which console must not go out under a wrong name: an empty body is a damaged one.
      body: row === undefined ? undefined : typeof row["console"] === "string" ? (row["body"] as Uint8Array) : NO_BODY,
    };
  }

  /** Keeps what can not become an event, durably. */
  keepDeadLetters({ console, feed }: FeedKey, letters: readonly DeadLetter[]): void {
    appendDeadLetters(this.#options.directory, { console, feed }, letters);
  }

  /** A block can not be read: the next opening sets it aside, and has its feed read again what was in it. */
  damagedBlock(position: number, error: unknown): Error {
    const { console, feed } = this.read(position) ?? {};
    return this.#damaged(`the block at position ${position} of ${console}/${feed} can not be read`, error);
  }

  /** The collector passes over events that the disk has lost: an audit must not take them for confirmed. */
  passOver(collector: string, position: number, end: number): void {
    this.#space.withReserve(() => this.#transaction(() => this.#ledger.neverDelivered(collector, position, end)));
  }

  /** Forgets everything before `position` for this collector, and the blocks that all collectors have confirmed. */
  release(collector: string, position: number): void {
    this.#space.withReserve(() =>
      this.#transaction(() => {
        this.#sql.movePosition.run(position, collector);
        this.#deleteConfirmed();
      }),
    );
    this.#space.shrink();
    this.#stayInPlace();
    this.#mirrorNowAndThen();
  }

  /**
   * A new collector begins with the oldest event that is still there, so that one which was renamed loses nothing. One
   * that is not configured any more no longer holds events back.
   */
  registerCollectors(names: readonly string[]): Forgotten[] {
    const known = this.#database.prepare("SELECT name, position FROM collectors").all();
    const oldest = Number(this.#sql.oldestPosition.get()?.["position"] ?? this.#end);
    const gone = known.filter((row) => !names.includes(String(row["name"])));
    this.#space.withReserve(() =>
      this.#transaction(() => {
        for (const name of names) this.#sql.addCollector.run(name, oldest);
        for (const row of gone) {
          this.#sql.deleteCollector.run(String(row["name"]));
          this.#ledger.forgetCollector(String(row["name"]));
        }
        if (names.length > 0) this.#deleteConfirmed();
      }),
    );
    return gone.map((row) => ({ collector: String(row["name"]), events: this.#end - Number(row["position"]) }));
  }

  size(): SpoolSize {
    const oldest = this.#sql.oldestPosition.get()?.["position"];
    return { bytes: this.#space.usedBytes(), events: this.#end - Number(oldest ?? this.#end) };
  }

  survey(): SpoolSurvey {
    return { ...surveyOf(this.#database), bytes: this.#space.usedBytes() };
  }

  /** What an error of the database means for the bridge. One that tells of damage makes the next opening salvage. */
  explain(error: unknown): unknown {
    if (!isDamage(error) || error instanceof SpoolDamagedError) return error;
    return this.#damaged(describeError(error), error);
  }

  close(): void {
    if (!this.#isDamaged) this.#mirror();
    this.#database.close();
    this.#lock.release();
  }

  #count(console: string, { feed, name, add }: Tally): void {
    if (add > 0) this.#sql.addTally.run(this.#feed({ console, feed }).id, name, add);
  }

  /** Forgets ids that can not come back, now and then; gives the feed's new floor, for what is forgotten must not be read again. */
  #forgetIds(feed: KnownFeed, page: PackedPage): number {
    feed.newIds -= page.identities.length;
    if (feed.newIds > 0) return page.checkpoint.floor;
    this.#sql.forgetSeen.run(feed.id, page.seenSince);
    feed.newIds = Math.max(this.#pruneAfter, Number(this.#sql.countSeen.get(feed.id)?.["n"]));
    return Math.max(page.checkpoint.floor, page.seenSince);
  }

  #feed(key: FeedKey): KnownFeed {
    const name = `${key.console}\n${key.feed}`;
    let feed = this.#feeds.get(name);
    if (feed === undefined) {
      this.#sql.addFeed.run(key.console, key.feed);
      const { id, sequence } = this.#sql.feedId.get(key.console, key.feed) as { id: number; sequence: number };
      feed = { id, sequence, newIds: this.#pruneAfter, objects: {} };
      this.#feeds.set(name, feed);
    }
    return feed;
  }

  #damaged(what: string, cause: unknown): SpoolDamagedError {
    this.#isDamaged = true;
    try {
      writeFileSync(join(this.#options.directory, DAMAGE_MARK), `${what}\n`);
    } catch {
      // The next opening reads a short spool through in any case.
    }
    return new SpoolDamagedError(`the spool ${this.#path} is damaged: ${what}`, { cause });
  }

  /** A block is deleted when all collectors are past it. */
  #deleteConfirmed(): void {
    const least = Number(this.#sql.leastPosition.get()?.["position"] ?? 0);
    if (least >= this.#end) this.#sql.deleteAllBlocks.run();
    else this.#sql.deleteBlocks.run(least);
  }

  #hasRoom(page: PackedPage): boolean {
    const bytes = this.#space.sizeOf(page);
    if (this.#options.whenFull !== "drop_oldest") return !this.#space.isFull(bytes);
    this.#dropping.makeRoom(bytes);
    return !this.#space.lacks(bytes);
  }

  #mirrorNowAndThen(): void {
    if (performance.now() - this.#mirroredAt > MIRROR_MS) this.#mirror();
  }

  #mirror(): void {
    this.#mirroredAt = performance.now();
    try {
      writeMirror(this.#options.directory, {
        end: this.#end,
        feeds: this.#sql.safeCheckpoints.all() as unknown as Mirrored["feeds"],
      });
    } catch {
      // An older one is as good, but for the duplicates, and the database says louder what is wrong with the disk.
    }
  }

  /** A spool whose file was deleted while it is open writes to nowhere: it is written once more, to its place. */
  #stayInPlace(): void {
    if (performance.now() - this.#placeCheckedAt < PLACE_MS) return;
    this.#placeCheckedAt = performance.now();
    const inode = inodeOf(this.#path);
    if (inode === this.#inode) return;
    this.#isDamaged = true;
    if (inode !== undefined)
      throw new SpoolUnusableError(`${this.#path} was replaced by another file while the bridge had it open`);
    makeDirectory(this.#options.directory);
    for (const part of ["-wal", "-shm"]) rmSync(this.#path + part, { force: true });
    this.#mirror();
    this.#database.prepare("VACUUM INTO ?").run(this.#path);
    throw new SpoolDamagedError(`${this.#path} was deleted while the bridge had it open; it is written again`);
  }

  #transaction<T>(work: () => T, undo?: () => void): T {
    return transaction(this.#database, work, undo);
  }

  get #pruneAfter(): number {
    return this.#options.pruneAfter ?? PRUNE_AFTER;
  }
}

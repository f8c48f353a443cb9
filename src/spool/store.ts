import type { DatabaseSync } from "node:sqlite";
import type {
  Checkpoint,
  DeadLetter,
  Dropped,
  DroppedLetters,
  FeedKey,
  Job,
  JobOrder,
  SpoolSurvey,
  TypeName,
} from "../bridge/ports.ts";
import { transaction, withoutSync } from "./database.ts";
import { appendDeadLetters } from "./dead-letters.ts";
import { Dropping } from "./drop.ts";
import { Feeds } from "./feeds.ts";
import { Jobs } from "./jobs.ts";
import { Ledger } from "./ledger.ts";
import type { SpoolLock } from "./lock.ts";
import { type OpenSpool, opening } from "./opening.ts";
import type { PackedPage } from "./packed.ts";
import { type Forgotten, Places } from "./places.ts";
import { BlockQueue, type StoredBlock } from "./queue.ts";
import type { Repairs } from "./repair.ts";
import type { Salvage } from "./salvage.ts";
import { type AskedAside, SeenIds } from "./seen.ts";
import type { PastRoutes, RouterSource } from "./routes.ts";
import type { Sightings } from "./sightings.ts";
import { Space, type SpaceOptions } from "./space.ts";
import { SpoolFile } from "./spool-file.ts";
import type { IdentityList } from "./identities.ts";
import type { Statements } from "./statements.ts";
import { surveyOf } from "./survey.ts";
import { TypeNames } from "./type-names.ts";

/**
 * The spool itself: SQLite in WAL mode with `synchronous=FULL`, so that what `append` has committed survives a crash and
 * a power cut; a release may lose its last second to the latter. Everything here is synchronous; worker.ts runs it beside the event loop. The tables stand in schema.ts, and
 * each has its own module; this one says which of their changes become durable together.
 */
export interface StoreOptions extends SpaceOptions {
  readonly collectors: readonly string[];
  /** Undefined: every collector gets everything, and always did. */
  readonly router?: RouterSource | undefined;
  /** `pause` without it. */
  readonly whenFull?: "pause" | "drop_oldest";
  /** Ids seen are looked through for those to forget after this many new ones, or as many as there are. */
  readonly pruneAfter?: number;
  /** How long the ids of what was added are kept for an audit; 0, and without it: not at all. */
  readonly keepIdsMs?: number;
  /** Dead letters take no more, whatever the console sends; without it there is no limit. */
  readonly deadLetterBytes?: number;
}

/** What was dropped is told with the next page that is asked for, stored or not. */
export interface AppendOutcome {
  readonly outcome: "appended" | "full";
  readonly dropped: readonly Dropped[];
  readonly droppedLetters: readonly DroppedLetters[];
}

export interface SpoolSize {
  readonly bytes: number;
  readonly events: number;
}

/** So long a release may stand in the kernel's memory only. */
const SYNC_RELEASE_MS = 1000;

/** The part of the spool's room that the ledger may take. */
const LEDGER_PART = 1 / 8;

export class SpoolStore {
  /** Collectors that were not configured any more at the opening. */
  readonly forgotten: readonly Forgotten[];
  /** What this opening had to make anew or set right. */
  readonly salvaged: Salvage | undefined;
  readonly repairs: Repairs;
  readonly #options: StoreOptions;
  readonly #lock: SpoolLock;
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #file: SpoolFile;
  readonly #space: Space;
  readonly #queue: BlockQueue;
  readonly #places: Places;
  readonly #feeds: Feeds;
  readonly #seen: SeenIds;
  readonly #ledger: Ledger;
  readonly #jobs: Jobs;
  readonly #dropping: Dropping;
  readonly #typeNames: TypeNames;
  #releaseSyncedAt = -Infinity;
  /** Of which nobody has been told yet. */
  #droppedLetters: DroppedLetters[] = [];

  private constructor(options: StoreOptions, { lock, database, sql, salvaged, repairs }: OpenSpool) {
    this.#options = options;
    [this.#lock, this.#database, this.#sql, this.salvaged, this.repairs] = [lock, database, sql, salvaged, repairs];
    this.#file = new SpoolFile(options.directory, database, sql);
    database.exec("INSERT OR IGNORE INTO facts VALUES ('id', abs(random() % 4294967296))");
    this.#space = new Space(options, database, sql);
    const { keepIdsMs: keepMs = 0, maxBytes, pruneAfter } = options;
    this.#ledger = new Ledger(database, { keepMs, maxBytes: maxBytes * LEDGER_PART });
    this.#queue = new BlockQueue(database, sql, this.#ledger);
    this.#places = new Places(database, sql, this.#queue, this.#ledger);
    this.#feeds = new Feeds(sql);
    this.#jobs = new Jobs(database);
    const collectors = (): string[] => [...this.positions.keys()];
    this.#seen = new SeenIds(database, sql, { feeds: this.#feeds, jobs: this.#jobs, collectors, pruneAfter });
    this.#dropping = new Dropping(database, sql, this.#space, this.#ledger);
    this.#typeNames = new TypeNames(sql);
    this.forgotten = this.registerCollectors(options.collectors, options.router);
    this.#file.mirror(this.end);
  }

  /** Throws with nothing left open, and an error that says what to do: see opening.ts. */
  static open(options: StoreOptions): SpoolStore {
    return opening(options.directory, (opened) => new SpoolStore(options, opened));
  }

  /** The position of the next event. */
  get end(): number {
    return this.#queue.end;
  }

  /** How far each collector has confirmed. */
  get positions(): ReadonlyMap<string, number> {
    return this.#places.all();
  }

  checkpoint(key: FeedKey): Checkpoint | undefined {
    return this.#feeds.checkpoint(key);
  }

  /** For each identity whether it has been seen, and what is known of its object. */
  sightings(key: FeedKey, identities: IdentityList, aside?: AskedAside): Sightings {
    return this.#seen.sightings(key, identities, aside);
  }

  openJob(order: JobOrder): Job {
    // What is remembered of a new feed must not be rolled back.
    const { id } = this.#feeds.of(order);
    return this.#transaction(() => this.#jobs.open(id, order));
  }

  endJob(id: number): void {
    this.#transaction(() => this.#jobs.end(id));
  }

  /** Keeps what a console calls its activity types, in place of what it told before. */
  learnTypes(console: string, names: readonly TypeName[]): void {
    this.#transaction(() => this.#typeNames.learn(console, names));
  }

  typeNames(console: string): ReadonlyMap<number, string> {
    return this.#typeNames.of(console);
  }

  /** Stores blocks, identities and checkpoint in one transaction; the identities must be unseen. */
  append(key: FeedKey, page: PackedPage): AppendOutcome {
    this.#file.stayInPlaceNowAndThen(this.end);
    if (!this.#hasRoom(page)) return this.#outcome("full");
    this.keepDeadLetters(key, page.deadLetters);
    const feed = this.#feeds.of(key);
    const before = this.#queue.mark(feed);
    const stored = Date.now();
    this.#space.withRoom(() =>
      this.#transaction(
        () => {
          this.#seen.remember(feed, page);
          this.#queue.add(feed, page, stored);
          this.#ledger.forget(stored);
          for (const tally of page.tallies ?? []) this.#feeds.count(key.console, tally);
          if (page.aside === undefined)
            this.#sql.moveCheckpoint.run(page.checkpoint.time, this.#seen.forget(feed, page), feed.id);
          else if (page.aside.job !== undefined) this.#jobs.step(page.aside.job, this.end - before.end);
        },
        () => {
          this.#queue.backTo(before);
          this.#ledger.measure();
        },
      ),
    );
    this.#file.mirrorNowAndThen(this.end);
    return this.#outcome("appended");
  }

  /** The block that holds `position`, or the hole where it was; undefined when it is the end. */
  read(position: number): StoredBlock | undefined {
    return this.#dropping.holeAt(position) ?? this.#queue.read(position);
  }

  /** Keeps what can not become an event, durably. */
  keepDeadLetters({ console, feed }: FeedKey, letters: readonly DeadLetter[]): void {
    if (letters.length === 0) return;
    const { directory, deadLetterBytes: maxBytes = Infinity } = this.#options;
    const beforeDrop = (dropped: readonly DroppedLetters[]): void => this.#countDropped(dropped);
    this.#space.withReserve(() => appendDeadLetters({ directory, maxBytes, beforeDrop }, { console, feed }, letters));
  }

  /** A block can not be read: the next opening sets it aside, and has its feed read again what was in it. */
  damagedBlock(position: number, error: unknown): Error {
    const { console, feed } = this.read(position) ?? {};
    return this.#file.damaged(`the block at position ${position} of ${console}/${feed} can not be read`, error);
  }

  /** The collector passes over events that the disk has lost: an audit must not take them for confirmed. */
  passOver(collector: string, position: number, end: number): void {
    this.#space.withReserve(() => this.#transaction(() => this.#ledger.neverDelivered(collector, position, end)));
  }

  /**
   * Forgets everything before `position` for this collector, and the blocks that all collectors have confirmed.
   *
   * It survives a crash at once, and a power cut after a second: it does not wait for the disk each time, for what a power
   * cut takes back comes twice and nothing is lost. The log is synced in order, so a page behind it is never without it.
   */
  release(collector: string, position: number): void {
    const isDue = performance.now() - this.#releaseSyncedAt > SYNC_RELEASE_MS;
    if (isDue) this.#releaseSyncedAt = performance.now();
    const move = (): void => this.#transaction(() => this.#places.move(collector, position));
    this.#space.withReserve(() => (isDue ? move() : withoutSync(this.#database, move)));
    this.#space.shrink();
    this.#file.stayInPlaceNowAndThen(this.end);
    this.#file.mirrorNowAndThen(this.end);
  }

  /** From now on these are the collectors; those that are not among them are forgotten. */
  registerCollectors(names: readonly string[], router: RouterSource | undefined): Forgotten[] {
    return this.#space.withReserve(() => this.#transaction(() => this.#places.register(names, router)));
  }

  /** The routes before those of now, as long as they matter. */
  pastRoutes(): readonly PastRoutes[] {
    return this.#places.pastRoutes();
  }

  size(): SpoolSize {
    return { bytes: this.#space.usedBytes(), events: this.end - this.#queue.oldest };
  }

  survey(): SpoolSurvey {
    return { ...surveyOf(this.#database), bytes: this.#space.usedBytes() };
  }

  /** What an error of the database means for the bridge. One that tells of damage makes the next opening salvage. */
  explain(error: unknown): unknown {
    return this.#file.explain(error);
  }

  /** Whoever deleted the file in the last second has not taken the queue away: it is written again, and said. */
  close(): void {
    try {
      this.#file.stayInPlace(this.end);
      this.#file.mirror(this.end);
    } catch (error) {
      throw this.explain(error);
    } finally {
      this.#database.close();
      this.#lock.release();
    }
  }

  #outcome(outcome: AppendOutcome["outcome"]): AppendOutcome {
    const droppedLetters = this.#droppedLetters;
    this.#droppedLetters = [];
    return { outcome, dropped: this.#dropping.take(), droppedLetters };
  }

  #countDropped(dropped: readonly DroppedLetters[]): void {
    // What is remembered of a new feed must not be rolled back.
    for (const key of dropped) this.#feeds.of(key);
    this.#transaction(() => {
      for (const { console, feed, letters } of dropped)
        this.#feeds.count(console, { feed, name: "dead_letters_dropped", add: letters });
    });
    this.#droppedLetters.push(...dropped);
  }

  #hasRoom(page: PackedPage): boolean {
    // A checkpoint alone always has room; dead letters are no part of the database.
    if (page.blocks.length === 0) return page.deadLetters.length === 0 || this.#space.hasFreeSpace();
    const bytes = this.#space.sizeOf(page);
    if (this.#options.whenFull !== "drop_oldest") return !this.#space.isFull(bytes);
    this.#dropping.makeRoom(bytes);
    return !this.#space.lacks(bytes);
  }

  #transaction<T>(work: () => T, undo?: () => void): T {
    return transaction(this.#database, work, undo);
  }
}

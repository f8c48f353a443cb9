import type {
  AppendOptions,
  Appended,
  Aside,
  Checkpoint,
  FeedKey,
  Job,
  JobOrder,
  JobSpool,
  LateRecords,
  Page,
  Spool,
  SpoolReader,
  SpoolSurvey,
  Tally,
  TypeName,
} from "../bridge/ports.ts";
import { OWN_FEED } from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import { Notice } from "../lib/notice.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { type PackedPage, type Unseen, packPage } from "./packed.ts";
import type { Forgotten } from "./places.ts";
import type { Opened } from "./protocol.ts";
import { type ReaderHost, ThreadedReader } from "./reader.ts";
import type { CollectorSources } from "./queues.ts";
import type { Repairs } from "./repair.ts";
import type { Salvage } from "./salvage.ts";
import { type DatedIdentity, listIdentities } from "./identities.ts";
import { type NewEntry, type Told, identifyLetters, identitiesOf, unseen } from "./sightings.ts";
import type { AppendOutcome, SpoolSize, StoreOptions } from "./store.ts";
import { SpoolThread } from "./thread.ts";

/** While the spool is full, its room is looked at again this often: other programs may give disk back. */
const FULL_RECHECK_MS = 1000;

export interface SpoolOptions extends Omit<StoreOptions, "collectors"> {
  /** How each collector's messages are made, by its name. */
  readonly collectors: CollectorSources["renderers"];
  /** Which events each collector gets; every one without it. */
  readonly router?: CollectorSources["router"];
}

/** An append under way. */
interface Turn {
  readonly stored: Promise<Appended>;
  /** What its page tells of the next one, whose turn it is then: nothing else is under way. */
  readonly told: Promise<Told | undefined>;
}

/** The spool as the bridge sees it: the store in a thread of its own, with the waiting for events and for room. */
export class ThreadedSpool implements Spool, JobSpool {
  readonly forgotten: readonly Forgotten[];
  /** Set when the database was damaged, and this is a new one with what could be read of it. */
  readonly salvaged: Salvage | undefined;
  readonly repairs: Repairs;
  readonly #thread: SpoolThread;
  readonly #keepsIds: boolean;
  #positions: Map<string, number>;
  /** The last append of each feed: one follows the other, so that no page misses what another is about to add. */
  readonly #turns = new Map<string, Turn>();
  readonly #appended = new Notice();
  readonly #released = new Notice();
  #end: number;
  #waiting = 0;

  private constructor(thread: SpoolThread, opened: Exclude<Opened, { failure: unknown }>, keepsIds: boolean) {
    this.#thread = thread;
    this.#keepsIds = keepsIds;
    this.#end = opened.end;
    this.#positions = new Map(opened.positions);
    this.forgotten = opened.forgotten;
    this.salvaged = opened.salvaged;
    this.repairs = opened.repairs;
  }

  /** Rejects with `BRIDGE_SPOOL_HELD` when another process has it, `BRIDGE_SPOOL_UNUSABLE` when it can not be opened. */
  static async open({ collectors, router, ...options }: SpoolOptions): Promise<ThreadedSpool> {
    const names = Object.keys(collectors);
    const thread = new SpoolThread({ ...options, collectors: names, renderers: collectors, router });
    return new ThreadedSpool(thread, await thread.opened(), (options.keepIdsMs ?? 0) > 0);
  }

  /** Whether a page is waiting for room. */
  get isFull(): boolean {
    return this.#waiting > 0;
  }

  /** The position of the next event: how many were ever added. */
  get end(): number {
    return this.#end;
  }

  checkpoint(key: FeedKey): Promise<Checkpoint | undefined> {
    return this.#thread.ask("checkpoint", key);
  }

  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  untilReleased(signal: AbortSignal, maxMs: number): Promise<void> {
    return this.#released.wait(signal, maxMs);
  }

  openJob(order: JobOrder): Promise<Job> {
    return this.#thread.ask("openJob", order);
  }

  async endJob(id: number): Promise<void> {
    await this.#thread.ask("endJob", id);
  }

  append(key: FeedKey, page: Page, signal: AbortSignal, { aside, after }: AppendOptions = {}): Promise<Appended> {
    const name = `${key.console}\n${key.feed}`;
    const before = this.#turns.get(name);
    // What is new in it can be told, and packed, while the page before it is being stored.
    const follows = after !== undefined && before?.stored === after ? before : undefined;
    const fresh = this.#inTurn(before, follows, after).then(async (told) => {
      signal.throwIfAborted();
      return await this.#unseen(key, page, aside, told);
    });
    const stored = fresh.then((unstored) => this.#append(key, page, unstored, { signal, aside, after }));
    const turn = { stored, told: Promise.all([fresh, follows?.stored]).then(([{ told }]) => told) };
    const end = (): void => void (this.#turns.get(name) === turn && this.#turns.delete(name));
    this.#turns.set(name, turn);
    stored.then(end, end);
    turn.told.catch(() => undefined);
    return stored;
  }

  /** Resolves when a page may be looked at, with what the one before it tells of it. Rejects when that one was not stored. */
  async #inTurn(
    before: Turn | undefined,
    follows: Turn | undefined,
    after: Promise<Appended> | undefined,
  ): Promise<Told | undefined> {
    if (follows !== undefined) return await follows.told;
    await before?.stored.catch(() => undefined);
    await after;
    return undefined;
  }

  async #append(
    key: FeedKey,
    page: Page,
    fresh: Unseen,
    { signal, aside, after }: AppendOptions & { readonly signal: AbortSignal },
  ): Promise<Appended> {
    const { entries, letters } = fresh;
    const duplicates = page.records.length - entries.length;
    const late = aside === undefined ? lateOf(entries, page.readBefore) : undefined;
    const list = this.#keepsIds && key.feed !== OWN_FEED;
    const tallies: Tally[] = [
      ...(page.tallies ?? []),
      { feed: key.feed, name: "duplicates", add: aside === undefined ? duplicates : 0 },
      { feed: key.feed, name: "late", add: late?.count ?? 0 },
      { feed: key.feed, name: "dead_letters", add: letters.length },
    ];
    const packed = await packPage(page, fresh, { aside, list, tallies });
    await after;
    const { dropped, droppedLetters } = await this.#appendWithRoom(key, packed, signal);
    for (const { body } of packed.blocks) releaseBuffer(body);
    this.#end += entries.length;
    if (entries.length > 0) this.#appended.tell();
    return {
      added: entries.length,
      duplicates,
      deadLetters: letters.length,
      ...(dropped.length === 0 ? {} : { dropped }),
      ...(droppedLetters.length === 0 ? {} : { droppedLetters }),
      ...(letters.length === 0 ? {} : { reasons: letters.map(({ reason }) => reason) }),
      late,
    };
  }

  reader(collector: string): Promise<SpoolReader> {
    const position = this.#positions.get(collector);
    if (position === undefined)
      return Promise.reject(new Error(`the spool was opened without the collector ${collector}`));
    const host: ReaderHost = {
      thread: this.#thread,
      end: () => this.#end,
      collectors: () => this.#positions.size,
      untilAppended: (signal) => this.#appended.wait(signal),
      onRelease: (released) => {
        this.#positions.set(collector, released);
        this.#released.tell();
      },
    };
    return Promise.resolve(new ThreadedReader(collector, position, host));
  }

  survey(): Promise<SpoolSurvey> {
    return this.#thread.ask("survey");
  }

  /**
   * Exchanges the collectors and what they get. Whoever is new begins at the oldest event that is still there; whoever is
   * gone is forgotten. Readers of those that stay go on, with the renderer of now. On an error all is as it was.
   */
  async configure({ collectors, router }: Pick<SpoolOptions, "collectors" | "router">): Promise<readonly Forgotten[]> {
    const { positions, forgotten } = await this.#thread.ask("configure", { renderers: collectors, router });
    this.#positions = new Map(positions);
    // Without the ones that are gone there may be room.
    this.#released.tell();
    return forgotten;
  }

  async learnTypes(console: string, names: readonly TypeName[]): Promise<void> {
    await this.#thread.ask("learnTypes", console, names);
  }

  size(): Promise<SpoolSize> {
    return this.#thread.ask("size");
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  async #appendWithRoom(
    key: FeedKey,
    packed: PackedPage,
    signal: AbortSignal,
  ): Promise<Pick<AppendOutcome, "dropped" | "droppedLetters">> {
    const first = await this.#thread.ask("append", key, packed);
    if (first.outcome === "appended") return first;
    const [dropped, droppedLetters] = [[...first.dropped], [...first.droppedLetters]];
    this.#waiting += 1;
    try {
      for (;;) {
        await this.#released.wait(signal, FULL_RECHECK_MS);
        const next = await this.#thread.ask("append", key, packed);
        dropped.push(...next.dropped);
        droppedLetters.push(...next.droppedLetters);
        if (next.outcome === "appended") return { dropped, droppedLetters };
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** What the spool does not have yet of a page, each once. */
  async #unseen(
    key: FeedKey,
    page: Page,
    aside: Aside | undefined,
    before: Told | undefined,
  ): Promise<Unseen & { readonly told: Told | undefined }> {
    if (page.records.length + page.deadLetters.length === 0)
      return { entries: [], letters: [], stillThere: [], told: undefined };
    const letters = identifyLetters(page);
    const identities = identitiesOf(page, letters);
    const list = listIdentities(identities, false);
    const sightings = await this.#thread.ask(
      "sightings",
      key,
      list,
      aside && { ...aside, identities: bare(identities) },
    );
    const stillThere = page.list === undefined ? [] : (sightings.longUnnoted ?? []);
    const { entries, letters: freshLetters, told } = unseen(page, letters, sightings, before);
    // What is remembered of an object tells more than was asked about.
    const isAllNew =
      entries.length === identities.length && entries.every(({ fingerprint }) => fingerprint === undefined);
    return {
      entries,
      letters: freshLetters,
      asked: isAllNew ? list : undefined,
      stillThere: stillThere.flatMap((at) => page.records[at] ?? []).map(({ id, version }) => ({ id, version })),
      told,
    };
  }
}

/** Nothing else of a record goes to the other thread. */
function bare(identities: readonly DatedIdentity[]): DatedIdentity[] {
  return identities.map(({ id, version, time }) => ({ id, version, time }));
}

/** What is new and behind the place up to which the feed had been read became visible late. */
function lateOf(entries: readonly NewEntry[], readBefore: Micros | undefined): LateRecords | undefined {
  if (readBefore === undefined) return undefined;
  let count = 0;
  let oldest = readBefore;
  for (const { change, time } of entries) {
    // What is told beside an object has times of its own.
    if (time >= readBefore || change === "note" || change === "timeline") continue;
    count += 1;
    if (time < oldest) oldest = time;
  }
  return count === 0 ? undefined : { count, maxBehindMs: Math.ceil((readBefore - oldest) / 1000) };
}

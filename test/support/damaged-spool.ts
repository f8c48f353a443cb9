import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import type { FeedKey } from "../../src/bridge/ports.ts";
import type { Micros } from "../../src/event/time.ts";
import { listIdentities } from "../../src/spool/identities.ts";
import { packBlock } from "../../src/spool/block.ts";
import { UnpackedBlocks } from "../../src/spool/blocks.ts";
import { SpoolDamagedError } from "../../src/spool/errors.ts";
import { RenderedQueue, type Renderer } from "../../src/spool/rendered.ts";
import { SIGHT } from "../../src/spool/sightings.ts";
import type { PackedPage } from "../../src/spool/packed.ts";
import { SpoolStore, type StoreOptions } from "../../src/spool/store.ts";

/** A console that has every record still, and a bridge of two collectors whose disk is not to be trusted. */

export const FEEDS: readonly FeedKey[] = [
  { console: "acme", feed: "activities" },
  { console: "other", feed: "activities" },
];
export const COLLECTORS = ["fast", "slow"] as const;
/** Times are small numbers here: a record for each. */
export const OVERLAP = 5;

interface ConsoleRecord {
  readonly id: string;
  readonly time: number;
}

export class DamagedWorld {
  readonly records = new Map<FeedKey, ConsoleRecord[]>(FEEDS.map((key) => [key, []]));
  /** Keys of events that were confirmed, by collector; as often as they arrived. */
  readonly arrived = new Map<string, string[]>(COLLECTORS.map((name) => [name, []]));
  readonly options: StoreOptions;
  store: SpoolStore;
  #queues = new Map<string, RenderedQueue>();
  #positions = new Map<string, number>();

  constructor(directory: string, more: Partial<StoreOptions> = {}) {
    this.options = { directory, maxBytes: 1 << 30, minFreeBytes: 0, collectors: COLLECTORS, ...more };
    this.store = this.#open();
  }

  /** The console makes records, and a poll of each feed appends them, so many to a page. */
  async poll(make: number, pageSize = 3): Promise<void> {
    for (const key of FEEDS) {
      const all = this.records.get(key) ?? [];
      for (let each = 0; each < make; each++) all.push({ id: `${all.length + 1}`, time: 1000 + all.length });
      await this.#read(key, all, pageSize);
    }
  }

  /** A collector confirms so many events, or all. */
  deliver(collector: string, most = Infinity): void {
    let position = this.#positions.get(collector) ?? 0;
    for (let sent = 0; sent < most;) {
      const batch = this.#queues.get(collector)?.read(position, Math.min(most - sent, 1000));
      if (batch === undefined) break;
      const keys = batch.bytes.toString("utf8").split("\n").slice(0, -1);
      this.confirmed(collector, keys);
      sent += batch.count;
      position = batch.end;
    }
    this.store.release(collector, position);
    this.#positions.set(collector, position);
  }

  /** What the console had when another process worked on this spool. */
  recall(count: number): void {
    for (const all of this.records.values()) {
      while (all.length < count) all.push({ id: `${all.length + 1}`, time: 1000 + all.length });
    }
  }

  close(): void {
    this.store.close();
  }

  /** Before the spool knows. */
  protected confirmed(collector: string, keys: readonly string[]): void {
    this.arrived.get(collector)?.push(...keys);
  }

  reopen(): void {
    this.store = this.#open();
  }

  /** Does as the bridge does: when the spool turns out to be damaged, it is opened again. Gives how often. */
  async surviving(work: () => Promise<void>): Promise<number> {
    for (let again = 0; ; again++) {
      try {
        await work();
        return again;
      } catch (error) {
        const meant = this.store.explain(error);
        if (!(meant instanceof SpoolDamagedError) || again === 5) throw meant;
        this.store.close();
        await pause(0);
        this.reopen();
      }
    }
  }

  /** What a collector never got, of all that the console ever had. */
  missing(collector: string): string[] {
    const arrived = new Set(this.arrived.get(collector));
    const all = FEEDS.flatMap((key) => (this.records.get(key) ?? []).map(({ id }) => `${key.console}/${id}`));
    return all.filter((key) => !arrived.has(key));
  }

  #open(): SpoolStore {
    const store = openedAgain(() => SpoolStore.open(this.options));
    const render: Renderer = ({ console, id }, output) => output.add(`${console}/${id}\n`);
    const blocks = new UnpackedBlocks(store, { route: undefined, past: [], names: [] });
    const parts = { store, blocks, render, countsUnrouted: false };
    this.#queues = new Map(COLLECTORS.map((name) => [name, new RenderedQueue(name, parts)]));
    this.#positions = new Map(store.positions);
    return store;
  }

  async #read(key: FeedKey, all: readonly ConsoleRecord[], pageSize: number): Promise<void> {
    const now = 1000 + all.length;
    const checkpoint = this.store.checkpoint(key) ?? { time: 1000 as Micros, floor: 1000 as Micros };
    const from = Math.max(checkpoint.time - OVERLAP, checkpoint.floor);
    const visible = all.filter(({ time }) => time >= from);
    for (let at = 0; at === 0 || at < visible.length; at += pageSize) {
      const records = visible.slice(at, at + pageSize);
      const { sights } = this.store.sightings(
        key,
        listIdentities(records.map(({ id }) => ({ id, version: undefined }))),
      );
      const fresh = records.filter((_, each) => sights[each] !== SIGHT.seen);
      this.store.append(
        key,
        await packed(fresh, at + pageSize >= visible.length ? now : (records.at(-1)?.time ?? from), checkpoint),
      );
    }
  }
}

async function packed(
  records: readonly ConsoleRecord[],
  reached: number,
  { time, floor }: { time: Micros; floor: Micros },
): Promise<PackedPage> {
  const entries = records.map((record) => ({
    id: record.id,
    time: record.time as Micros,
    version: undefined,
    change: "event" as const,
    // No two are alike, so that a block has some length.
    text: JSON.stringify({
      id: record.id,
      fill: Array.from({ length: 60 }, (_, at) => (at * 7919 * record.time) % 65_521),
    }),
  }));
  return {
    identities: listIdentities(entries.map(({ id, time: at }) => ({ id, version: undefined, time: at }))),
    blocks: entries.length === 0 ? [] : [{ count: entries.length, body: await packBlock(entries) }],
    deadLetters: [],
    checkpoint: { time: Math.max(time, reached) as Micros, floor },
    seenSince: (time - 2 * OVERLAP) as Micros,
    consoleVersion: undefined,
  };
}

/** Copies of one world, each on a disk of its own, to which something happens. */
export class DamageLab {
  readonly #root: string;
  readonly #model: DamagedWorld;
  /** What is copied. */
  readonly #original: string;

  private constructor(root: string, model: DamagedWorld, original: string) {
    this.#root = root;
    this.#model = model;
    this.#original = original;
  }

  /** `fast` has confirmed nearly all and `slow` little; the spool was closed cleanly. */
  static async make(root: string): Promise<DamageLab> {
    const model = new DamagedWorld(join(root, "model"));
    await rounds(model, 6);
    model.close();
    return new DamageLab(root, model, join(root, "model"));
  }

  /**
   * As `make`, but as a `kill -9` leaves it: the last of it is in the write-ahead log, of which a part has been brought into
   * the database, as far as somebody had read who looked at it meanwhile.
   */
  static async kill(root: string): Promise<DamageLab> {
    const model = new DamagedWorld(join(root, "model"));
    const other = new DatabaseSync(join(root, "model", "spool.db"), { timeout: 5000 });
    const [killed, checkpoint] = [join(root, "killed"), "PRAGMA wal_checkpoint(PASSIVE)"];
    await rounds(model, 3);
    other.exec(checkpoint);
    await rounds(model, 1);
    other.exec("BEGIN; SELECT count(*) FROM facts");
    await rounds(model, 1);
    new DatabaseSync(join(root, "model", "spool.db")).exec(checkpoint);
    await rounds(model, 1);
    cpSync(join(root, "model"), killed, { recursive: true, filter: (path) => !path.endsWith("-shm") });
    other.close();
    model.close();
    return new DamageLab(root, model, killed);
  }

  get database(): string {
    return join(this.#original, "spool.db");
  }

  copy(damage: (database: string, directory: string) => void): DamagedWorld {
    const directory = mkdtempSync(join(this.#root, "copy-"));
    cpSync(this.#original, directory, { recursive: true });
    damage(join(directory, "spool.db"), directory);
    const world = new DamagedWorld(directory);
    for (const [key, records] of this.#model.records) world.records.get(key)?.push(...records);
    for (const [name, keys] of this.#model.arrived) world.arrived.get(name)?.push(...keys);
    return world;
  }
}

async function rounds(model: DamagedWorld, count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await model.poll(12, 4);
    model.deliver("fast", 20);
    model.deliver("slow", 4);
  }
}

/** The bridge goes on: polls and deliveries. Gives what a collector has not got at the end. */
export async function missingLater(world: DamagedWorld): Promise<string[]> {
  await world.surviving(async () => {
    for (let round = 0; round < 2; round++) {
      await world.poll(3);
      for (const name of COLLECTORS) world.deliver(name);
    }
  });
  world.close();
  return COLLECTORS.flatMap((name) => world.missing(name).map((key) => `${name}: ${key}`));
}

export function flip(path: string, bits: readonly number[]): void {
  const bytes = readFileSync(path);
  for (const bit of bits) {
    const at = (bit >> 3) % bytes.length;
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
  }
  writeFileSync(path, bytes);
}

export function zero(path: string, from: number, length: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0, from, from + length);
  writeFileSync(path, bytes);
}

/** Damage that shows while it is opened ends the bridge, and its supervisor starts it again. */
function openedAgain(open: () => SpoolStore): SpoolStore {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SpoolDamagedError)) throw error;
    return open();
  }
}

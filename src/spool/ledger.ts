import type { DatabaseSync, StatementSync } from "node:sqlite";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Micros } from "../event/time.ts";
import { isInt64 } from "./identities.ts";

/**
 * What was ever added, for an audit: each block's ids, written in the transaction that adds the block and kept after it is
 * deleted. Whether an event is confirmed is told by its position and those of the collectors (ledger-view.ts).
 *
 * `ids` is JSON under zstd, `{ids, times, versions}` with an entry for each event of the block in its order. A 64-bit id and
 * a time stand as the difference to the one before; null is what the console does not count as a record of the feed, such
 * as a note. Some 9 bytes for an activity.
 */
export interface Listed {
  readonly first: Micros;
  readonly last: Micros;
  readonly ids: Uint8Array;
}

/** An event as the ledger knows it. */
export interface ListedEvent {
  readonly id: string;
  readonly version: string | undefined;
  readonly time: Micros;
  /** Its place in the block. */
  readonly at: number;
}

/** What is listed of an event; `undefined` for what is not a record of the feed itself. */
export type Listable = Omit<ListedEvent, "at"> | undefined;

interface Columns {
  readonly ids: readonly (string | number | null)[];
  readonly times: readonly number[];
  readonly versions?: readonly (string | null)[];
}

/** Undefined when nothing of the block is to be listed. */
export function packListed(events: readonly Listable[]): Listed | undefined {
  const times = events.flatMap((event) => (event === undefined ? [] : [event.time]));
  if (times.length === 0) return undefined;
  let [number, time] = [0n, 0];
  const columns: Columns = {
    ids: events.map((event) => {
      if (event === undefined) return null;
      if (!isInt64(event.id)) return event.id;
      const step = BigInt(event.id) - number;
      number += step;
      return Number.isSafeInteger(Number(step)) ? Number(step) : event.id;
    }),
    times: events.map((event) => {
      const step: number = (event?.time ?? time) - time;
      time += step;
      return step;
    }),
    ...(events.some((event) => event?.version !== undefined)
      ? { versions: events.map((event) => event?.version ?? null) }
      : {}),
  };
  const first = times.reduce((least, one) => (one < least ? one : least));
  const last = times.reduce((most, one) => (one > most ? one : most));
  return { first, last, ids: zstdCompressSync(JSON.stringify(columns)) };
}

/** Throws when the bytes are damaged. */
export function unpackListed(bytes: Uint8Array): ListedEvent[] {
  const { ids, times, versions } = JSON.parse(zstdDecompressSync(bytes).toString("utf8")) as Columns;
  let [number, time] = [0n, 0];
  return ids.flatMap((given, at): ListedEvent[] => {
    time += times[at] ?? 0;
    if (given === null) return [];
    if (typeof given === "number") number += BigInt(given);
    else if (isInt64(given)) number = BigInt(given);
    const id = typeof given === "number" ? String(number) : given;
    return [{ id, version: versions?.[at] ?? undefined, time: time as Micros, at }];
  });
}

export interface LedgerOptions {
  /** 0: nothing is kept. */
  readonly keepMs: number;
  readonly maxBytes: number;
}

/** Where a block stands. */
export interface LedgerPlace {
  readonly position: number;
  readonly count: number;
  readonly feed: number;
  /** In milliseconds of our clock. */
  readonly stored: number;
  readonly onlyFor?: string | undefined;
}

/** What a row takes beside its ids. */
const ROW_BYTES = 80;

/** Rows are deleted a few with each page: the first page after a long rest must not wait for all of them. */
const ROWS_A_PAGE = 16;

/** The writer's side; each call is part of the caller's transaction. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #sql: Record<
    "add" | "oldest" | "drop" | "from" | "measure" | "never" | "forgetNever" | "forgetGone",
    StatementSync
  >;
  #bytes = 0;

  constructor(database: DatabaseSync, options: LedgerOptions) {
    this.#options = options;
    const prepare = (sql: string): StatementSync => database.prepare(sql);
    this.#sql = {
      add: prepare(
        `INSERT OR REPLACE INTO ledger (position, count, feed, only_for, first, last, stored, ids)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      oldest: prepare("SELECT position, stored, length(ids) AS bytes FROM ledger ORDER BY position LIMIT ?"),
      drop: prepare("DELETE FROM ledger WHERE position <= ?"),
      from: prepare(
        "INSERT OR REPLACE INTO facts SELECT 'ledger_from', max(?, coalesce(max(value), 0)) FROM facts WHERE key = 'ledger_from'",
      ),
      measure: prepare(`SELECT coalesce(sum(length(ids) + ${ROW_BYTES}), 0) AS bytes FROM ledger`),
      never: prepare("INSERT OR REPLACE INTO undelivered VALUES (?, ?, ?)"),
      forgetNever: prepare("DELETE FROM undelivered WHERE end <= (SELECT coalesce(min(position), 0) FROM ledger)"),
      forgetGone: prepare("DELETE FROM undelivered WHERE collector = ?"),
    };
    this.measure();
    // What is added from now on is not listed.
    if (options.keepMs === 0) this.#sql.from.run(Date.now());
  }

  add({ position, count, feed, stored, onlyFor }: LedgerPlace, { first, last, ids }: Listed): void {
    this.#sql.add.run(position, count, feed, onlyFor ?? null, first, last, stored, ids);
    this.#bytes += ids.length + ROW_BYTES;
  }

  /** Forgets some of what is too old, or too much. */
  forget(nowMs: number): void {
    const { keepMs, maxBytes } = this.#options;
    let last: { readonly position: number; readonly stored: number } | undefined;
    for (const row of this.#sql.oldest.all(ROWS_A_PAGE)) {
      const stored = Number(row["stored"]);
      if (stored >= nowMs - keepMs && this.#bytes <= maxBytes) break;
      this.#bytes -= Number(row["bytes"]) + ROW_BYTES;
      last = { position: Number(row["position"]), stored };
    }
    if (last === undefined) return;
    this.#sql.drop.run(last.position);
    this.#sql.from.run(last.stored + 1);
    this.#sql.forgetNever.run();
  }

  /** The events from `position` to `end` do not reach the collector under these positions. */
  neverDelivered(collector: string, position: number, end: number): void {
    this.#sql.never.run(collector, position, end);
  }

  forgetCollector(name: string): void {
    this.#sql.forgetGone.run(name);
  }

  /** Counts anew, after a transaction that did not come to its end. */
  measure(): void {
    this.#bytes = Number(this.#sql.measure.get()?.["bytes"]);
  }
}

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Micros } from "../event/time.ts";
import { ZERO } from "../lib/json-text.ts";
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
  const ids: (string | number | null)[] = [];
  const times: number[] = [];
  let [first, last] = [Infinity, -Infinity];
  let [before, time]: [IdNumber, number] = [{ high: 0, low: 0 }, 0];
  for (const event of events) {
    times.push(event === undefined ? 0 : event.time - time);
    if (event === undefined) {
      ids.push(null);
      continue;
    }
    ({ time } = event);
    if (time < first) first = time;
    if (time > last) last = time;
    const number = isInt64(event.id) ? idNumber(event.id) : undefined;
    const step = number === undefined ? NaN : (number.high - before.high) * LOW + number.low - before.low;
    ids.push(Number.isSafeInteger(step) ? step : event.id);
    before = number ?? before;
  }
  if (first > last) return undefined;
  const hasVersions = events.some((event) => event?.version !== undefined);
  const columns: Columns = {
    ids,
    times,
    ...(hasVersions ? { versions: events.map((event) => event?.version ?? null) } : {}),
  };
  return { first: first as Micros, last: last as Micros, ids: zstdCompressSync(JSON.stringify(columns), ZSTD_OPTIONS) };
}

/** The ids of a block are a few kilobytes: what is made ready for more costs more than they do. */
const ZSTD_OPTIONS = { chunkSize: 8 << 10, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A number of 64 bits in two that are exact: `high * LOW + low`. */
interface IdNumber {
  readonly high: number;
  readonly low: number;
}

const LOW_DIGITS = 9;
const LOW = 10 ** LOW_DIGITS;

function idNumber(id: string): IdNumber {
  const border = Math.max(0, id.length - LOW_DIGITS);
  let [high, low] = [0, 0];
  for (let at = 0; at < border; at++) high = high * 10 + id.charCodeAt(at) - ZERO;
  for (let at = border; at < id.length; at++) low = low * 10 + id.charCodeAt(at) - ZERO;
  return { high, low };
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

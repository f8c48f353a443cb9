import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { FeedKey } from "../bridge/ports.ts";
import { BridgeError } from "../lib/errors.ts";
import { type BlockEvent, blockIdentities, unpackBlock } from "./block.ts";
import { countDeadLetters } from "./dead-letters.ts";
import { mustBeReadable } from "./directory.ts";
import { SpoolDamagedError, SpoolUnusableError, describeDisk, isDamage, isOfTheDisk } from "./errors.ts";
import { holderOf } from "./lock.ts";
import { FORMAT_VERSION, pragma } from "./schema.ts";

/** A feed as the spool knows it. Times are microseconds; null where there is nothing. */
export interface FeedOverview extends FeedKey {
  readonly checkpoint: number | null;
  readonly floor: number | null;
  /** Events that some collector has not confirmed. */
  readonly waiting: number;
  readonly oldest: number | null;
  readonly newest: number | null;
}

export interface SpoolOverview {
  readonly directory: string;
  readonly format: number;
  /** The process that has it open; null when none has. */
  readonly heldBy: string | null;
  readonly end: number;
  readonly bytes: number;
  readonly fileBytes: number;
  readonly reserve: boolean;
  readonly feeds: readonly FeedOverview[];
  readonly collectors: readonly { readonly name: string; readonly position: number; readonly waiting: number }[];
  readonly damaged: { readonly blocks: number; readonly events: number; readonly files: readonly string[] };
  readonly deadLetters: number;
  /** Dead letters that had to make room for later ones, ever. */
  readonly droppedLetters: number;
}

/** A block that is in the queue or was set aside. */
export interface InspectedBlock extends FeedKey {
  readonly position: number;
  readonly count: number;
  readonly body: Uint8Array;
  readonly consoleVersion: string | undefined;
  /** The number of the first event in its feed; formats before the fourth have none. */
  readonly sequence: number | undefined;
}

/**
 * Looks at a spool without changing it, also while a bridge has it open: SQLite's readers and its writer do not wait for each
 * other. All answers of one inspector are of one moment.
 */
export class SpoolInspector implements Disposable {
  readonly directory: string;
  readonly database: DatabaseSync;
  readonly format: number;

  constructor(directory: string) {
    this.directory = directory;
    const path = join(directory, "spool.db");
    if (existsSync(directory)) mustBeReadable(directory);
    if (!existsSync(path)) throw new SpoolUnusableError(`there is no spool in ${directory}: ${path} does not exist`);
    try {
      this.database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
      this.database.exec("BEGIN");
      this.format = pragma(this.database, "user_version");
    } catch (error) {
      throw unreadable(directory, error);
    }
    if (this.format > FORMAT_VERSION) {
      throw new SpoolUnusableError(
        `${path} has format ${this.format}, and this release knows up to ${FORMAT_VERSION}: a newer s1bridge wrote it`,
      );
    }
  }

  overview(): SpoolOverview {
    try {
      return this.#overview();
    } catch (error) {
      throw unreadable(this.directory, error);
    }
  }

  /** Blocks in their order, one at a time, so that one is in memory. */
  *blocks(table: "blocks" | "damaged" = "blocks", from = 0): Generator<InspectedBlock> {
    const sequence = this.format < 4 ? "NULL" : `${table}.sequence`;
    try {
      const rows = this.database
        .prepare(
          `SELECT position, count, console, feeds.feed, console_version, body, ${sequence} AS sequence FROM ${table}
           LEFT JOIN feeds ON feeds.id = ${table}.feed
           WHERE position >= coalesce((SELECT max(position) FROM ${table} WHERE position <= ?1), 0) ORDER BY position`,
        )
        .iterate(from);
      for (const row of rows) yield blockOf(row);
    } catch (error) {
      throw unreadable(this.directory, error);
    }
  }

  number(sql: string): number {
    return Number(Object.values(this.database.prepare(sql).get() ?? {})[0] ?? 0);
  }

  [Symbol.dispose](): void {
    this.database.close();
  }

  #overview(): SpoolOverview {
    const { directory } = this;
    const end = this.number("SELECT value FROM facts WHERE key = 'end'");
    return {
      directory,
      format: this.format,
      heldBy: holderOf(directory) ?? null,
      end,
      bytes:
        (pragma(this.database, "page_count") - pragma(this.database, "freelist_count")) *
        pragma(this.database, "page_size"),
      fileBytes: ["spool.db", "spool.db-wal"].reduce((sum, name) => sum + sizeOf(join(directory, name)), 0),
      reserve: existsSync(join(directory, "reserve")),
      feeds: this.#feeds(),
      collectors: this.#collectors(end),
      damaged: {
        blocks: this.number("SELECT count(*) FROM damaged"),
        events: this.number("SELECT coalesce(sum(count), 0) FROM damaged"),
        files: readdirSync(directory).filter((name) => /^spool\.db(-wal)?\.damaged-[^-]*(-\d+)?$/.test(name)),
      },
      deadLetters: countDeadLetters(directory),
      droppedLetters:
        this.format < 4 ? 0 : this.number("SELECT sum(value) FROM tallies WHERE name = 'dead_letters_dropped'"),
    };
  }

  #feeds(): FeedOverview[] {
    const rows = this.database
      .prepare(
        `SELECT feeds.id, console, feeds.feed, checkpoint, floor, coalesce(sum(count), 0) AS waiting,
         min(position) AS first, max(position) AS last
         FROM feeds LEFT JOIN blocks ON blocks.feed = feeds.id GROUP BY feeds.id ORDER BY console, feeds.feed`,
      )
      .all();
    return rows.map((row) => ({
      console: String(row["console"]),
      feed: String(row["feed"]) as FeedKey["feed"],
      checkpoint: row["checkpoint"] as number | null,
      floor: row["floor"] as number | null,
      waiting: Number(row["waiting"]),
      oldest: this.#time(row["first"] as number | null, Math.min),
      newest: this.#time(row["last"] as number | null, Math.max),
    }));
  }

  #collectors(end: number): SpoolOverview["collectors"] {
    return this.database
      .prepare("SELECT name, position FROM collectors ORDER BY name")
      .all()
      .map((row) => ({
        name: String(row["name"]),
        position: Number(row["position"]),
        waiting: end - Number(row["position"]),
      }));
  }

  #time(position: number | null, pick: (...times: number[]) => number): number | null {
    if (position === null) return null;
    const body = this.database.prepare("SELECT body FROM blocks WHERE position = ?").get(position)?.["body"];
    try {
      return pick(...blockIdentities(body as Uint8Array).map(({ time }) => time));
    } catch {
      // A block that can not be unpacked: `check` says so.
      return null;
    }
  }
}

function blockOf(row: Record<string, SQLOutputValue>): InspectedBlock {
  return {
    position: Number(row["position"]),
    count: Number(row["count"]),
    console: String(row["console"] ?? ""),
    feed: String(row["feed"] ?? "") as FeedKey["feed"],
    sequence: row["sequence"] === null ? undefined : Number(row["sequence"]),
    consoleVersion: typeof row["console_version"] === "string" ? row["console_version"] : undefined,
    body: row["body"] instanceof Uint8Array ? row["body"] : new Uint8Array(),
  };
}

function unreadable(directory: string, error: unknown): unknown {
  if (error instanceof BridgeError || !isOfTheDisk(error)) return error;
  const message = `${join(directory, "spool.db")} can not be read: ${describeDisk(error)}`;
  return isDamage(error)
    ? new SpoolDamagedError(message, { cause: error })
    : new SpoolUnusableError(message, { cause: error });
}

/** The events of a block; undefined when it is damaged. */
export function eventsOf(block: InspectedBlock): readonly BlockEvent[] | undefined {
  try {
    return unpackBlock(block.body, block).events;
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

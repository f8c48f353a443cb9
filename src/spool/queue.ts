import type { DatabaseSync } from "node:sqlite";
import type { FeedKey } from "../bridge/ports.ts";
import type { KnownFeed } from "./feeds.ts";
import type { Ledger } from "./ledger.ts";
import type { PackedPage } from "./packed.ts";
import type { Statements } from "./statements.ts";

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

interface QueueMark {
  readonly feed: KnownFeed;
  readonly end: number;
  readonly sequence: number;
}

const NO_BODY = new Uint8Array();

/** The blocks, each under the position of its first event, in the order in which they came. */
export class BlockQueue {
  readonly #sql: Statements;
  readonly #ledger: Ledger;
  #end: number;

  constructor(database: DatabaseSync, sql: Statements, ledger: Ledger) {
    this.#sql = sql;
    this.#ledger = ledger;
    this.#end = Number(database.prepare("SELECT value FROM facts WHERE key = 'end'").get()?.["value"]);
  }

  /** The position of the next event. */
  get end(): number {
    return this.#end;
  }

  /** Where the oldest block begins; the end when there is none. */
  get oldest(): number {
    return Number(this.#sql.oldestPosition.get()?.["position"] ?? this.#end);
  }

  /** What `backTo` needs to undo, in memory, what a transaction that failed has added. */
  mark(feed: KnownFeed): QueueMark {
    return { feed, end: this.#end, sequence: feed.sequence };
  }

  backTo({ feed, end, sequence }: QueueMark): void {
    this.#end = end;
    feed.sequence = sequence;
  }

  /** Adds the blocks of a page at the end. Part of the caller's transaction. */
  add(feed: KnownFeed, page: PackedPage, stored: number): void {
    for (const block of page.blocks) this.#add(feed, page, block, stored);
    this.#sql.moveSequence.run(feed.sequence, feed.id);
    this.#sql.moveEnd.run(this.#end);
  }

  /** The block that holds `position`, or the hole where it was; undefined when it is the end. */
  read(position: number): StoredBlock | undefined {
    if (position >= this.#end) return undefined;
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

  /** Deletes the blocks that all collectors are past. Part of the caller's transaction. */
  deleteConfirmed(): void {
    const least = Number(this.#sql.leastPosition.get()?.["position"] ?? 0);
    if (least >= this.#end) this.#sql.deleteAllBlocks.run();
    else this.#sql.deleteBlocks.run(least);
  }

  #add(feed: KnownFeed, page: PackedPage, { count, body, listed }: PackedPage["blocks"][number], stored: number): void {
    const { consoleVersion = null, aside } = page;
    const since = aside === undefined ? page.checkpoint.floor : null;
    const onlyFor = aside?.collector;
    const numbers = [feed.sequence + 1, stored] as const;
    this.#sql.addBlock.run(this.#end, count, feed.id, consoleVersion, body, since, ...numbers, onlyFor ?? null);
    if (listed !== undefined) this.#ledger.add({ position: this.#end, count, feed: feed.id, stored, onlyFor }, listed);
    this.#end += count;
    feed.sequence += count;
  }
}

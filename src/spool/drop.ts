import type { DatabaseSync } from "node:sqlite";
import type { Dropped, FeedKey } from "../bridge/ports.ts";
import { transaction } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import type { StoredBlock } from "./queue.ts";
import type { Space } from "./space.ts";
import type { Statements } from "./statements.ts";

const NO_BLOCK = { console: "", feed: "activities", consoleVersion: undefined, body: undefined } as const;

/** For `when_full: drop_oldest`: gives up the oldest blocks, and knows what nobody has been told of yet. */
export class Dropping {
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #space: Space;
  readonly #ledger: Ledger;
  readonly #untold = new Map<string, Dropped>();
  /** Whatever stood before this position was dropped. */
  #before = 0;

  constructor(database: DatabaseSync, sql: Statements, space: Space, ledger: Ledger) {
    this.#database = database;
    this.#sql = sql;
    this.#space = space;
    this.#ledger = ledger;
  }

  /** What stood at `position`, if it was dropped: it is not damaged. */
  holeAt(position: number): StoredBlock | undefined {
    if (position >= this.#before) return undefined;
    return { ...NO_BLOCK, position, end: this.#before, isDropped: true, sequence: 0 };
  }

  /** Drops whole blocks, oldest first, until so much has room or none is left. */
  makeRoom(bytes: number): void {
    while (this.#space.lacks(bytes)) {
      if (!this.#dropSome()) return;
    }
  }

  /** What was dropped since this was asked last: each event counts for each collector that had not confirmed it. */
  take(): Dropped[] {
    const told = [...this.#untold.values()];
    this.#untold.clear();
    return told;
  }

  /** A commit for several blocks: each waits for the disk. */
  #dropSome(): boolean {
    const blocks = this.#sql.oldestBlocks.all(BLOCKS_A_COMMIT) as unknown as OldBlock[];
    const last = blocks.at(-1);
    if (last === undefined) return false;
    const end = Number(this.#sql.nextPosition.get(last.position)?.["position"] ?? last.position + last.count);
    const behind = this.#sql.positionsBefore.all(end) as unknown as { name: string; position: number }[];
    this.#space.withReserve(() =>
      transaction(this.#database, () => {
        for (const { console, feed, count } of blocks) this.#sql.addDropped.run(count, console, feed);
        this.#sql.dropBlocks.run(end);
        for (const { name, position } of behind) this.#ledger.neverDelivered(name, position, end);
        this.#sql.moveBehind.run(end);
      }),
    );
    this.#before = end;
    for (const { name, position } of behind) for (const block of blocks) this.#count(name, position, block);
    return true;
  }

  #count(collector: string, from: number, { position, count, console, feed }: OldBlock): void {
    const events = position + count - Math.max(position, from);
    if (events <= 0) return;
    const name = JSON.stringify([collector, console, feed]);
    const before = this.#untold.get(name)?.events ?? 0;
    this.#untold.set(name, { collector, console, feed, events: before + events });
  }
}

const BLOCKS_A_COMMIT = 8;

interface OldBlock extends FeedKey {
  readonly position: number;
  readonly count: number;
}

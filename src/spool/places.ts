import type { DatabaseSync } from "node:sqlite";
import type { Ledger } from "./ledger.ts";
import type { BlockQueue } from "./queue.ts";
import type { Statements } from "./statements.ts";

/** A collector that is not configured any more, and the events that it had not confirmed. */
export interface Forgotten {
  readonly collector: string;
  readonly events: number;
}

/** How far each collector has confirmed. What changes them is part of the caller's transaction. */
export class Places {
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #queue: BlockQueue;
  readonly #ledger: Ledger;

  constructor(database: DatabaseSync, sql: Statements, queue: BlockQueue, ledger: Ledger) {
    this.#database = database;
    this.#sql = sql;
    this.#queue = queue;
    this.#ledger = ledger;
  }

  all(): ReadonlyMap<string, number> {
    return new Map(this.#sql.positions.all().map((row) => [String(row["name"]), Number(row["position"])]));
  }

  /** Forgets everything before `position` for this collector, and the blocks that all collectors have confirmed. */
  move(collector: string, position: number): void {
    this.#sql.movePosition.run(position, collector);
    this.#queue.deleteConfirmed();
  }

  /**
   * A new collector begins with the oldest event that is still there, so that one which was renamed loses nothing. One
   * that is not configured any more no longer holds events back.
   */
  register(names: readonly string[]): Forgotten[] {
    const known = this.#database.prepare("SELECT name, position FROM collectors").all();
    const { oldest, end } = this.#queue;
    const gone = known.filter((row) => !names.includes(String(row["name"])));
    for (const name of names) this.#sql.addCollector.run(name, oldest);
    for (const row of gone) {
      this.#sql.deleteCollector.run(String(row["name"]));
      this.#ledger.forgetCollector(String(row["name"]));
    }
    if (names.length > 0) this.#queue.deleteConfirmed();
    return gone.map((row) => ({ collector: String(row["name"]), events: end - Number(row["position"]) }));
  }
}

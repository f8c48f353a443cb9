import type { DatabaseSync } from "node:sqlite";
import type { Ledger } from "./ledger.ts";
import type { BlockQueue } from "./queue.ts";
import { type PastRoutes, RouteHistory, type RouterSource, reachOf } from "./routes.ts";
import type { Statements } from "./statements.ts";

/** A collector that is not configured any more, and the events that it had not confirmed. */
export interface Forgotten {
  readonly collector: string;
  readonly events: number;
}

/** How far each collector has confirmed. What changes them is part of the caller's transaction. */
export class Places {
  readonly #sql: Statements;
  readonly #queue: BlockQueue;
  readonly #ledger: Ledger;
  readonly #routes: RouteHistory;

  constructor(database: DatabaseSync, sql: Statements, queue: BlockQueue, ledger: Ledger) {
    this.#sql = sql;
    this.#queue = queue;
    this.#ledger = ledger;
    this.#routes = new RouteHistory(database);
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
   * that is not configured any more no longer holds events back. What one was still to get, and gets no longer, is handed to
   * those that get it now (routes.ts).
   */
  register(names: readonly string[], router: RouterSource | undefined): Forgotten[] {
    const { oldest, end } = this.#queue;
    for (const name of names) this.#sql.addCollector.run(name, oldest);
    const places = this.all();
    const back = this.#routes.change(router, places, end);
    for (const name of back?.names ?? []) this.#sql.moveBack.run(back?.to ?? 0, name);
    const gone = [...places].filter(([name]) => !names.includes(name));
    for (const [name] of gone) {
      this.#sql.deleteCollector.run(name);
      this.#ledger.forgetCollector(name);
    }
    if (names.length > 0) this.#queue.deleteConfirmed();
    return gone.map(([collector, position]) => ({ collector, events: end - position }));
  }

  /** The routes before those of now, as long as somebody may go over what was queued then. */
  pastRoutes(): readonly PastRoutes[] {
    const past = this.#routes.past();
    return Math.min(this.#queue.end, ...this.all().values()) < reachOf(past) ? past : [];
  }
}

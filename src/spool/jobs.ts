import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Job, JobOrder, JobStep } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";

/** Backfills that have not come to their end. Each call is part of the caller's transaction. */
export class Jobs {
  readonly #sql: Record<"find" | "add" | "step" | "boundary" | "end", StatementSync>;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => database.prepare(sql);
    this.#sql = {
      find: prepare(
        `SELECT id, checkpoint, boundary, read, added FROM jobs
         WHERE feed = ? AND start = ? AND until = ? AND collector IS ? AND resend = ?`,
      ),
      add: prepare(
        `INSERT INTO jobs (feed, start, until, collector, resend, checkpoint, boundary, read, added)
         VALUES (?1, ?2, ?3, ?4, ?5, ?2, '[]', 0, 0)`,
      ),
      step: prepare("UPDATE jobs SET checkpoint = ?, boundary = ?, read = read + ?, added = added + ? WHERE id = ?"),
      boundary: prepare("SELECT boundary FROM jobs WHERE id = ?"),
      end: prepare("DELETE FROM jobs WHERE id = ?"),
    };
  }

  /** The one that an order began, or a new one. */
  open(feed: number, order: JobOrder): Job {
    const asked = [feed, order.from, order.until, order.collector ?? null, order.resend ? 1 : 0] as const;
    if (this.#sql.find.get(...asked) === undefined) this.#sql.add.run(...asked);
    const row = this.#sql.find.get(...asked);
    return {
      ...order,
      id: Number(row?.["id"]),
      checkpoint: Number(row?.["checkpoint"]) as Micros,
      boundary: JSON.parse(String(row?.["boundary"])) as string[],
      read: Number(row?.["read"]),
      added: Number(row?.["added"]),
    };
  }

  step({ id, checkpoint, boundary, read }: JobStep, added: number): void {
    this.#sql.step.run(checkpoint, JSON.stringify(boundary), read, added, id);
  }

  boundary(id: number): readonly string[] {
    return JSON.parse(String(this.#sql.boundary.get(id)?.["boundary"] ?? "[]")) as string[];
  }

  end(id: number): void {
    this.#sql.end.run(id);
  }
}

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { describeError } from "../lib/errors.ts";
import { SpoolWriteError, isRefusedRow } from "./errors.ts";
import { pragma } from "./schema.ts";

/**
 * Rows out of a damaged database, as many as can be read. What can not be read is passed over; a target that can not be
 * written ends it with a `SpoolWriteError`: a full disk must not look like damage.
 */

/** Copies a table from its beginning and, where a page in between is damaged, from its end. Whether that was all of it. */
export function copyTable(source: DatabaseSync, target: DatabaseSync, table: string): boolean {
  try {
    const copier = new Copier(source, target, table);
    if (copier.copy(copier.select("ORDER BY 1")) === "all") return !copier.refused;
    copier.copy(copier.select("ORDER BY 1 DESC"), "stop where both meet");
    return false;
  } catch (error) {
    if (error instanceof SpoolWriteError) throw error;
    return false;
  }
}

/** Copies the queue: forward, and over each damaged page to the next block that can be read. Whether that was all of it. */
export function copyBlocks(source: DatabaseSync, target: DatabaseSync): boolean {
  try {
    const copier = new Copier(source, target, "blocks");
    if (copier.copy(copier.select("ORDER BY position")) === "all") return !copier.refused;
    const next = copier.select("WHERE position > ? ORDER BY position LIMIT 1");
    const most = Number(target.prepare("SELECT max(value) AS n FROM facts WHERE key = 'end'").get()?.["n"] ?? 0);
    let position = Number(target.prepare("SELECT max(position) AS n FROM blocks").get()?.["n"] ?? -1);
    for (let step = 1; position < most;) {
      const result = copier.copyOne(next, position);
      if (result === "end") break;
      if (result === "damaged") {
        position += step;
        step *= 2;
      } else {
        position = Math.max(result, position + 1);
        step = 1;
      }
    }
    copier.copy(copier.select("ORDER BY position DESC"), "stop where both meet");
    return false;
  } catch (error) {
    if (error instanceof SpoolWriteError) throw error;
    return false;
  }
}

/** Blocks hold a page each: a commit for so many rows keeps the write-ahead log small. */
const ROWS_A_COMMIT = 200;

class Copier {
  readonly #source: DatabaseSync;
  readonly #target: DatabaseSync;
  readonly #table: string;
  readonly #columns: string;
  readonly #insert: StatementSync;
  /** Whether a row was read that the tables do not take. */
  refused = false;

  constructor(source: DatabaseSync, target: DatabaseSync, table: string) {
    this.#source = source;
    this.#target = target;
    this.#table = table;
    const known = new Set(columnsOf(source, table).map(({ name }) => name));
    const columns = columnsOf(target, table);
    // SQLite would make up a number for a key that is not told: a row in the place of another.
    const lost = columns.find(({ name, isKey }) => isKey && !known.has(name));
    if (lost !== undefined) throw new Error(`no column ${lost.name} in the table ${table}`);
    const names = columns.map(({ name }) => name).filter((name) => known.has(name));
    this.#columns = names.join(", ");
    this.refused = names.length < columns.length;
    const marks = names.map(() => "?").join(", ");
    this.#insert = target.prepare(`INSERT OR IGNORE INTO ${table} (${this.#columns}) VALUES (${marks})`);
  }

  select(rest: string): StatementSync {
    const statement = this.#source.prepare(`SELECT ${this.#columns} FROM ${this.#table} ${rest}`);
    statement.setReadBigInts(true);
    return statement;
  }

  copy(rows: StatementSync, until?: "stop where both meet"): "all" | "part" {
    let open = 0;
    try {
      for (const row of rows.iterate()) {
        if (open === 0) this.#write(() => this.#target.exec("BEGIN"));
        open += 1;
        const isNew = this.#put(row);
        if (open === ROWS_A_COMMIT) {
          this.#write(() => this.#target.exec("COMMIT"));
          open = 0;
        }
        if (!isNew && until !== undefined) break;
      }
      return "all";
    } catch (error) {
      if (error instanceof SpoolWriteError) throw error;
      return "part";
    } finally {
      if (this.#target.isTransaction) this.#write(() => this.#target.exec("COMMIT"));
    }
  }

  /** The position of the row that was copied. */
  copyOne(row: StatementSync, after: number): number | "damaged" | "end" {
    try {
      const found = row.get(after);
      if (found === undefined) return "end";
      this.#put(found);
      return Number(found["position"]);
    } catch (error) {
      if (error instanceof SpoolWriteError) throw error;
      return "damaged";
    }
  }

  #put(row: Record<string, unknown>): boolean {
    const values = Object.values(row) as SQLInputValue[];
    const isNew = this.#write(() => {
      try {
        return Number(this.#insert.run(...values).changes) > 0;
      } catch (error) {
        if (!isRefusedRow(error)) throw error;
        return undefined;
      }
    });
    this.refused ||= isNew !== true;
    return isNew ?? true;
  }

  #write<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const message = `what is salvaged of ${this.#table} can not be written: ${describeError(error)}`;
      throw new SpoolWriteError(message, { cause: error });
    }
  }
}

interface Column {
  readonly name: string;
  /** Whether it is a part of the primary key. */
  readonly isKey: boolean;
}

function columnsOf(database: DatabaseSync, table: string): Column[] {
  const columns = database
    .prepare("SELECT name, pk FROM pragma_table_info(?)")
    .all(table)
    .map((row) => ({ name: String(row["name"]), isKey: row["pk"] !== 0 }));
  if (columns.length === 0)
    throw new Error(`no table ${table} in a spool of format ${pragma(database, "user_version")}`);
  return columns;
}

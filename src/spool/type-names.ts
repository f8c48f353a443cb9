import type { TypeName } from "../bridge/ports.ts";
import type { Statements } from "./statements.ts";

/** What each console calls its activity types. */
export class TypeNames {
  readonly #sql: Statements;
  readonly #known = new Map<string, ReadonlyMap<number, string>>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  of(console: string): ReadonlyMap<number, string> {
    let names = this.#known.get(console);
    if (names === undefined) {
      const rows = this.#sql.types.all(console);
      names = new Map(rows.map(({ type, name }) => [Number(type), String(name)]));
      this.#known.set(console, names);
    }
    return names;
  }

  /** In place of what the console told before. Part of the caller's transaction. */
  learn(console: string, names: readonly TypeName[]): void {
    this.#known.delete(console);
    this.#sql.forgetTypes.run(console);
    for (const [type, name] of names) this.#sql.addType.run(console, type, name);
  }
}

import type { Checkpoint, FeedKey, Tally } from "../bridge/ports.ts";
import type { ObjectsOfFeed } from "./objects.ts";
import type { Statements } from "./statements.ts";

/** A feed of the database, and what is remembered of it from page to page. */
export interface KnownFeed {
  readonly id: number;
  /** The number of the feed's newest event. */
  sequence: number;
  /** New ids until the next look for those to forget; undefined before the first page. */
  newIds?: number;
  readonly objects: ObjectsOfFeed;
}

/** The feeds that the spool has had, with their checkpoints and tallies. */
export class Feeds {
  readonly #sql: Statements;
  readonly #known = new Map<string, KnownFeed>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  of({ console, feed }: FeedKey): KnownFeed {
    const name = `${console}\n${feed}`;
    let known = this.#known.get(name);
    if (known === undefined) {
      this.#sql.addFeed.run(console, feed);
      const { id, sequence } = this.#sql.feedId.get(console, feed) as { id: number; sequence: number };
      known = { id, sequence, objects: {} };
      this.#known.set(name, known);
    }
    return known;
  }

  checkpoint(key: FeedKey): Checkpoint | undefined {
    const row = this.#sql.checkpoint.get(this.of(key).id);
    if (row === undefined || row["checkpoint"] === null) return undefined;
    return { time: Number(row["checkpoint"]), floor: Number(row["floor"]) } as Checkpoint;
  }

  /** Part of the caller's transaction. */
  count(console: string, { feed, name, add }: Tally): void {
    if (add > 0) this.#sql.addTally.run(this.of({ console, feed }).id, name, add);
  }
}

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { IdentityList } from "./identities.ts";
import type { Page } from "../bridge/ports.ts";

/**
 * Which mutable objects are known. One that has gone is forgotten in the end, so that the table does not grow for ever:
 *
 * - of a list that is read as a whole: 30 days after it was in the list for the last time. What is in the list is noted as
 *   seen once a week, and nothing is forgotten before the list has been read to its end since the start of the program: a
 *   feed that was off for months forgets nothing that is still there.
 * - of any other: 400 days after its last version.
 *
 * All that forgetting can do is that an object which comes back, or changes after such a time, is told as `new`. The days are
 * this machine's; a clock that is wrong makes them fewer or more.
 */
const LISTED_DAYS = 30;
const VERSION_DAYS = 400;
const NOTE_DAYS = 7;

const DAY_MS = 86_400_000;

/** Rows that are looked at with one page: it is to wait for this a few milliseconds at most. */
const STEP = 2000;

/** Ids are integers above 0, then texts: all of them come behind this. */
const FIRST = 0;

/** What is remembered of a feed between its pages. */
export interface ObjectsOfFeed {
  /** The day on which the walk under way was begun. */
  walkDay?: number | undefined;
  /** The day on which the last walk that came to its end was begun. */
  walkedDay?: number | undefined;
  /** What is older is looked for, behind this id. */
  sweep?: { readonly before: number; readonly behind: bigint | string | number } | undefined;
  /** Everything older has been forgotten. */
  sweptBefore?: number | undefined;
}

export class Objects {
  readonly #add: StatementSync;
  readonly #note: StatementSync;
  readonly #stepEnd: StatementSync;
  readonly #forgetTo: StatementSync;
  readonly #forgetRest: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      `INSERT INTO objects (feed, id, look, last_seen)
       SELECT ?1, value ->> 0, unhex(value ->> 3), ?3 FROM json_each(?2) WHERE value ->> 1 <> ''
       ON CONFLICT DO UPDATE SET look = coalesce(excluded.look, look), last_seen = excluded.last_seen`,
    );
    this.#note = database.prepare(
      "UPDATE objects SET last_seen = ?3 WHERE feed = ?1 AND id IN (SELECT value ->> 0 FROM json_each(?2))",
    );
    this.#stepEnd = database.prepare(
      "SELECT id FROM objects WHERE feed = ?1 AND id > ?2 ORDER BY id LIMIT 1 OFFSET ?3",
    );
    this.#stepEnd.setReadBigInts(true);
    this.#forgetTo = database.prepare("DELETE FROM objects WHERE feed = ? AND id > ? AND id <= ? AND last_seen < ?");
    this.#forgetRest = database.prepare("DELETE FROM objects WHERE feed = ? AND id > ? AND last_seen < ?");
  }

  /** The day before which an object that is in a list has to be noted as seen again. */
  static get noteBefore(): number {
    return today() - NOTE_DAYS;
  }

  /** Keeps the objects of a page, and notes those that were there before and are still there, a list for SQLite. */
  keep(feed: number, { json, hasVersions }: IdentityList, stillThere: string): void {
    if (hasVersions) this.#add.run(feed, json, today());
    if (stillThere !== "[]") this.#note.run(feed, stillThere, today());
  }

  /** Forgets a few of those that have gone, if there may be some. To be called with each page of the feed. */
  forgetSome(feed: number, state: ObjectsOfFeed, list: Page["list"]): void {
    const before = forgetBefore(state, list);
    if (before === undefined || before === state.sweptBefore) return;
    const sweep = state.sweep?.before === before ? state.sweep : { before, behind: FIRST };
    const last = this.#stepEnd.get(feed, sweep.behind, STEP - 1)?.["id"] as bigint | string | undefined;
    if (last === undefined) {
      this.#forgetRest.run(feed, sweep.behind, before);
      state.sweep = undefined;
      state.sweptBefore = before;
    } else {
      this.#forgetTo.run(feed, sweep.behind, last, before);
      state.sweep = { before, behind: last };
    }
  }
}

/** Objects last seen before this day are forgotten; undefined while that is not known. */
function forgetBefore(state: ObjectsOfFeed, list: Page["list"]): number | undefined {
  if (list === undefined) return today() - VERSION_DAYS;
  state.walkDay ??= today();
  if (list === "end") {
    state.walkedDay = state.walkDay;
    state.walkDay = undefined;
  }
  return state.walkedDay === undefined ? undefined : state.walkedDay - LISTED_DAYS;
}

function today(): number {
  return Math.floor(Date.now() / DAY_MS);
}

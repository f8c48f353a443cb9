import type { DatabaseSync } from "node:sqlite";
import type { ModuleSource } from "./rendered.ts";

/**
 * What becomes of queued events when the routes change.
 *
 * The routes of now hold for everything that is queued. So an event that a collector was still to get may be no longer for it,
 * and for another one that has passed it by: that one goes back to it, and over what it has had. And an event that a collector
 * has had, and gets no longer, may be for another one that is not so far yet: that one must not get it again. For this each
 * change is kept, with where everybody was, until all are past the furthest of them.
 *
 * `routes` has a row for each time between two changes, the last one that of now. `options` make its router; `rules` is a text
 * for each collector that differs when it may get other events; `places` is where each was when the routes changed.
 */
export interface RouterSource extends ModuleSource {
  /** Every collector gets everything: nobody has to ask. */
  readonly isAlike: boolean;
  readonly rules: Readonly<Record<string, string>>;
}

/** Where a collector was at a change of the routes: what it had confirmed, and how far it had ever come. */
export interface Place {
  readonly position: number;
  readonly reach: number;
}

export type PlacesThen = Readonly<Record<string, Place>>;

/** Routes that were in force, and how their time ended. */
export interface PastRoutes {
  readonly options: unknown;
  readonly places: PlacesThen;
}

/**
 * Who is to get the event at `position` now. `goes` has who gets it by the routes of each time, the last ones those of now;
 * `ends` how each of the times before ended.
 */
export function dueNow(
  position: number,
  goes: readonly (readonly string[])[],
  ends: readonly PlacesThen[],
): readonly string[] {
  const had = new Set<string>();
  let due = goes[0] ?? [];
  for (const [at, places] of ends.entries()) {
    const next = goes[at + 1] ?? [];
    for (const collector of due) if (position < (places[collector]?.position ?? 0)) had.add(collector);
    const pending = due.filter((collector) => position >= (places[collector]?.position ?? Infinity));
    const isHandedOver = pending.some((collector) => !next.includes(collector));
    // Somebody more gets it; else it would be the same event at another place.
    const isShared = [...had].every((collector) => next.includes(collector));
    due = next.filter((collector) => {
      if (pending.includes(collector)) return true;
      const isAhead = position >= (places[collector]?.reach ?? 0);
      return !had.has(collector) && (isHandedOver || (isAhead && isShared));
    });
  }
  return due;
}

/** The end of what anybody may go back over. */
export function reachOf(past: readonly Pick<PastRoutes, "places">[]): number {
  return Math.max(0, ...past.flatMap(({ places }) => Object.values(places).map(({ reach }) => reach)));
}

/** Each is asked about each event that is gone over again. Without the oldest something may come twice. */
const MAX_PAST = 32;

interface Row {
  readonly era: number;
  readonly options: string;
  readonly rules: RouterSource["rules"];
  readonly places: PlacesThen | undefined;
}

/** What is kept of the routes. Each call is part of the caller's transaction. */
export class RouteHistory {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Oldest first, without those of now. */
  past(): readonly PastRoutes[] {
    return this.#rows().flatMap(({ options, places }) =>
      places === undefined ? [] : [{ options: JSON.parse(options) as unknown, places }],
    );
  }

  /**
   * From now on these are the routes; `positions` has everybody, also those who are not there any more. Gives the place to
   * which the named collectors have to go back; undefined when nobody has to.
   */
  change(
    next: RouterSource | undefined,
    positions: ReadonlyMap<string, number>,
    end: number,
  ): { readonly names: readonly string[]; readonly to: number } | undefined {
    if (next === undefined) {
      this.#database.exec("DELETE FROM routes");
      return undefined;
    }
    const least = Math.min(end, ...positions.values());
    const past = this.#rows().flatMap(({ places }) => (places === undefined ? [] : [{ places }]));
    const isOver = least >= reachOf(past);
    if (isOver) this.#database.exec("DELETE FROM routes WHERE places IS NOT NULL");
    const now = this.#rows().at(-1);
    const options = JSON.stringify(next.options);
    if (now === undefined || now.options === options) {
      if (now === undefined) this.#add(options, next);
      return undefined;
    }
    const isChanged = (name: string): boolean => now.rules[name] !== undefined && now.rules[name] !== next.rules[name];
    const giving = [...positions].filter(([name, position]) => position < end && isChanged(name));
    const to = isOver ? Math.min(end, ...giving.map(([, position]) => position)) : least;
    const names = [...positions]
      .filter(([name, position]) => position > to && next.rules[name] !== undefined && (isChanged(name) || !isOver))
      .map(([name]) => name);
    // Nobody has had what somebody else has not passed: there is nothing to remember.
    if (least >= Math.max(...positions.values()))
      this.#database.prepare("DELETE FROM routes WHERE era = ?").run(now.era);
    else this.#close(now, positions, past.at(-1)?.places);
    this.#database.prepare("DELETE FROM routes WHERE era <= ?").run(now.era - MAX_PAST);
    this.#add(options, next);
    return names.length === 0 ? undefined : { names, to };
  }

  #close({ era }: Row, positions: ReadonlyMap<string, number>, before: PlacesThen | undefined): void {
    const places = Object.fromEntries(
      [...positions].map(([name, position]): [string, Place] => [
        name,
        { position, reach: Math.max(position, before?.[name]?.reach ?? 0) },
      ]),
    );
    this.#database.prepare("UPDATE routes SET places = ? WHERE era = ?").run(JSON.stringify(places), era);
  }

  #add(options: string, { rules }: RouterSource): void {
    this.#database.prepare("INSERT INTO routes (options, rules) VALUES (?, ?)").run(options, JSON.stringify(rules));
  }

  #rows(): Row[] {
    const rows = this.#database.prepare("SELECT era, options, rules, places FROM routes ORDER BY era").all();
    return rows.map(({ era, options, rules, places }) => ({
      era: Number(era),
      options: String(options),
      rules: JSON.parse(String(rules)) as RouterSource["rules"],
      places: places === null ? undefined : (JSON.parse(String(places)) as PlacesThen),
    }));
  }
}

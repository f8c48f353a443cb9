import { type Audited, type FeedKey, type LedgerPart, type LedgerPort, identityOf } from "../bridge/ports.ts";
import type { DatabaseSync } from "node:sqlite";
import type { SecurityEvent } from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import { unpackBlock } from "./block.ts";
import { SpoolUnusableError } from "./errors.ts";
import { SpoolInspector } from "./inspect.ts";
import { type ListedEvent, unpackListed } from "./ledger.ts";

export interface LedgerViewOptions {
  readonly directory: string;
  /** Who has to have confirmed an event. */
  readonly collectors: readonly string[];
  /** One collector is asked about: what was added before it was there counts as not sent to it. */
  readonly isNarrowed: boolean;
  /** Who gets an event; undefined when all get everything. */
  readonly route: ((event: SecurityEvent) => readonly string[]) | undefined;
}

/** The first format with a ledger. */
const LEDGER_FORMAT = 6;

/** What a collector has of an event. */
const HAS = { nothing: 0, waiting: 1, confirmed: 2 } as const;

/** How far each collector is, in the order of the names. */
interface Progress {
  readonly name: string;
  readonly position: number;
  readonly began: number;
  readonly undelivered: readonly { readonly position: number; readonly end: number }[];
}

interface Row {
  readonly position: number;
  readonly end: number;
  readonly onlyFor: string | null;
  readonly ids: Uint8Array;
}

/** Reads the ledger from outside, also while a bridge has the spool open. Each call sees the spool of its moment. */
export class LedgerView implements LedgerPort {
  readonly #options: LedgerViewOptions;

  constructor(options: LedgerViewOptions) {
    this.#options = options;
  }

  between(key: FeedKey, from: Micros, until: Micros): LedgerPart {
    using spool = new SpoolInspector(this.#options.directory);
    if (spool.format < LEDGER_FORMAT)
      throw new SpoolUnusableError(
        `the spool in ${spool.directory} is of an older release, and keeps no ledger: start this one first`,
      );
    return eventsBetween(spool.database, this.#options, key, [from, until]);
  }
}

/** What the ledger has of a feed in `[from, until)`. */
export function eventsBetween(
  database: DatabaseSync,
  options: Omit<LedgerViewOptions, "directory">,
  key: FeedKey,
  [from, until]: readonly [from: number, until: number],
): LedgerPart {
  const look = new Look(database, options);
  const rows = database
    .prepare(
      `SELECT position, ledger.count, only_for, ids FROM ledger JOIN feeds ON feeds.id = ledger.feed
       WHERE console = ? AND feeds.feed = ? AND last >= ? AND first < ? ORDER BY position`,
    )
    .iterate(key.console, key.feed, from, until);
  const found = new Map<string, Uint8Array>();
  for (const row of rows) {
    const position = Number(row["position"]);
    const listed: Row = {
      position,
      end: position + Number(row["count"]),
      onlyFor: row["only_for"] as string | null,
      ids: row["ids"] as Uint8Array,
    };
    for (const [event, state] of look.events(listed)) {
      if (event.time < from || event.time >= until) continue;
      const name = identityOf(event.id, event.version);
      found.set(name, best(found.get(name), state));
    }
  }
  const events = new Map([...found].map(([name, state]) => [name, summary(state)] as const));
  return { events, knownSince: look.knownSince };
}

function best(one: Uint8Array | undefined, other: Uint8Array): Uint8Array {
  return one === undefined ? other : other.map((state, at) => Math.max(state, one[at] ?? 0));
}

function summary(state: Uint8Array): Audited {
  if (state.every((one) => one === HAS.confirmed)) return "confirmed";
  return state.includes(HAS.nothing) ? "undelivered" : "waiting";
}

/** The spool at a moment. */
class Look {
  readonly knownSince: Micros;
  readonly #database: DatabaseSync;
  readonly #options: Omit<LedgerViewOptions, "directory">;
  readonly #collectors: readonly Progress[];
  readonly #all: Uint8Array;

  constructor(database: DatabaseSync, options: Omit<LedgerViewOptions, "directory">) {
    this.#database = database;
    this.#options = options;
    const known = database
      .prepare("SELECT coalesce(max(value), unixepoch() * 1000) AS ms FROM facts WHERE key = 'ledger_from'")
      .get();
    this.knownSince = (Number(known?.["ms"]) * 1000) as Micros;
    this.#collectors = options.collectors.map((name) => progressOf(database, name));
    this.#all = Uint8Array.from(this.#collectors, () => HAS.confirmed);
  }

  *events(row: Row): Generator<readonly [ListedEvent, Uint8Array]> {
    const events = listedOf(row.ids);
    if (this.#collectors.every((one) => this.#hasAll(one, row))) {
      for (const event of events) yield [event, this.#all];
      return;
    }
    const routes = this.#routes(row);
    for (const event of events) {
      const getters = routes?.[event.at];
      const position = row.position + event.at;
      yield [event, Uint8Array.from(this.#collectors, (one) => this.#stateOf(one, row, position, getters))];
    }
  }

  #hasAll(collector: Progress, { position, end, onlyFor }: Row): boolean {
    return (
      (onlyFor === null || onlyFor === collector.name) &&
      collector.position >= end &&
      (!this.#options.isNarrowed || collector.began <= position) &&
      !collector.undelivered.some((gap) => gap.position < end && gap.end > position)
    );
  }

  /** An event that does not go to a collector lacks nothing there. */
  #stateOf(collector: Progress, row: Row, position: number, getters: readonly string[] | undefined): number {
    if (row.onlyFor !== null && row.onlyFor !== collector.name) return HAS.nothing;
    if (this.#options.isNarrowed && position < collector.began) return HAS.nothing;
    if (collector.undelivered.some((gap) => gap.position <= position && gap.end > position)) return HAS.nothing;
    if (collector.position > position) return HAS.confirmed;
    return getters === undefined || getters.includes(collector.name) ? HAS.waiting : HAS.confirmed;
  }

  /** Who gets each event of a block that somebody has not confirmed: it is still there. */
  #routes({ position }: Row): readonly (readonly string[])[] | undefined {
    const { route } = this.#options;
    if (route === undefined) return undefined;
    const block = this.#database
      .prepare("SELECT console, feeds.feed, body FROM blocks JOIN feeds ON feeds.id = blocks.feed WHERE position = ?")
      .get(position);
    if (block === undefined) return undefined;
    try {
      const origin = { console: String(block["console"]), feed: block["feed"] as FeedKey["feed"] };
      const { events } = unpackBlock(block["body"] as Uint8Array, {
        ...origin,
        consoleVersion: undefined,
        sequence: undefined,
      });
      return events.map((event) => route(event));
    } catch {
      // It can not be unpacked: nobody has it.
      return undefined;
    }
  }
}

/** A collector that the spool does not know has nothing. */
function progressOf(database: DatabaseSync, name: string): Progress {
  const row = database.prepare("SELECT position, began FROM collectors WHERE name = ?").get(name);
  const gaps = database.prepare("SELECT position, end FROM undelivered WHERE collector = ?").all(name);
  return {
    name,
    position: Number(row?.["position"] ?? 0),
    began: Number(row?.["began"] ?? Infinity),
    undelivered: gaps.map(({ position, end }) => ({ position: Number(position), end: Number(end) })),
  };
}

/** Ids that can not be read back are not known: an audit says so, and a repair brings duplicates. */
function listedOf(bytes: Uint8Array): ListedEvent[] {
  try {
    return unpackListed(bytes);
  } catch {
    return [];
  }
}

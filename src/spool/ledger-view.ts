import { type Audited, type FeedKey, type LedgerPart, type LedgerPort, identityOf } from "../bridge/ports.ts";
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
    const look = new Look(spool, this.#options);
    const rows = spool.database
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
  readonly #spool: SpoolInspector;
  readonly #options: LedgerViewOptions;
  readonly #collectors: readonly Progress[];
  readonly #all: Uint8Array;

  constructor(spool: SpoolInspector, options: LedgerViewOptions) {
    this.#spool = spool;
    this.#options = options;
    this.knownSince = (spool.number(
      "SELECT coalesce(max(value), unixepoch() * 1000) FROM facts WHERE key = 'ledger_from'",
    ) * 1000) as Micros;
    this.#collectors = options.collectors.map((name) => progressOf(spool, name));
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
    for (const block of this.#spool.blocks("blocks", position)) {
      if (block.position !== position) return undefined;
      try {
        return unpackBlock(block.body, block).map((event) => route(event));
      } catch {
        // It can not be unpacked: nobody has it.
        return undefined;
      }
    }
    return undefined;
  }
}

/** A collector that the spool does not know has nothing. */
function progressOf({ database }: SpoolInspector, name: string): Progress {
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

import { type JsonRecord, OWN_FEED } from "../event/event.ts";
import { addMs, microsFromMs } from "../event/time.ts";
import type { Appended, Spool, Tally } from "./ports.ts";

/** Something that the bridge itself has to say. */
export interface OwnEvent {
  /** Unique among those of its console, as `heartbeat/activities/41`. The same id within two days is one event. */
  readonly id: string;
  readonly record: JsonRecord;
  /** To be counted with it: durable together, or not at all. */
  readonly tally?: Tally;
}

/** Events of the bridge itself are in the spool. */
export interface OwnReport {
  readonly kind: "own";
  readonly console: string;
  readonly what: "heartbeat" | "notice";
  readonly events: number;
}

/** How long an id is remembered: notices that are made again after a restart are dropped as what they are. */
const REMEMBERED_MS = 2 * 86_400_000;

/**
 * The bridge's own voice. What it says goes the way of all events, as a page of the feed `bridge`: stored, in order behind
 * what it is about, delivered and confirmed.
 */
export class OwnEvents {
  readonly #spool: Pick<Spool, "append">;
  readonly #now: () => number;

  constructor(spool: Pick<Spool, "append">, now: () => number = Date.now) {
    this.#spool = spool;
    this.#now = now;
  }

  /** Durable when it resolves. `origin` is the id of the spool: the keys of two bridges are never the same. */
  append(
    {
      console,
      origin,
      version,
    }: { readonly console: string; readonly origin: string; readonly version: string | undefined },
    events: readonly OwnEvent[],
    signal: AbortSignal,
  ): Promise<Appended> {
    const time = microsFromMs(this.#now());
    const since = addMs(time, -REMEMBERED_MS);
    const page = {
      records: events.map(({ id, record }) => ({
        id: `${id}@${console}.${origin}`,
        time,
        version: undefined,
        text: JSON.stringify({ ...record, console, bridgeId: origin }),
      })),
      deadLetters: [],
      checkpoint: { time, floor: since },
      seenSince: since,
      consoleVersion: version,
      excluded: 0,
      hasMore: false,
      tallies: events.map(({ tally }) => tally).filter((tally) => tally !== undefined),
    };
    return this.#spool.append({ console, feed: OWN_FEED }, page, signal);
  }
}

import type { BridgeStatus } from "./status.ts";

/**
 * The last hours by the minute, for the sparklines of the status page: in memory, and gone with the process; Prometheus keeps
 * what has to last. A ring of 360 minutes with two numbers of 4 bytes for each feed, each collector and the spool: 2.9 kB each,
 * 60 kB for a console with all feeds, and 1.5 MB at most, since no more than 500 of them are followed.
 */
export interface HistoryReport {
  readonly stepSeconds: number;
  /** The end of the last whole step. */
  readonly until: string;
  readonly feeds: readonly FeedHistory[];
  readonly collectors: readonly CollectorHistory[];
  readonly spool: SpoolHistory;
}

/** One value for each step, oldest first, all of the same length; null where nothing is known. */
export type Values = readonly (number | null)[];

export interface FeedHistory {
  readonly console: string;
  readonly feed: string;
  /** New events. */
  readonly events: Values;
  /** The longest lag within the step. */
  readonly lagSeconds: Values;
}

export interface CollectorHistory {
  readonly collector: string;
  /** Confirmed events. */
  readonly events: Values;
  /** How long the oldest event that waited had waited, at most. */
  readonly oldestWaitingSeconds: Values;
}

export interface SpoolHistory {
  /** Events that waited, at most. */
  readonly events: Values;
  /** Its size, at most. */
  readonly bytes: Values;
}

const STEPS = 360;
const STEP_MS = 60_000;
const MAX_SERIES = 500;

export class History {
  readonly #now: () => number;
  readonly #firstStep: number;
  #step: number;
  #series = new Map<string, Series>();

  /** By a clock that only goes on: minutes are minutes, also when somebody sets the clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#firstStep = this.#step = this.#stepNow();
  }

  /** Notes a status; to be called several times a minute. */
  add({ feeds, collectors, spool }: Pick<BridgeStatus, "feeds" | "collectors" | "spool">): void {
    this.#moveOn();
    const before = this.#series;
    this.#series = new Map();
    const follow = (key: string): Series | undefined => {
      const series = before.get(key) ?? (this.#series.size < MAX_SERIES ? new Series() : undefined);
      if (series !== undefined) this.#series.set(key, series);
      return series;
    };
    follow("spool")?.most(this.#step, spool.events, spool.bytes);
    for (const { collector, confirmed, oldestWaitingSeconds } of collectors)
      follow(collectorKey(collector))?.count(this.#step, confirmed, oldestWaitingSeconds ?? 0);
    for (const { console, feed, spooled, lagSeconds } of feeds)
      follow(feedKey(console, feed))?.count(this.#step, spooled, lagSeconds);
  }

  /** The whole steps, of what the status has. */
  report({ at, feeds, collectors }: Pick<BridgeStatus, "at" | "feeds" | "collectors">): HistoryReport {
    this.#moveOn();
    const passedMs = this.#now() - this.#step * STEP_MS;
    const values = (key: string): readonly [Values, Values] => this.#valuesOf(this.#series.get(key));
    const [spoolEvents, spoolBytes] = values("spool");
    return {
      stepSeconds: STEP_MS / 1000,
      until: new Date(Date.parse(at) - passedMs).toISOString(),
      feeds: feeds.map(({ console, feed }) => {
        const [events, lagSeconds] = values(feedKey(console, feed));
        return { console, feed, events, lagSeconds };
      }),
      collectors: collectors.map(({ collector }) => {
        const [events, oldestWaitingSeconds] = values(collectorKey(collector));
        return { collector, events, oldestWaitingSeconds };
      }),
      spool: { events: spoolEvents, bytes: spoolBytes },
    };
  }

  /** Clears the steps that have begun since the last look: nobody looked, and nothing is known of them. */
  #moveOn(): void {
    const now = this.#stepNow();
    for (let step = Math.max(this.#step + 1, now - STEPS + 1); step <= now; step += 1)
      for (const series of this.#series.values()) series.clear(step);
    this.#step = now;
  }

  #valuesOf(series: Series | undefined): readonly [Values, Values] {
    const from = Math.max(this.#firstStep, this.#step - STEPS + 1);
    const steps = Array.from({ length: this.#step - from }, (_, at) => from + at);
    const read = (which: "first" | "second"): Values => steps.map((step) => series?.at(which, step) ?? null);
    return [read("first"), read("second")];
  }

  #stepNow(): number {
    return Math.floor(this.#now() / STEP_MS);
  }
}

/** Two numbers for each step. */
class Series {
  readonly #first = new Float32Array(STEPS).fill(NaN);
  readonly #second = new Float32Array(STEPS).fill(NaN);
  #counted = 0;

  /** Adds what a counter has grown by, and keeps the largest age. */
  count(step: number, counter: number, age: number | null): void {
    // A counter that is smaller than before began anew.
    const grown = counter >= this.#counted ? counter - this.#counted : counter;
    this.#counted = counter;
    const at = step % STEPS;
    this.#first[at] = known(this.#first[at]) + grown;
    if (age !== null) this.#keepMost(this.#second, at, age);
  }

  most(step: number, first: number, second: number): void {
    this.#keepMost(this.#first, step % STEPS, first);
    this.#keepMost(this.#second, step % STEPS, second);
  }

  clear(step: number): void {
    this.#first[step % STEPS] = this.#second[step % STEPS] = NaN;
  }

  at(which: "first" | "second", step: number): number | null {
    const value = (which === "first" ? this.#first : this.#second)[step % STEPS] ?? NaN;
    return Number.isNaN(value) ? null : Math.round(value * 10) / 10;
  }

  #keepMost(values: Float32Array, at: number, value: number): void {
    values[at] = Math.max(known(values[at]), value);
  }
}

function known(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}

function feedKey(console: string, feed: string): string {
  return JSON.stringify([console, feed]);
}

function collectorKey(collector: string): string {
  return JSON.stringify([collector]);
}

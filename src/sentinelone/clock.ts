import { type Micros, microsFromMs } from "../event/time.ts";

/**
 * The console's clock, read from the `Date` of its answers.
 *
 * `Date` has whole seconds. While our own clock agrees with it within that second it is the finer one and is used;
 * otherwise the console's, rounded down, so that a window never ends in the console's future. Between answers the
 * monotonic clock goes on: a jump of our wall clock does not move the window.
 */
export class ConsoleClock {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  #base: { readonly consoleMs: number; readonly monotonicMs: number } | undefined;
  #skewMs = 0;
  /** Offsets to the monotonic clock, each lower than those before it: their first is the lowest of the last minutes. */
  #offsets: { readonly monotonicMs: number; readonly offsetMs: number }[] = [];

  constructor(wallMs: () => number = Date.now, monotonicMs: () => number = () => performance.now()) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Takes the `Date` header of an answer that has just arrived. */
  set(date: string | undefined): void {
    const toldMs = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(toldMs)) return;
    const wallMs = this.#wallMs();
    const agrees = wallMs >= toldMs && wallMs < toldMs + 1000 + TRANSIT_MS;
    this.#skewMs = agrees ? 0 : toldMs - wallMs;
    const monotonicMs = this.#monotonicMs();
    const consoleMs = agrees ? wallMs : toldMs;
    this.#base = { consoleMs, monotonicMs };
    const offsetMs = consoleMs - monotonicMs;
    const kept = this.#offsets.filter((one) => one.offsetMs < offsetMs && one.monotonicMs > monotonicMs - TRUST_MS);
    this.#offsets = [...kept, { monotonicMs, offsetMs }];
  }

  /** Undefined until the console has answered once. */
  now(): Micros | undefined {
    if (this.#base === undefined) return undefined;
    return microsFromMs(this.#base.consoleMs + this.#monotonicMs() - this.#base.monotonicMs);
  }

  /**
   * The time that is safe to go on from: a clock that has jumped ahead is believed only after a while. It may come back,
   * and what happens then has earlier times.
   */
  surely(): Micros | undefined {
    const now = this.now();
    const lowest = this.#offsets[0];
    if (now === undefined || lowest === undefined) return undefined;
    return Math.min(now, microsFromMs(lowest.offsetMs + this.#monotonicMs())) as Micros;
  }

  /** How far the console's clock is ahead of ours; 0 while they agree within the second that `Date` can tell. */
  get skewMs(): number {
    return this.#skewMs;
  }
}

/** A clock that has been ahead for so long is right. */
const TRUST_MS = 15 * 60_000;

/** How long an answer may be on its way before clocks that agree seem to differ. */
const TRANSIT_MS = 500;

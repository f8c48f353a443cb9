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
    this.#base = { consoleMs: agrees ? wallMs : toldMs, monotonicMs: this.#monotonicMs() };
  }

  /** Undefined until the console has answered once. */
  now(): Micros | undefined {
    if (this.#base === undefined) return undefined;
    return microsFromMs(this.#base.consoleMs + this.#monotonicMs() - this.#base.monotonicMs);
  }

  /** How far the console's clock is ahead of ours; 0 while they agree within the second that `Date` can tell. */
  get skewMs(): number {
    return this.#skewMs;
  }
}

/** How long an answer may be on its way before clocks that agree seem to differ. */
const TRANSIT_MS = 500;

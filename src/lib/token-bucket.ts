import { setTimeout as sleep } from "node:timers/promises";
import { orAborted } from "./signals.ts";

export interface Rate {
  /** On average, and after a rest `burst` at once. */
  readonly perSecond: number;
  readonly burst: number;
}

/** For tests. */
export interface BucketClock {
  /** In milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const CLOCK: BucketClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/**
 * Lets no more through than its rate. Whoever comes too late is not made up for: two waits that a busy thread ends at the same
 * moment would be two requests at the same moment.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: BucketClock;
  #tokens: number;
  #at: number;
  /** Settles when everybody before has gone through, or has given up. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ perSecond, burst }: Rate, clock: BucketClock = CLOCK) {
    this.#perMs = perSecond / 1000;
    this.#burst = Math.max(1, burst);
    this.#clock = clock;
    this.#tokens = this.#burst;
    this.#at = clock.now();
  }

  /** Resolves when a request may be made, in the order of the calls; gives the milliseconds waited. Rejects when aborted. */
  async take(signal: AbortSignal): Promise<number> {
    const askedAt = this.#clock.now();
    const turn = this.#turn.then(() => this.#pass(signal));
    this.#turn = turn.catch(() => undefined);
    await orAborted(turn, signal);
    return this.#clock.now() - askedAt;
  }

  async #pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (this.#fill(); this.#tokens < ENOUGH; this.#fill())
      await this.#clock.sleep(Math.ceil((1 - this.#tokens) / this.#perMs), signal);
    this.#tokens -= 1;
  }

  #fill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}

/** One, but for what adding up has rounded. */
const ENOUGH = 1 - 1e-9;

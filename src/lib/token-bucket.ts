import { setTimeout as sleep } from "node:timers/promises";

/** Lets `perSecond` takes through on average, `burst` at once after a rest. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  constructor({ perSecond, burst }: { perSecond: number; burst: number }, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, burst);
    this.#now = now;
    this.#tokens = this.#burst;
    this.#at = now();
  }

  /** Resolves when a request may be made, in the order of the calls; gives the milliseconds waited. Rejects when aborted. */
  async take(signal: AbortSignal): Promise<number> {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    // The count may go below zero: that is the queue of those who wait.
    this.#tokens -= 1;
    if (this.#tokens >= 0) return 0;
    const waitMs = Math.ceil((-this.#tokens / this.#perSecond) * 1000);
    await sleep(waitMs, undefined, { signal });
    return waitMs;
  }
}

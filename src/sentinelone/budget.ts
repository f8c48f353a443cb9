import { createHash } from "node:crypto";
import { FeedThrottledError } from "./errors.ts";

const HOUR_MS = 3_600_000;

/** An hour is counted in so many parts: a request is forgotten with its part, at most one part too late. */
const PARTS = 60;

/** How many requests were made in the last hour; no hour sees more than `perHour`. */
export class RequestBudget {
  readonly #perHour: number;
  readonly #now: () => number;
  /** Requests by part, oldest first. */
  #parts: { readonly startMs: number; count: number }[] = [];

  constructor(perHour: number, now: () => number = () => performance.now()) {
    this.#perHour = perHour;
    this.#now = now;
  }

  /** Counts a request. Throws `BRIDGE_FEED_THROTTLED` when the hour's are spent, with the time until there is one again. */
  spend(): void {
    const nowMs = this.#now();
    this.#parts = this.#parts.filter(({ startMs }) => startMs + HOUR_MS + HOUR_MS / PARTS > nowMs);
    const spent = this.#parts.reduce((sum, { count }) => sum + count, 0);
    const oldest = this.#parts[0];
    if (oldest !== undefined && spent >= this.#perHour) {
      throw new FeedThrottledError(`the budget of ${this.#perHour} requests in an hour is spent (requests_per_hour)`, {
        retryAfterMs: oldest.startMs + HOUR_MS + HOUR_MS / PARTS - nowMs,
      });
    }
    const last = this.#parts.at(-1);
    if (last !== undefined && nowMs < last.startMs + HOUR_MS / PARTS) last.count += 1;
    else this.#parts.push({ startMs: nowMs, count: 1 });
  }
}

/** One budget for each token: consoles that share a token share it, the smallest when they differ. */
export class RequestBudgets {
  readonly #budgets = new Map<string, { readonly perHour: number; readonly budget: RequestBudget }>();

  of(token: string, perHour: number): RequestBudget {
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#budgets.get(key);
    if (known !== undefined && known.perHour <= perHour) return known.budget;
    const budget = new RequestBudget(perHour);
    this.#budgets.set(key, { perHour, budget });
    return budget;
  }
}

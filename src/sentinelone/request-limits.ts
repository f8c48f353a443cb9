import { createHash } from "node:crypto";
import { TokenBucket } from "../lib/token-bucket.ts";
import { RequestBudgets } from "./budget.ts";

/** Sustained requests per second and burst, within what SentinelOne documents for a token. */
const DOCUMENTED: Readonly<Record<string, { perSecond: number; burst: number }>> = {
  activities: { perSecond: 10, burst: 10 },
  threats: { perSecond: 10, burst: 10 },
  "threats/{id}": { perSecond: 100, burst: 100 },
  agents: { perSecond: 25, burst: 25 },
  sites: { perSecond: 100, burst: 10 },
  accounts: { perSecond: 100, burst: 10 },
  "application-management": { perSecond: 3, burst: 3 },
  exclusions: { perSecond: 25, burst: 25 },
  "service-users": { perSecond: 5, burst: 5 },
  users: { perSecond: 40, burst: 40 },
  "unifiedalerts/graphql": { perSecond: 25, burst: 25 },
  "system/info": { perSecond: 1, burst: 2 },
};

/** What a path's requests count for: the ids in it make no difference. */
export function budgetOf(path: string): string {
  if (path.endsWith("/policy")) return "policy";
  if (path.startsWith("application-management/")) return "application-management";
  return path.replace(/^(threats)\/.+$/, "$1/{id}");
}

/** Requests per second that a path may make, as documented or as we limit it. */
export function limitOf(path: string): number {
  return (DOCUMENTED[budgetOf(path)] ?? UNDOCUMENTED).perSecond;
}

/** Paths without a documented limit. */
const UNDOCUMENTED = { perSecond: 5, burst: 5 };

/** Less than this is asked for so rarely that two at once are no matter. */
const RARE_PER_SECOND = 2;

/**
 * Without a burst, and a little below the limit: requests that left evenly arrive a little closer together, and no second
 * of the console is to count more than it documents. A wait is a millisecond longer than it was to be, mostly.
 */
function evenly({ perSecond, burst }: { perSecond: number; burst: number }): { perSecond: number; burst: number } {
  return perSecond < RARE_PER_SECOND ? { perSecond, burst } : { perSecond: perSecond * 0.97, burst: 1 };
}

/** The request budget: per token and path, so that consoles which share a token share it. */
export class RequestLimits {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #hourly = new RequestBudgets();

  /** The budget of a token for an hour, when there is one. */
  hourly(token: string, perHour: number | undefined) {
    return perHour === undefined ? undefined : this.#hourly.of(token, perHour);
  }

  bucket(token: string, path: string, perSecond?: number): TokenBucket {
    const key = `${createHash("sha256").update(token).digest("base64")} ${path}`;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(
        perSecond === undefined ? evenly(DOCUMENTED[path] ?? UNDOCUMENTED) : { perSecond, burst: 1 },
      );
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }
}

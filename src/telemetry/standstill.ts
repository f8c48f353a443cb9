import type { BridgeStatus } from "./status.ts";

/** Within which time something must have come of each feed and collector, be it a fault. */
export interface StandstillLimits {
  /** Undefined: the feed's polls are too far apart to tell. */
  feedMs(feed: { readonly console: string; readonly feed: string }): number | undefined;
  readonly collectorMs: number;
  /** Within which time a poll of the feed is due, waiting for its turn included. Undefined: not evenly. */
  dueMs(feed: { readonly console: string; readonly feed: string }): number | undefined;
  /** How often a feed is polled. Undefined: not evenly. */
  intervalMs(feed: { readonly console: string; readonly feed: string }): number | undefined;
}

/**
 * What does not move although it could, in words. A console or collector that refuses or is away is none of it: it is tried
 * again and each try tells of itself, so that a new start would not help. What tells of nothing at all is stuck, and only a new
 * start helps.
 */
export function standstills(
  { feeds, collectors, spool, startedAt }: Pick<BridgeStatus, "feeds" | "collectors" | "spool" | "startedAt">,
  limits: StandstillLimits,
  nowMs: number,
): readonly string[] {
  const since = (...times: readonly (string | null | undefined)[]): number =>
    Math.max(...[startedAt, ...times].map((time) => (time == null ? 0 : Date.parse(time))));
  const told: string[] = [];
  for (const { console, feed, lastPageAt, fault } of feeds) {
    const limitMs = limits.feedMs({ console, feed });
    // A page that waits for room in the spool waits for a collector.
    if (limitMs === undefined || spool.full) continue;
    const movedMs = since(lastPageAt, fault?.at, fault?.retryAt);
    if (nowMs - movedMs > limitMs) told.push(`${console}/${feed} has not moved since ${iso(movedMs)}`);
  }
  for (const { collector, waiting, oldestWaitingAt, lastConfirmAt, fault } of collectors) {
    if (waiting === 0) continue;
    const movedMs = since(oldestWaitingAt, lastConfirmAt, fault?.at, fault?.retryAt);
    if (nowMs - movedMs > limits.collectorMs) told.push(`${collector} has not moved since ${iso(movedMs)}`);
  }
  return told;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

import type { StandstillLimits } from "./standstill.ts";
import type { BridgeStatus, CollectorStatus, FaultStatus, FeedStatus, SpoolStatus } from "./status.ts";

/** A fault that lasts longer than this makes the bridge not ready. */
const STALE_MS = 2 * 60_000;

/** So late may a page be of which nothing was heard at all, not even a fault: notes and timelines are many requests. */
const LATE_MS = 10 * 60_000;

/**
 * Why the bridge is not ready, in words: feeds without a good page for longer than their polls are apart, collectors that have
 * failed for a while, a full spool. Health is the age of the last success against a limit: a process that is up and does nothing
 * is not healthy. A good page may be empty: a console at which nothing happens is read as well as any other.
 */
export function reasonsOf(
  { feeds, collectors, spool, startedAt }: Pick<BridgeStatus, "feeds" | "collectors" | "spool" | "startedAt">,
  nowMs: number,
  /** Within which time a poll is due; undefined for a feed with `cron`, which may wait for its time for hours. */
  dueMs: StandstillLimits["dueMs"] = () => Infinity,
): readonly string[] {
  const isStale = (iso: string): boolean => nowMs - Date.parse(iso) > STALE_MS;
  const ofFeed = ({ console, feed, lastPageAt, fault }: FeedStatus): string | undefined => {
    const due = dueMs({ console, feed });
    if (lastPageAt === null)
      return fault === null && due === undefined
        ? undefined
        : `${console}/${feed} has not read a page yet${because(fault)}`;
    const what = `${console}/${feed} has read nothing since ${lastPageAt}`;
    if (fault !== null) return isStale(lastPageAt) ? `${what}${because(fault)}` : undefined;
    // A page that waits for room has been read, and the full spool is a reason of its own.
    return due !== undefined && !spool.full && nowMs - Date.parse(lastPageAt) > due + LATE_MS ? what : undefined;
  };
  const ofCollector = ({ collector, lastConfirmAt, fault }: CollectorStatus): string | undefined => {
    if (fault === null || !isStale(lastConfirmAt ?? startedAt)) return undefined;
    return `${collector} has confirmed nothing since ${lastConfirmAt ?? "the start"}${because(fault)}`;
  };
  const reasons = [...feeds.map(ofFeed), ...collectors.map(ofCollector), fullReason(spool)];
  return reasons.filter((reason) => reason !== undefined);
}

/** Why polling waits for room; undefined when it does not. */
export function fullReason({ full, diskFreeBytes, minFreeBytes }: SpoolStatus): string | undefined {
  if (!full) return undefined;
  if (diskFreeBytes === null || minFreeBytes === null || diskFreeBytes >= minFreeBytes)
    return "the spool is full (max_size), and polling waits";
  const free = `${(diskFreeBytes / (1 << 20)).toFixed(1)} MiB`;
  return `the disk of the spool has ${free} free, less than min_free, and polling waits`;
}

function because(fault: FaultStatus | null): string {
  return fault === null ? "" : `: ${fault.code} ${fault.message}`;
}

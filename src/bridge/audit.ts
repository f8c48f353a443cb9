import type { Micros } from "../event/time.ts";
import { BridgeError, describeError } from "../lib/errors.ts";
import type { Pace } from "./pace.ts";
import type { AuditableFeed, Feed, FeedKey, JobSpool, LedgerPort, PageRecord } from "./ports.ts";
import { type HourReport, auditableUntil, hoursOf, verifyFeed } from "./verify.ts";

/** What is asked for. */
export interface AuditOrder {
  readonly from: Micros;
  readonly until: Micros;
  readonly byIds: boolean;
  /** Sends what is missing. */
  readonly repair: boolean;
  readonly console?: string | undefined;
  readonly feed?: string | undefined;
  readonly collector?: string | undefined;
}

/** What an audit tells while it goes on; each is a line for whoever has asked. */
export type AuditLine =
  /** With what was added in a repair: the other numbers are those after it. */
  | (HourReport & { readonly kind: "hour"; readonly repaired: number })
  /** The feed is audited up to here, and not to where it was asked for: what is newer may not have been polled yet. */
  | (FeedKey & { readonly kind: "feed"; readonly until: Micros; readonly hours: number })
  /** The feed can not be audited. */
  | (FeedKey & { readonly kind: "skipped"; readonly reason: string })
  | (FeedKey & { readonly kind: "failed"; readonly error: string });

export interface AuditParts {
  /** Each with the time between two polls, where it is regular. */
  readonly feeds: readonly { readonly feed: Feed; readonly everyMs: number | undefined }[];
  readonly ledger: LedgerPort;
  /** Where a repair goes; undefined where this process does not have the spool. */
  readonly repairs?: { readonly spool: JobSpool; readonly pace: Pace };
}

/** Audits the feeds one after the other. What one of them can not tell does not stop the others. */
export async function* audit(parts: AuditParts, order: AuditOrder, signal: AbortSignal): AsyncGenerator<AuditLine> {
  for (const { feed, everyMs } of parts.feeds) {
    const { console, feed: name } = feed.key;
    if ((order.console ?? console) !== console || (order.feed ?? name) !== name) continue;
    try {
      const past = await feed.auditable?.(signal);
      if (past === undefined) {
        yield { kind: "skipped", ...feed.key, reason: "the console has no past of this feed to compare with" };
        continue;
      }
      const until = await auditableUntil(past, order.until, everyMs ?? 0, signal);
      yield { kind: "feed", ...feed.key, until, hours: hoursOf(order.from, until).length };
      yield* auditFeed(past, parts, { ...order, until }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BridgeError && !error.retryable) throw error;
      yield { kind: "failed", ...feed.key, error: describeError(error) };
    }
  }
}

async function* auditFeed(
  feed: AuditableFeed,
  { ledger, repairs }: AuditParts,
  order: AuditOrder,
  signal: AbortSignal,
): AsyncGenerator<AuditLine> {
  let repaired = 0;
  const onMissing = async (records: readonly PageRecord[], consoleVersion: string | undefined): Promise<void> => {
    if (repairs === undefined) return;
    await repairs.pace.untilRoom(signal);
    const checkpoint = { time: order.from, floor: order.from };
    const page = {
      records,
      deadLetters: [],
      checkpoint,
      seenSince: order.from,
      consoleVersion,
      excluded: 0,
      hasMore: false,
    };
    const aside = { leaveOut: "ledger", collector: order.collector } as const;
    repaired += (await repairs.spool.append(feed.key, page, signal, { aside })).added;
    await repairs.pace.untilPassed(repairs.spool.end, signal);
  };
  const mends = order.repair && repairs !== undefined;
  for await (const hour of verifyFeed(feed, ledger, { ...order, ...(mends ? { onMissing } : {}) }, signal)) {
    if (!mends || hour.missing + hour.waiting === 0) {
      yield { kind: "hour", ...hour, repaired: 0 };
      continue;
    }
    await repairs.pace.untilPassed(repairs.spool.end, signal);
    const { from, until } = hour;
    for await (const again of verifyFeed(feed, ledger, { from, until, byIds: true }, signal))
      yield { kind: "hour", ...again, repaired };
    repaired = 0;
  }
}

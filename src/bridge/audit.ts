import type { Micros } from "../event/time.ts";
import { describeError } from "../lib/errors.ts";
import type { Feed, FeedKey, LedgerPort } from "./ports.ts";
import { type HourReport, auditableUntil, hoursOf, verifyFeed } from "./verify.ts";

/** What is asked for. */
export interface AuditOrder {
  readonly from: Micros;
  readonly until: Micros;
  readonly byIds: boolean;
  readonly console?: string | undefined;
  readonly feed?: string | undefined;
  readonly collector?: string | undefined;
}

/** What an audit tells while it goes on; each is a line for whoever has asked. */
export type AuditLine =
  | (HourReport & { readonly kind: "hour" })
  /** The feed is audited up to here, and not to where it was asked for: what is newer may not have been polled yet. */
  | (FeedKey & { readonly kind: "feed"; readonly until: Micros; readonly hours: number })
  /** The feed can not be audited. */
  | (FeedKey & { readonly kind: "skipped"; readonly reason: string })
  | (FeedKey & { readonly kind: "failed"; readonly error: string });

export interface AuditParts {
  /** Each with the time between two polls, where it is regular. */
  readonly feeds: readonly { readonly feed: Feed; readonly everyMs: number | undefined }[];
  readonly ledger: LedgerPort;
}

/** Audits the feeds one after the other. What one of them can not tell does not stop the others. */
export async function* audit(
  { feeds, ledger }: AuditParts,
  order: AuditOrder,
  signal: AbortSignal,
): AsyncGenerator<AuditLine> {
  for (const { feed, everyMs } of feeds) {
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
      for await (const hour of verifyFeed(past, ledger, { ...order, until }, signal)) yield { kind: "hour", ...hour };
    } catch (error) {
      signal.throwIfAborted();
      yield { kind: "failed", ...feed.key, error: describeError(error) };
    }
  }
}

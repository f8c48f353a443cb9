import type { Micros } from "../event/time.ts";
import { backoffDelay } from "../lib/backoff.ts";
import { BridgeError, describeError } from "../lib/errors.ts";
import { pause } from "../lib/signals.ts";
import type { Pace } from "./pace.ts";
import {
  type Aside,
  type AuditableFeed,
  type Job,
  type JobOrder,
  type JobSpool,
  type Page,
  identityOf,
} from "./ports.ts";
import { patiently } from "./verify.ts";

/** What a backfill tells while it goes on. */
export type BackfillLine =
  | {
      readonly kind: "begin";
      readonly from: Micros;
      readonly until: Micros;
      /** Goes on with what an order before had begun; undefined for a new one. */
      readonly resumedAt: Micros | undefined;
      readonly total: number | undefined;
    }
  | (BackfillCounts & { readonly kind: "progress"; readonly reached: Micros; readonly total: number | undefined })
  | { readonly kind: "waiting"; readonly error: string; readonly retryInMs: number }
  | (BackfillCounts & {
      readonly kind: "end";
      /** Added, and not confirmed: it waits in the spool. */
      readonly unconfirmedBy: readonly string[];
    });

export interface BackfillCounts {
  readonly read: number;
  readonly added: number;
}

const BACKOFF = { firstMs: 500, maxMs: 60_000 };

export interface BackfillParts {
  readonly feed: AuditableFeed;
  readonly spool: JobSpool;
  readonly pace: Pace;
}

/**
 * Forwards a stretch of a feed's past. Its place is stored with each page: whoever gives the order again after a Ctrl-C or a
 * crash goes on from there.
 */
export async function* backfill(
  { feed, spool, pace }: BackfillParts,
  order: JobOrder,
  signal: AbortSignal,
): AsyncGenerator<BackfillLine> {
  const settled = await patiently(() => feed.settled(signal), signal);
  const until = Math.min(order.until, settled) as Micros;
  const job = await spool.openJob(order);
  const { checkpoint: from, read, added } = job;
  const isNew = read === 0 && from === order.from;
  const total = until > order.from ? await patiently(() => feed.count(order.from, until, signal), signal) : 0;
  yield { kind: "begin", from: order.from, until, resumedAt: isNew ? undefined : from, total };
  const counts = { read, added };
  let end = spool.end;
  for await (const step of until > from ? steps(feed, job, until, signal) : []) {
    if ("error" in step) {
      yield { kind: "waiting", ...step };
      continue;
    }
    await pace.untilRoom(signal);
    const { page, boundary } = step;
    const checkpoint = page.checkpoint.time;
    const records = page.records.length + page.excluded + page.deadLetters.length;
    const aside: Aside = {
      leaveOut: order.resend ? "nothing" : "sent",
      collector: order.collector,
      job: { id: job.id, checkpoint, boundary, read: records },
    };
    const appended = await spool.append(feed.key, page, signal, { aside });
    page.release?.();
    counts.read += records;
    counts.added += appended.added;
    yield { kind: "progress", ...counts, reached: checkpoint, total };
    if (appended.added === 0) continue;
    end = spool.end;
    await pace.untilPassed(end, signal);
  }
  const unconfirmedBy = counts.added === 0 ? [] : await pace.untilPassed(end, signal);
  await spool.endJob(job.id);
  yield { kind: "end", ...counts, unconfirmedBy };
}

type Step =
  | { readonly page: Page; readonly boundary: readonly string[] }
  | { readonly error: string; readonly retryInMs: number };

/** The pages from the job's place on. A console that fails is asked again for as long as it takes. */
async function* steps(feed: AuditableFeed, job: Job, until: Micros, signal: AbortSignal): AsyncGenerator<Step> {
  const reader = feed.within(job.checkpoint, until);
  let { boundary }: { boundary: readonly string[] } = job;
  let checkpoint = { time: job.checkpoint, floor: job.checkpoint };
  let attempt = 0;
  for (let hasMore = true; hasMore;) {
    try {
      const page = await reader.readPage(checkpoint, signal);
      attempt = 0;
      boundary = boundaryOf(page, page.checkpoint.time === checkpoint.time ? boundary : []);
      ({ checkpoint, hasMore } = page);
      yield { page, boundary };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BridgeError && !error.retryable) throw error;
      attempt += 1;
      const asked = error instanceof BridgeError ? (error.retryAfterMs ?? 0) : 0;
      const retryInMs = Math.max(asked, backoffDelay(BACKOFF, attempt));
      yield { error: describeError(error), retryInMs };
      await pause(retryInMs, signal);
    }
  }
}

/** What stands exactly where the job goes on. */
function boundaryOf({ records, checkpoint }: Page, before: readonly string[]): readonly string[] {
  const own = records.filter(({ time }) => time === checkpoint.time).map(({ id, version }) => identityOf(id, version));
  return [...new Set([...before, ...own])];
}

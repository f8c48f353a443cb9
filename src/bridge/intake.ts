import { EMPTY, type Observable, concat, defer, finalize, from, ignoreElements, repeat, switchMap, timer } from "rxjs";
import type { Backoff } from "../lib/backoff.ts";
import { fromAbortable, untilAborted } from "../lib/rx.ts";
import type { Appended, Checkpoint, Feed, FeedKey, LateRecords, Page, Spool } from "./ports.ts";
import { type Fault, retryWithBackoff } from "./retry.ts";
import { UnderWay } from "./under-way.ts";

/**
 * The console's side: feed -> spool, page by page (under-way.ts). RxJS decides when: the time between polls, and the wait after
 * a fault.
 */
export interface IntakeOptions {
  readonly schedule: PollSchedule;
  readonly backoff: Backoff;
  readonly stop: AbortSignal;
  readonly onFault: (fault: FeedFault) => void;
}

/** When a feed is polled. Both emit once and complete. */
export interface PollSchedule {
  /** The first poll of this run. Not asked for a feed without a checkpoint: its beginning is fixed at once. */
  first(): Observable<unknown>;
  /** The poll after one that began at `startedAtMs` of `performance.now()`. */
  next(startedAtMs: number): Observable<unknown>;
}

export interface FeedFault extends Fault {
  readonly key: FeedKey;
}

/** What one page brought. */
export interface PageReport extends Omit<Appended, "late"> {
  readonly kind: "page";
  readonly key: FeedKey;
  readonly read: number;
  readonly excluded: number;
  readonly hasMore: boolean;
  /** How far the feed has been read. */
  readonly reached: Page["checkpoint"]["time"];
  readonly late: LateRecords & { readonly widened: boolean };
  readonly overlapMs: number | undefined;
  readonly consoleVersion: string | undefined;
}

export function intake({ feed, spool }: { feed: Feed; spool: Spool }, options: IntakeOptions): Observable<PageReport> {
  const { schedule, backoff, stop, onFault } = options;
  let startedAtMs = performance.now();
  let drained = false;
  // Where the first page begins is not asked twice: the answer would come behind what the collectors read.
  let atFirst: Promise<Checkpoint | undefined> | undefined;
  const begin = (): Promise<Checkpoint | undefined> => atFirst ?? spool.checkpoint(feed.key);
  // A page is read while the one before it is stored: the end of one step must not end what the next one waits for.
  const ended = new AbortController();
  const underWay = new UnderWay({ feed, spool }, ended.signal);

  const pages = fromAbortable(async (): Promise<PageReport> => {
    if (drained) startedAtMs = performance.now();
    const { page, appended } = await underWay.next(begin);
    atFirst = undefined;
    drained = !page.hasMore;
    const widened = feed.stored?.(appended) === true;
    return report(feed, page, appended, widened);
  }).pipe(
    retryWithBackoff(backoff, stop, (fault) => onFault({ ...fault, key: feed.key })),
    repeat({ delay: () => (drained ? schedule.next(startedAtMs) : timer(0)).pipe(untilAborted(stop)) }),
    finalize(() => ended.abort()),
  );
  const untilFirst = defer(() => from((atFirst = spool.checkpoint(feed.key)))).pipe(
    switchMap((checkpoint) => (checkpoint === undefined ? EMPTY : schedule.first())),
    ignoreElements(),
  );
  return concat(untilFirst, pages).pipe(untilAborted(stop));
}

function report(feed: Feed, page: Page, { late, ...appended }: Appended, widened: boolean): PageReport {
  const { key, overlapMs } = feed;
  return {
    kind: "page",
    key,
    read: page.records.length,
    excluded: page.excluded,
    hasMore: page.hasMore,
    reached: page.checkpoint.time,
    late: { count: 0, maxBehindMs: 0, ...late, widened },
    overlapMs,
    consoleVersion: page.consoleVersion,
    ...appended,
  };
}

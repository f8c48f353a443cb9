import { type Micros, addMs } from "../event/time.ts";
import { backoffDelay } from "../lib/backoff.ts";
import { BridgeError } from "../lib/errors.ts";
import { inOrder } from "../lib/in-order.ts";
import { pause } from "../lib/signals.ts";
import {
  type AuditableFeed,
  type FeedKey,
  type LedgerPart,
  type LedgerPort,
  type PageRecord,
  identityOf,
} from "./ports.ts";

/**
 * The audit: for each feed and hour, what the console shows now against what the collectors have confirmed.
 *
 * An hour's records are read and each is looked up by its identity. Only an hour of many records is asked for their count
 * first: where that is the count of what is confirmed, it is taken for complete. The ledger is read behind the console, so that
 * what is forwarded meanwhile is no gap.
 */
export interface HourReport extends FeedKey {
  readonly from: Micros;
  readonly until: Micros;
  /** Records that the console shows. */
  readonly shown: number;
  readonly confirmed: number;
  /** In the spool, and not confirmed by every collector that gets them. */
  readonly waiting: number;
  /** Never forwarded, or given up by the spool. */
  readonly missing: number;
  /** Not in the ledger, which does not reach back so far: forwarded before it began, or missing. */
  readonly unknown: number;
  /** Forwarded, and not shown by the console any more. */
  readonly gone: number;
  /** Of what is missing, the first few. */
  readonly ids: readonly string[];
  /** Whether each record was looked up; otherwise the counts agree. */
  readonly byIds: boolean;
}

export interface VerifyOptions {
  readonly from: Micros;
  readonly until: Micros;
  /** Looks every record up, also of an hour of many whose counts agree. */
  readonly byIds: boolean;
  /** Is given what is missing, page by page. */
  readonly onMissing?: (records: readonly PageRecord[], consoleVersion: string | undefined) => Promise<void>;
}

const HOUR_MICROS = 3_600_000_000;

/** So many hours are audited at once: an answer takes its time, and the limit of requests is kept in any case. */
const HOURS_AT_ONCE = 4;

/** An hour with more records is asked for their count first: it has a thousand times as many as a request brings. */
export const MANY_RECORDS = 10_000;

const MAX_IDS = 20;

/** The hours of a stretch; the first and the last may be shorter. */
export function hoursOf(from: Micros, until: Micros): (readonly [from: Micros, until: Micros])[] {
  const hours: (readonly [Micros, Micros])[] = [];
  for (let begin: number = from; begin < until;) {
    const end = Math.min(until, (Math.floor(begin / HOUR_MICROS) + 1) * HOUR_MICROS);
    hours.push([begin as Micros, end as Micros]);
    begin = end;
  }
  return hours;
}

/** Audits a feed, hour by hour. Faults of the console that pass are waited for. */
export async function* verifyFeed(
  feed: AuditableFeed,
  ledger: LedgerPort,
  options: VerifyOptions,
  signal: AbortSignal,
): AsyncGenerator<HourReport> {
  const hours = hoursOf(options.from, options.until);
  // What is sent on the way is told of the hour that it was missing in.
  const atOnce = options.onMissing === undefined ? HOURS_AT_ONCE : 1;
  const verify = ([from, until]: (typeof hours)[number], hourSignal: AbortSignal): Promise<HourReport> =>
    verifyHour(feed, ledger, { ...options, from, until }, hourSignal);
  yield* inOrder(hours, atOnce, verify, signal);
}

async function verifyHour(
  feed: AuditableFeed,
  ledger: LedgerPort,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<HourReport> {
  const { from, until, byIds } = options;
  let part = ledger.between(feed.key, from, until);
  if (!byIds && !feed.hasVersions && part.events.size > MANY_RECORDS) {
    const count = await patiently(() => feed.count(from, until, signal), signal);
    part = ledger.between(feed.key, from, until);
    const states = [...part.events.values()];
    if (count === states.length && states.every((state) => state === "confirmed"))
      return { ...feed.key, from, until, shown: count, confirmed: count, ...NOTHING_WRONG };
  }
  return await lookUp(feed, { ledger, part }, options, signal);
}

const NOTHING_WRONG = { waiting: 0, missing: 0, unknown: 0, gone: 0, ids: [], byIds: false } as const;

/** Reads the records and looks each up. */
async function lookUp(
  feed: AuditableFeed,
  known: { readonly ledger: LedgerPort; readonly part: LedgerPart },
  { from, until, onMissing }: VerifyOptions,
  signal: AbortSignal,
): Promise<HourReport> {
  const seen = new Set<string>();
  const counts = { shown: 0, confirmed: 0, waiting: 0, missing: 0, unknown: 0 };
  const ids: string[] = [];
  let { part } = known;
  for await (const page of pagesOf(feed, from, until, signal)) {
    const fresh = page.records.filter(({ id, version, kind = "entry" }) => {
      const name = identityOf(id, version);
      if (kind !== "entry" || seen.has(name)) return false;
      seen.add(name);
      return true;
    });
    // What is on its way at this moment stands in a ledger that is a little younger.
    if (fresh.some(({ id, version }) => !part.events.has(identityOf(id, version))))
      part = known.ledger.between(feed.key, from, until);
    const missing: PageRecord[] = [];
    for (const record of fresh) {
      const state = stateOf(record, part);
      counts.shown += 1;
      counts[state] += 1;
      if (state === "missing") missing.push(record);
    }
    ids.push(...missing.slice(0, MAX_IDS - ids.length).map(({ id }) => id));
    if (missing.length > 0) await onMissing?.(missing, page.consoleVersion);
  }
  const gone = [...part.events.keys()].filter((name) => !seen.has(name)).length;
  return { ...feed.key, from, until, ...counts, gone, ids, byIds: true };
}

function stateOf(
  { id, version, time }: PageRecord,
  { events, knownSince }: LedgerPart,
): "confirmed" | "waiting" | "missing" | "unknown" {
  switch (events.get(identityOf(id, version))) {
    case "confirmed":
      return "confirmed";
    case "waiting":
      return "waiting";
    case "undelivered":
      return "missing";
    case undefined:
      return time < knownSince ? "unknown" : "missing";
  }
}

/** Every page between two instants, as the console shows them now, each until the next is asked for. */
export async function* pagesOf(feed: AuditableFeed, from: Micros, until: Micros, signal: AbortSignal) {
  const reader = feed.within(from, until);
  let checkpoint = { time: from, floor: from };
  for (let hasMore = true; hasMore;) {
    const page = await patiently(() => reader.readPage(checkpoint, signal), signal);
    ({ checkpoint, hasMore } = page);
    yield page;
    page.release?.();
  }
}

const BACKOFF = { firstMs: 500, maxMs: 30_000 };

/** A console that does not answer so many times in a row will not soon. */
const MAX_ATTEMPTS = 6;

/** What asks for more than this, such as a feed that is not for this token, is told to whoever waits. */
const MAX_WAIT_MS = 120_000;

/** Tries again what may pass, with the console's own pause. */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BridgeError) || !error.retryable || attempt >= MAX_ATTEMPTS) throw error;
      if ((error.retryAfterMs ?? 0) > MAX_WAIT_MS) throw error;
      await pause(Math.max(error.retryAfterMs ?? 0, backoffDelay(BACKOFF, attempt)), signal);
    }
  }
}

/** How far an audit can go: what the console showed later may not have been polled yet. */
export async function auditableUntil(
  feed: AuditableFeed,
  until: Micros,
  everyMs: number,
  signal: AbortSignal,
): Promise<Micros> {
  const settled = await patiently(() => feed.settled(signal), signal);
  return Math.min(until, addMs(settled, -everyMs - MARGIN_MS)) as Micros;
}

/** A poll, a page and a window take their time. */
const MARGIN_MS = 10_000;

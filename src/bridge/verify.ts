import { type Micros, addMs } from "../event/time.ts";
import { backoffDelay } from "../lib/backoff.ts";
import { BridgeError } from "../lib/errors.ts";
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
 * The console is asked for a count first. Where that is the count of what is confirmed, the hour is complete; elsewhere,
 * and for objects with versions, its records are read and each is looked up by its identity. The ledger is read behind the
 * console, so that what is forwarded meanwhile is no gap.
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
  /** Looks every record up, also where the counts agree. */
  readonly byIds: boolean;
  /** Is given what is missing, page by page. */
  readonly onMissing?: (records: readonly PageRecord[], consoleVersion: string | undefined) => Promise<void>;
}

const HOUR_MICROS = 3_600_000_000;

/** Counts are asked for so many hours at once: an answer takes its time, and the limit of requests is kept in any case. */
const HOURS_AT_ONCE = 4;

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
  for (let at = 0; at < hours.length; at += HOURS_AT_ONCE) {
    const some = hours.slice(at, at + HOURS_AT_ONCE);
    const mustLook = options.byIds || feed.hasVersions;
    const counts = await Promise.all(
      some.map(async ([from, until]) =>
        mustLook ? undefined : await patiently(() => feed.count(from, until, signal), signal),
      ),
    );
    for (const [index, [from, until]] of some.entries()) {
      const part = ledger.between(feed.key, from, until);
      const states = [...part.events.values()];
      const confirmed = states.filter((state) => state === "confirmed").length;
      const isComplete = confirmed === states.length && counts[index] === confirmed;
      yield isComplete
        ? { ...feed.key, from, until, shown: confirmed, confirmed, ...NOTHING_WRONG }
        : await lookUp(feed, ledger, { ...options, from, until }, signal);
    }
  }
}

const NOTHING_WRONG = { waiting: 0, missing: 0, unknown: 0, gone: 0, ids: [], byIds: false } as const;

/** Reads the records and looks each up. */
async function lookUp(
  feed: AuditableFeed,
  ledger: LedgerPort,
  { from, until, onMissing }: VerifyOptions,
  signal: AbortSignal,
): Promise<HourReport> {
  const seen = new Set<string>();
  const counts = { shown: 0, confirmed: 0, waiting: 0, missing: 0, unknown: 0 };
  const ids: string[] = [];
  let part: LedgerPart = ledger.between(feed.key, from, until);
  for await (const page of pagesOf(feed, from, until, signal)) {
    const fresh = page.records.filter(({ id, version, kind = "entry" }) => {
      const name = identityOf(id, version);
      if (kind !== "entry" || seen.has(name)) return false;
      seen.add(name);
      return true;
    });
    // What is on its way at this moment stands in a ledger that is a little younger.
    if (fresh.some(({ id, version }) => !part.events.has(identityOf(id, version))))
      part = ledger.between(feed.key, from, until);
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

/** Every page between two instants, as the console shows them now. */
export async function* pagesOf(feed: AuditableFeed, from: Micros, until: Micros, signal: AbortSignal) {
  const reader = feed.within(from, until);
  let checkpoint = { time: from, floor: from };
  for (let hasMore = true; hasMore;) {
    const page = await patiently(() => reader.readPage(checkpoint, signal), signal);
    ({ checkpoint, hasMore } = page);
    yield page;
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

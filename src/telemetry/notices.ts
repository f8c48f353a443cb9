import { type Observable, repeat } from "rxjs";
import type { Bridge } from "../bridge/bridge.ts";
import type { WindowReport } from "../bridge/delivery.ts";
import type { PageReport } from "../bridge/intake.ts";
import type { OwnEvents, OwnReport } from "../bridge/own-events.ts";
import type { FeedKey, Unrouted } from "../bridge/ports.ts";
import { type Fault, retryWithBackoff } from "../bridge/retry.ts";
import { every } from "../bridge/schedule.ts";
import type { NoticeCode } from "../cef/mapping/bridge.ts";
import { type JsonRecord, OWN_FEED } from "../event/event.ts";
import { formatTime } from "../event/time.ts";
import type { Backoff } from "../lib/backoff.ts";
import { fromReporting, untilAborted } from "../lib/rx.ts";
import type { BridgeStatus } from "./status.ts";
import { tokenStep } from "./token-expiry.ts";

/** Something that the SIEM should know. */
export interface Notice {
  readonly console: string;
  /** None: it is about the console as a whole. */
  readonly feed: string | undefined;
  readonly code: NoticeCode;
  /** How many times since it was last told. */
  readonly count: number;
  readonly reasons: readonly string[];
  /** In place of the code's own. */
  readonly text?: string;
  readonly severity?: number;
  readonly atMostEveryMs?: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What a notice says, and how often at most. Its severity stands in cef/mapping/bridge.ts. */
const KINDS: Readonly<Record<NoticeCode, { readonly text: string; readonly atMostEveryMs: number }>> = {
  dead_letters: {
    text: "records can not become events; they are kept in dead-letters.ndjson",
    atMostEveryMs: MINUTE_MS,
  },
  dead_letters_dropped: {
    text: "dead letters were deleted to make room for later ones: spool.dead_letters_max_size",
    atMostEveryMs: MINUTE_MS,
  },
  damaged: { text: "events in the spool are lost or can not be read any more", atMostEveryMs: MINUTE_MS },
  dropped: {
    text: "the spool was full, and events were given up that a collector had not confirmed",
    atMostEveryMs: MINUTE_MS,
  },
  late: {
    text: "records appeared later than overlap reaches; it is longer from now on, raise it to keep it so",
    atMostEveryMs: MINUTE_MS,
  },
  salvaged: {
    text: "the spool was damaged: what could be read goes on, and what is lost is read again from the console",
    atMostEveryMs: MINUTE_MS,
  },
  unrouted: {
    text: "events match no collector and are discarded; a collector with `default: true` takes the rest",
    atMostEveryMs: MINUTE_MS,
  },
  parked: {
    text: "the console refuses it; nothing is read, and it is looked at now and then",
    atMostEveryMs: 60 * MINUTE_MS,
  },
  token_expiring: { text: "the API token expires soon", atMostEveryMs: DAY_MS },
};

/** A feed is said to be parked when that has lasted: a new token may just be on its way. */
const PARKED_AFTER_MS = 2 * MINUTE_MS;

/** What lasts is true or not at a moment; it is not counted. */
const LASTING: ReadonlySet<NoticeCode> = new Set(["parked", "token_expiring"]);

const MAX_REASONS = 3;
const MAX_REASON_LENGTH = 200;
/** Each console and feed has few codes; should that ever not hold, memory has an end. */
const MAX_PENDING = 10_000;

/** Sites come from the records. */
const MAX_UNROUTED = 10_000;

interface Pending {
  readonly notice: Omit<Notice, "count" | "reasons">;
  count: number;
  readonly reasons: Map<string, number>;
}

/**
 * Collects what there is to notice, and gives it out: one notice for each console, feed and code, and not more often than
 * its kind allows. What comes in between is added up. Nothing here is about the bridge's own events: a notice that goes
 * wrong makes no notice.
 */
export class NoticeBoard {
  readonly #now: () => number;
  readonly #pending = new Map<string, Pending>();
  readonly #toldMs = new Map<string, number>();
  readonly #unrouted = new Set<string>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  post({ count, reasons, ...notice }: Notice): void {
    if (notice.feed === OWN_FEED || count === 0) return;
    const key = JSON.stringify([notice.console, notice.feed, notice.code]);
    const pending = this.#pending.get(key) ?? { notice, count: 0, reasons: new Map<string, number>() };
    if (!this.#pending.has(key) && this.#pending.size >= MAX_PENDING) return;
    this.#pending.set(key, { ...pending, notice, count: pending.count + count });
    for (const reason of reasons) {
      const short = reason.slice(0, MAX_REASON_LENGTH);
      if (pending.reasons.has(short) || pending.reasons.size < MAX_REASONS) {
        pending.reasons.set(short, (pending.reasons.get(short) ?? 0) + 1);
      }
    }
  }

  /** What may be told now. It stays until `told`. */
  due(): readonly Notice[] {
    const now = this.#now();
    return [...this.#pending]
      .filter(([key, { notice }]) => {
        const atMostEveryMs = notice.atMostEveryMs ?? KINDS[notice.code].atMostEveryMs;
        return now - (this.#toldMs.get(key) ?? -Infinity) >= atMostEveryMs;
      })
      .map(([, { notice, count, reasons }]) => ({
        ...notice,
        count,
        reasons: [...reasons].map(([reason, times]) => (times === 1 ? reason : `${reason} (${times})`)),
      }));
  }

  told(notices: readonly Notice[]): void {
    for (const { console, feed, code, count } of notices) {
      const key = JSON.stringify([console, feed, code]);
      const pending = this.#pending.get(key);
      // What was posted meanwhile is for the next one.
      if (pending === undefined || pending.count === count) this.#pending.delete(key);
      else this.#pending.set(key, { notice: pending.notice, count: pending.count - count, reasons: new Map() });
      this.#toldMs.set(key, this.#now());
    }
  }

  page({ key, deadLetters, reasons = [], late, dropped = [], droppedLetters = [] }: PageReport): void {
    this.post({ ...key, code: "dead_letters", count: deadLetters, reasons });
    for (const { letters, ...origin } of droppedLetters)
      this.post({ ...origin, code: "dead_letters_dropped", count: letters, reasons: [] });
    if (late.widened) {
      const behind = `up to ${Math.round(late.maxBehindMs / 1000)} s behind what had been read`;
      this.post({ ...key, code: "late", count: late.count, reasons: [behind] });
    }
    for (const { console, feed, collector, events } of dropped) {
      this.post({ console, feed, code: "dropped", count: events, reasons: [`for ${collector}`] });
    }
  }

  window({ batches }: WindowReport): void {
    for (const { origin, damaged, unmapped = [], unrouted } of batches) {
      if (origin === undefined) continue;
      this.#notRouted(origin, unrouted);
      this.post({ ...origin, code: "dead_letters", count: unmapped.length, reasons: unmapped });
      this.post({ ...origin, code: "damaged", count: damaged - unmapped.length, reasons: [] });
    }
  }

  /** What does not happen but last: parked feeds, and tokens that expire. */
  status({ feeds, consoles, at }: Pick<BridgeStatus, "feeds" | "consoles" | "at">): void {
    // What waits for its turn may be over by now.
    for (const [key, { notice }] of this.#pending) if (LASTING.has(notice.code)) this.#pending.delete(key);
    for (const { console, feed, state, fault } of feeds) {
      if (state !== "parked" || fault === null) continue;
      if (Date.parse(at) - Date.parse(fault.since) < PARKED_AFTER_MS) continue;
      this.post({ console, feed, code: "parked", count: 1, reasons: [`${fault.code}: ${fault.message}`] });
    }
    for (const { console, tokenSecondsLeft } of consoles) this.#token(console, tokenSecondsLeft);
  }

  /** What an opening found damaged: every console has to know, for the queue is one. */
  opened({ salvaged, repairs }: Pick<Bridge["spool"], "salvaged" | "repairs">, consoles: readonly string[]): void {
    const notice = { feed: undefined, code: "salvaged" } as const;
    for (const console of consoles) {
      if (salvaged !== undefined) {
        const { reason, kept, lost, rereads } = salvaged;
        const reasons = [reason, `of the queue ${lost} events are lost and ${kept} kept`, ...from(rereads, console)];
        this.post({ ...notice, console, count: Math.max(lost, 1), reasons });
      }
      const set = repairs.restored.length + repairs.corrected;
      const text =
        "checkpoints or positions of the spool were damaged: these are from their copies; duplicates may come";
      if (set > 0)
        this.post({ ...notice, console, count: set, reasons: from(repairs.restored, console), text, severity: 5 });
    }
  }

  /** Once for each site: the counter has the rest. What the bridge says itself may well be for nobody. */
  #notRouted({ console, feed }: FeedKey, unrouted: Unrouted): void {
    if (feed === OWN_FEED) return;
    for (const [belongsTo, count] of Object.entries(unrouted)) {
      const key = `${console}\n${belongsTo}`;
      if (this.#unrouted.has(key) || this.#unrouted.size >= MAX_UNROUTED) continue;
      this.#unrouted.add(key);
      this.post({ console, feed: undefined, code: "unrouted", count, reasons: [belongsTo] });
    }
  }

  #token(console: string, secondsLeft: number | null): void {
    if (secondsLeft === null) return;
    const days = secondsLeft / 86_400;
    const step = tokenStep(secondsLeft * 1000);
    if (step === undefined) return;
    const { severity, atMostEveryMs } = step;
    const text = secondsLeft <= 0 ? "the API token has expired" : `the API token expires in ${Math.ceil(days)} days`;
    this.post({
      console,
      feed: undefined,
      code: "token_expiring",
      count: 1,
      reasons: [],
      text,
      severity,
      atMostEveryMs,
    });
  }
}

/** In words, where the feeds of a console read again. */
function from(feeds: Bridge["spool"]["repairs"]["restored"], console: string): string[] {
  const own = feeds.filter((feed) => feed.console === console);
  if (own.length === 0) return [];
  return [`read again: ${own.map((feed) => `${feed.feed} from ${formatTime(feed.from)}`).join(", ")}`];
}

export interface NoticeOptions {
  readonly everyMs: number;
  readonly backoff: Backoff;
  readonly stop: AbortSignal;
  readonly onFault: (fault: Fault) => void;
}

/** Stores what is due, looking every few seconds. */
export function tellNotices(
  board: NoticeBoard,
  status: () => Promise<BridgeStatus>,
  own: OwnEvents,
  { everyMs, backoff, stop, onFault }: NoticeOptions,
): Observable<OwnReport> {
  const schedule = every(everyMs);
  let startedAtMs = performance.now();
  let number = 0;
  return fromReporting<OwnReport>(async (signal, report) => {
    startedAtMs = performance.now();
    const now = await status();
    board.status(now);
    const due = Map.groupBy(board.due(), ({ console }) => console);
    for (const [console, told] of due) {
      const version = now.consoles.find((one) => one.console === console)?.version ?? undefined;
      const events = told.map((notice) => ({ id: `notice/${Date.now()}.${(number += 1)}`, record: recordOf(notice) }));
      await own.append({ console, origin: now.spool.id, version }, events, signal);
      board.told(told);
      report({ kind: "own", console, what: "notice", events: events.length });
    }
  }).pipe(
    retryWithBackoff(backoff, stop, onFault),
    repeat({ delay: () => schedule.next(startedAtMs).pipe(untilAborted(stop)) }),
    untilAborted(stop),
  );
}

function recordOf({ feed, code, count, reasons, text = KINDS[code].text, severity }: Notice): JsonRecord {
  return {
    kind: "notice",
    feed: feed ?? null,
    code,
    count,
    reason: reasons.join("; "),
    text,
    severity: severity ?? null,
  };
}

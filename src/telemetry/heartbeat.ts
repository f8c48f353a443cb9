import { type Observable, repeat } from "rxjs";
import type { OwnEvent, OwnEvents, OwnReport } from "../bridge/own-events.ts";
import { type Fault, retryWithBackoff } from "../bridge/retry.ts";
import { every } from "../bridge/schedule.ts";
import type { FeedName, JsonRecord } from "../event/event.ts";
import type { Backoff } from "../lib/backoff.ts";
import { fromReporting, untilAborted } from "../lib/rx.ts";
import type { BridgeStatus, ConsoleStatus, FeedStatus } from "./status.ts";

export interface HeartbeatOptions {
  readonly everyMs: number;
  readonly backoff: Backoff;
  readonly stop: AbortSignal;
  readonly onFault: (fault: Fault) => void;
}

/**
 * Says at an interval, for each console and feed, that it lives and how far it is. One that can not be stored, because the
 * spool is full, waits, and the next one comes after it: at most one of each is in memory.
 */
export function heartbeat(
  status: () => Promise<BridgeStatus>,
  own: OwnEvents,
  { everyMs, backoff, stop, onFault }: HeartbeatOptions,
): Observable<OwnReport> {
  const schedule = every(everyMs);
  let startedAtMs = performance.now();
  return fromReporting<OwnReport>(async (signal, report) => {
    startedAtMs = performance.now();
    const now = await status();
    for (const console of now.consoles) {
      const events = now.feeds
        .filter((feed) => feed.console === console.console)
        .map((feed) => beat(now, console, feed, everyMs));
      await own.append(
        { console: console.console, origin: now.spool.id, version: console.version ?? undefined },
        events,
        signal,
      );
      report({ kind: "own", console: console.console, what: "heartbeat", events: events.length });
    }
  }).pipe(
    retryWithBackoff(backoff, stop, onFault),
    repeat({ delay: () => schedule.next(startedAtMs).pipe(untilAborted(stop)) }),
    untilAborted(stop),
  );
}

/** The counters stand for what was stored before: every event that a heartbeat counts is in the queue before it. */
function beat(status: BridgeStatus, console: ConsoleStatus, feed: FeedStatus, everyMs: number): OwnEvent {
  const number = feed.total.heartbeats + 1;
  const record: JsonRecord = {
    kind: "heartbeat",
    feed: feed.feed,
    number,
    everySeconds: everyMs / 1000,
    state: feed.state,
    text: sentence(feed),
    reason: feed.fault === null ? null : `${feed.fault.code}: ${feed.fault.message}`,
    lastSequence: feed.total.events,
    duplicates: feed.total.duplicates,
    late: feed.total.late,
    deadLetters: feed.total.deadLetters,
    dropped: feed.total.dropped,
    damaged: feed.total.damaged,
    reached: feed.reached,
    lagSeconds: feed.lagSeconds === null ? null : Math.round(feed.lagSeconds),
    spoolEvents: status.spool.events,
    spoolOldestSeconds: status.spool.oldestSeconds === null ? 0 : Math.round(status.spool.oldestSeconds),
    tokenDaysLeft: console.tokenSecondsLeft === null ? null : Math.floor(console.tokenSecondsLeft / 86_400),
    startedAt: status.startedAt,
    bridgeVersion: status.version,
  };
  return {
    id: `heartbeat/${feed.feed}/${number}`,
    record,
    tally: { feed: feed.feed as FeedName, name: "heartbeats", add: 1 },
  };
}

function sentence({ console, feed, state, reached, total }: FeedStatus): string {
  const upTo = reached === null ? "nothing read yet" : `read up to ${reached}`;
  return `${feed} of ${console}: ${state}, ${total.events} events so far, ${upTo}`;
}

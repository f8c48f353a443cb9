import type { DeliveryFault, WindowReport } from "../bridge/delivery.ts";
import type { FeedFault, PageReport } from "../bridge/intake.ts";
import type { FeedKey } from "../bridge/ports.ts";
import { formatTime } from "../event/time.ts";
import { describeError } from "../lib/errors.ts";
import { codeOf } from "./metrics.ts";

/** A fault as an operator sees it. */
export interface LastFault {
  readonly code: string;
  readonly message: string;
  readonly at: string;
  readonly attempt: number;
  readonly retryAt: string;
}

interface FeedHealth {
  readonly console: string;
  readonly feed: string;
  lastPageAt: string | undefined;
  reached: string | undefined;
  spooled: number;
  duplicates: number;
  fault: LastFault | undefined;
}

interface CollectorHealth {
  readonly collector: string;
  lastConfirmAt: string | undefined;
  confirmed: number;
  /** The position behind the last confirmed event. */
  position: number;
  fault: LastFault | undefined;
}

/** What is wrong now, in words; empty when ready. */
export type Reasons = readonly string[];

/**
 * What each feed and collector did last. Health is the age of the last success against a limit: a process that is up and
 * does nothing is not healthy.
 */
export class Health {
  readonly #feeds = new Map<string, FeedHealth>();
  readonly #collectors = new Map<string, CollectorHealth>();
  readonly #now: () => number;
  readonly #startedMs: number;

  constructor(feeds: readonly FeedKey[], collectors: readonly string[], now: () => number = Date.now) {
    this.#now = now;
    this.#startedMs = now();
    for (const { console, feed } of feeds) {
      this.#feeds.set(`${console}/${feed}`, {
        console,
        feed,
        lastPageAt: undefined,
        reached: undefined,
        spooled: 0,
        duplicates: 0,
        fault: undefined,
      });
    }
    for (const collector of collectors) {
      this.#collectors.set(collector, {
        collector,
        lastConfirmAt: undefined,
        confirmed: 0,
        position: 0,
        fault: undefined,
      });
    }
  }

  page({ key, added, duplicates, reached }: PageReport): void {
    const feed = this.#feeds.get(`${key.console}/${key.feed}`);
    if (feed === undefined) return;
    feed.lastPageAt = this.#iso();
    feed.reached = formatTime(reached);
    feed.spooled += added;
    feed.duplicates += duplicates;
    feed.fault = undefined;
  }

  window({ collector, events, end }: WindowReport): void {
    const health = this.#collectors.get(collector);
    if (health === undefined) return;
    health.lastConfirmAt = this.#iso();
    health.confirmed += events;
    health.position = end;
    health.fault = undefined;
  }

  feedFault(fault: FeedFault): void {
    const feed = this.#feeds.get(`${fault.key.console}/${fault.key.feed}`);
    if (feed !== undefined) feed.fault = this.#lastFault(fault);
  }

  deliveryFault(fault: DeliveryFault): void {
    const collector = this.#collectors.get(fault.collector);
    if (collector !== undefined) collector.fault = this.#lastFault(fault);
  }

  /** Why the bridge is not ready: feeds without a good page, and collectors that have failed for a while. */
  reasons(spoolFull: boolean): Reasons {
    const reasons: string[] = [];
    for (const { console, feed, lastPageAt, fault } of this.#feeds.values()) {
      if (lastPageAt === undefined) reasons.push(`${console}/${feed} has not read a page yet${because(fault)}`);
      else if (fault !== undefined && this.#ageMs(lastPageAt) > STALE_MS)
        reasons.push(`${console}/${feed} has read nothing since ${lastPageAt}${because(fault)}`);
    }
    for (const { collector, lastConfirmAt, fault } of this.#collectors.values()) {
      const sinceMs = lastConfirmAt === undefined ? this.#now() - this.#startedMs : this.#ageMs(lastConfirmAt);
      if (fault !== undefined && sinceMs > STALE_MS)
        reasons.push(`${collector} has confirmed nothing since ${lastConfirmAt ?? "the start"}${because(fault)}`);
    }
    if (spoolFull) reasons.push("the spool is full, and polling waits");
    return reasons;
  }

  toJSON(): { feeds: readonly FeedHealth[]; collectors: readonly CollectorHealth[] } {
    return { feeds: [...this.#feeds.values()], collectors: [...this.#collectors.values()] };
  }

  #lastFault({ error, attempt, retryInMs }: FeedFault | DeliveryFault): LastFault {
    return {
      code: codeOf(error),
      message: describeError(error),
      at: this.#iso(),
      attempt,
      retryAt: new Date(this.#now() + retryInMs).toISOString(),
    };
  }

  #iso(): string {
    return new Date(this.#now()).toISOString();
  }

  #ageMs(iso: string): number {
    return this.#now() - Date.parse(iso);
  }
}

/** A fault that lasts longer than this makes the bridge not ready. */
const STALE_MS = 2 * 60_000;

function because(fault: LastFault | undefined): string {
  return fault === undefined ? "" : `: ${fault.code} ${fault.message}`;
}

import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { DeliveryFault, WindowReport } from "../bridge/delivery.ts";
import type { FeedFault, PageReport } from "../bridge/intake.ts";
import type { OwnReport } from "../bridge/own-events.ts";
import { codeOf } from "./codes.ts";

/** The gauges that are read when Prometheus asks. */
export interface Sampled {
  readonly spoolEvents: number;
  readonly spoolBytes: number;
  readonly spoolFull: boolean;
  readonly tokens: readonly { readonly console: string; readonly expiresAtSeconds: number }[];
}

/** Everything on /metrics. Names are a contract: `s1bridge_<noun>_<unit>_total`. */
export class Metrics {
  readonly registry = new Registry();
  readonly #feed = ["console", "feed"];
  readonly #read = this.#counter("s1bridge_feed_records_read_total", "Records that the console sent.", this.#feed);
  readonly #added = this.#counter(
    "s1bridge_feed_events_spooled_total",
    "Events that were new and are in the spool.",
    this.#feed,
  );
  readonly #duplicates = this.#counter(
    "s1bridge_feed_duplicates_total",
    "Records read again in the overlap and dropped.",
    this.#feed,
  );
  readonly #excluded = this.#counter("s1bridge_feed_excluded_total", "Records left out by exclude_types.", this.#feed);
  readonly #dead = this.#counter(
    "s1bridge_feed_dead_letters_total",
    "Records that can not become an event, kept in dead-letters.ndjson.",
    this.#feed,
  );
  readonly #pages = this.#counter("s1bridge_feed_pages_total", "Pages read and stored.", this.#feed);
  readonly #feedFaults = this.#counter("s1bridge_feed_faults_total", "Failed reads, by error code.", [
    ...this.#feed,
    "code",
  ]);
  readonly #reached = this.#gauge(
    "s1bridge_feed_reached_timestamp_seconds",
    "How far the feed has been read, in the console's time.",
    this.#feed,
  );
  readonly #lastPage = this.#gauge(
    "s1bridge_feed_last_page_timestamp_seconds",
    "When the last page was stored.",
    this.#feed,
  );
  readonly #late = this.#counter(
    "s1bridge_feed_late_records_total",
    "New records behind the place up to which the feed had been read: the overlap found them.",
    this.#feed,
  );
  readonly #latest = new Map<string, number>();
  readonly #lateSeconds = this.#gauge(
    "s1bridge_feed_late_max_seconds",
    "How far the latest of them stood behind, the most since the start.",
    this.#feed,
  );
  readonly #overlap = this.#gauge(
    "s1bridge_feed_overlap_seconds",
    "How far each poll looks back; it grows by itself when records are later than it reaches.",
    this.#feed,
  );
  readonly #confirmed = this.#counter(
    "s1bridge_collector_events_confirmed_total",
    "Events that the collector has confirmed.",
    ["collector"],
  );
  readonly #bytes = this.#counter(
    "s1bridge_collector_bytes_confirmed_total",
    "Bytes of confirmed messages with their framing.",
    ["collector"],
  );
  readonly #windows = this.#counter(
    "s1bridge_collector_windows_confirmed_total",
    "Windows that the collector has confirmed.",
    ["collector"],
  );
  readonly #inDoubt = this.#counter(
    "s1bridge_collector_events_in_doubt_total",
    "Events sent in windows that were not confirmed; they are sent again.",
    ["collector"],
  );
  readonly #damaged = this.#counter(
    "s1bridge_spool_events_damaged_total",
    "Events that the disk gave back damaged; kept aside in the spool.",
    ["collector"],
  );
  readonly #unrouted = this.#counter(
    "s1bridge_events_unrouted_total",
    "Events that no collector matches, discarded; by the site, account or console that they belong to.",
    ["belongs_to"],
  );
  readonly #belongings = new Set<string>();
  readonly #dropped = this.#counter(
    "s1bridge_spool_events_dropped_total",
    "Events that were deleted to make room (when_full: drop_oldest) before the collector had confirmed them.",
    ["collector", ...this.#feed],
  );
  readonly #unconfirmed = this.#gauge(
    "s1bridge_collector_events_unconfirmed",
    "Events that were sent and are not confirmed: what a break now would send again. Only where a connection lasts.",
    ["collector"],
  );
  readonly #windowEvents = this.#gauge(
    "s1bridge_collector_window_events",
    "The most events that the next window may have; follows the time of a confirmation.",
    ["collector"],
  );
  readonly #faults = this.#counter("s1bridge_collector_faults_total", "Failed deliveries, by error code.", [
    "collector",
    "code",
  ]);
  readonly #own = this.#counter("s1bridge_own_events_total", "Heartbeats and notices that are in the spool.", [
    "console",
    "kind",
  ]);
  readonly #lastConfirm = this.#gauge(
    "s1bridge_collector_last_confirm_timestamp_seconds",
    "When the last window was confirmed.",
    ["collector"],
  );
  readonly #windowSeconds: Histogram;

  constructor(version: string, sample: () => Promise<Sampled>) {
    const { registry } = this;
    collectDefaultMetrics({ register: registry });
    this.#gauge("s1bridge_build_info", "1; the version is the label.", ["version"]).set({ version }, 1);
    this.#windowSeconds = new Histogram({
      name: "s1bridge_collector_window_seconds",
      help: "From a window's first byte to its confirmation.",
      labelNames: ["collector"],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 15, 60],
      registers: [registry],
    });
    const events = this.#gauge("s1bridge_spool_events", "Events in the spool that some collector has not confirmed.");
    const bytes = this.#gauge("s1bridge_spool_bytes", "Size of the spool on disk.");
    const full = this.#gauge("s1bridge_spool_full", "1 while a page waits for room in the spool.");
    const expiry = this.#gauge(
      "s1bridge_token_expiry_timestamp_seconds",
      "When the API token of a console expires; not there while it is not known.",
      ["console"],
    );
    // One question for all of them: prom-client awaits each collect in turn.
    Object.assign(events, {
      collect: async () => {
        const now = await sample();
        events.set(now.spoolEvents);
        bytes.set(now.spoolBytes);
        full.set(now.spoolFull ? 1 : 0);
        for (const { console, expiresAtSeconds } of now.tokens) expiry.set({ console }, expiresAtSeconds);
      },
    });
  }

  page(report: PageReport): void {
    const { key, read, added, duplicates, excluded, deadLetters, reached, dropped = [], late, overlapMs } = report;
    for (const { collector, console, feed, events } of dropped) this.#dropped.inc({ collector, console, feed }, events);
    const labels = { console: key.console, feed: key.feed };
    this.#pages.inc(labels);
    this.#read.inc(labels, read);
    this.#added.inc(labels, added);
    this.#duplicates.inc(labels, duplicates);
    this.#excluded.inc(labels, excluded);
    this.#dead.inc(labels, deadLetters);
    this.#reached.set(labels, reached / 1e6);
    this.#lastPage.setToCurrentTime(labels);
    this.#late.inc(labels, late.count);
    if (late.count > 0) this.#lateSeconds.set(labels, this.#mostLate(labels, late.maxBehindMs / 1000));
    if (overlapMs !== undefined) this.#overlap.set(labels, overlapMs / 1000);
  }

  window({ collector, events, bytes, damaged, unrouted, tookMs, unconfirmed, maxEvents }: WindowReport): void {
    this.#damaged.inc({ collector }, damaged);
    for (const [belongsTo, count] of Object.entries(unrouted)) {
      this.#unrouted.inc({ belongs_to: this.#labelOf(belongsTo) }, count);
    }
    this.#lastConfirm.setToCurrentTime({ collector });
    if (maxEvents === undefined) this.#unconfirmed.set({ collector }, unconfirmed);
    else this.#windowEvents.set({ collector }, maxEvents);
    // All of it was for other collectors: nothing was sent.
    if (events === 0) return;
    this.#windows.inc({ collector });
    this.#confirmed.inc({ collector }, events);
    this.#bytes.inc({ collector }, bytes);
    this.#windowSeconds.observe({ collector }, tookMs / 1000);
  }

  own({ console, what, events }: OwnReport): void {
    this.#own.inc({ console, kind: what }, events);
  }

  feedFault({ key, error }: FeedFault): void {
    this.#feedFaults.inc({ console: key.console, feed: key.feed, code: codeOf(error) });
  }

  deliveryFault({ collector, error, inDoubt }: DeliveryFault): void {
    this.#faults.inc({ collector, code: codeOf(error) });
    this.#inDoubt.inc({ collector }, inDoubt);
  }

  /** Sites come from the records: the number of time series has to have an end. */
  #labelOf(belongsTo: string): string {
    if (this.#belongings.size < MAX_BELONGINGS) this.#belongings.add(belongsTo);
    return this.#belongings.has(belongsTo) ? belongsTo : "others";
  }

  #mostLate({ console, feed }: { console: string; feed: string }, seconds: number): number {
    const key = `${console}/${feed}`;
    const most = Math.max(seconds, this.#latest.get(key) ?? 0);
    this.#latest.set(key, most);
    return most;
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}

const MAX_BELONGINGS = 1000;

import { Counter, Gauge, type Histogram, Registry } from "prom-client";
import type { DeliveryFault, WindowReport } from "../bridge/delivery.ts";
import type { FeedFault, PageReport } from "../bridge/intake.ts";
import type { OwnReport } from "../bridge/own-events.ts";
import type { CertificateReport, RequestReport } from "../bridge/ports.ts";
import { BulkHistogram } from "./bulk-histogram.ts";
import { codeOf } from "./codes.ts";
import { collectProcessMetrics } from "./process-metrics.ts";
import { METRICS, type MetricSpec } from "./metric-list.ts";
import type { BridgeStatus, FeedStatus } from "./status.ts";

/** What the metrics are read from when Prometheus asks, and what they need to know to count. */
export interface MetricsSources {
  readonly status: () => Promise<BridgeStatus>;
  /** Now by the console's clock, in milliseconds. */
  readonly consoleNow: (console: string) => number;
  /** How often a feed is polled; undefined where that is not even. */
  readonly intervalMs: (feed: Pick<FeedStatus, "console" | "feed">) => number | undefined;
}

type Made = {
  readonly [Key in keyof typeof METRICS]: {
    counter: Counter;
    gauge: Gauge;
    histogram: BulkHistogram;
  }[(typeof METRICS)[Key]["kind"]];
};

/** Everything on /metrics. */
export class Metrics {
  readonly registry = new Registry();
  readonly #sources: MetricsSources;
  readonly #made: Made;
  readonly #latest = new Map<string, number>();
  readonly #belongings = new Set<string>();

  constructor(version: string, sources: MetricsSources) {
    this.#sources = sources;
    collectProcessMetrics(this.registry);
    this.#made = Object.fromEntries(
      Object.entries<MetricSpec>(METRICS).map(([key, spec]) => [key, make(spec, this.registry)]),
    ) as unknown as Made;
    this.#made.build.set({ version }, 1);
  }

  /** The text for Prometheus. One look at the status for all gauges, so that they fit together. */
  async text(): Promise<string> {
    this.#sample(await this.#sources.status());
    return await this.registry.metrics();
  }

  page(report: PageReport): void {
    const { key, read, added, duplicates, excluded, deadLetters, reached, dropped = [], late, overlapMs } = report;
    const made = this.#made;
    for (const { collector, console, feed, events } of dropped) made.dropped.inc({ collector, console, feed }, events);
    for (const { letters, ...from } of report.droppedLetters ?? []) made.droppedLetters.inc({ ...from }, letters);
    const labels = { console: key.console, feed: key.feed };
    made.pages.inc(labels);
    made.read.inc(labels, read);
    made.added.inc(labels, added);
    made.duplicates.inc(labels, duplicates);
    made.excluded.inc(labels, excluded);
    made.dead.inc(labels, deadLetters);
    made.reached.set(labels, reached / 1e6);
    made.lastPage.setToCurrentTime(labels);
    made.late.inc(labels, late.count);
    if (late.count > 0) made.lateSeconds.set(labels, this.#mostLate(labels, late.maxBehindMs / 1000));
    if (overlapMs !== undefined) made.overlap.set(labels, overlapMs / 1000);
  }

  window(report: WindowReport): void {
    const { collector, events, bytes, damaged, unrouted, tookMs, unconfirmed, maxEvents } = report;
    const made = this.#made;
    made.damaged.inc({ collector }, damaged);
    for (const [belongsTo, count] of Object.entries(unrouted)) {
      made.unrouted.inc({ belongs_to: this.#labelOf(belongsTo) }, count);
    }
    made.lastConfirm.setToCurrentTime({ collector });
    if (maxEvents === undefined) made.unconfirmed.set({ collector }, unconfirmed);
    else made.windowEvents.set({ collector }, maxEvents);
    // All of it was for other collectors: nothing was sent.
    if (events === 0) return;
    made.windows.inc({ collector });
    made.confirmed.inc({ collector }, events);
    made.bytes.inc({ collector }, bytes);
    made.windowSeconds.observeMany({ collector }, 1, () => tookMs / 1000);
    this.#observeLatency(report);
  }

  own({ console, what, events }: OwnReport): void {
    this.#made.own.inc({ console, kind: what }, events);
  }

  feedFault({ key, error }: FeedFault): void {
    this.#made.feedFaults.inc({ console: key.console, feed: key.feed, code: codeOf(error) });
  }

  deliveryFault({ collector, error, inDoubt }: DeliveryFault): void {
    this.#made.faults.inc({ collector, code: codeOf(error) });
    this.#made.inDoubt.inc({ collector }, inDoubt);
  }

  request({ console, path, status, tookMs, waitedMs }: RequestReport): void {
    this.#made.requests.observeMany({ console, path, status: String(status ?? "none") }, 1, () => tookMs / 1000);
    this.#made.limitWait.inc({ console, path }, waitedMs / 1000);
  }

  certificate({ peer, name, expiresMs }: CertificateReport): void {
    this.#made.certificateExpiry.set({ peer, name }, expiresMs / 1000);
  }

  #observeLatency({ collector, batches }: WindowReport): void {
    for (const { origin, times } of batches) {
      if (origin === undefined || times === undefined || times.length === 0) continue;
      const { console, feed } = origin;
      const now = this.#sources.consoleNow(console) * 1000;
      this.#made.latency.observeMany({ console, feed, collector }, times.length, (at) =>
        Math.max(0, (now - (times[at] ?? now)) / 1e6),
      );
    }
  }

  #sample({ ready, spool, consoles, feeds, collectors, at }: BridgeStatus): void {
    const made = this.#made;
    made.ready.set(ready ? 1 : 0);
    made.spoolEvents.set(spool.events);
    made.spoolBytes.set(spool.bytes);
    made.spoolMax.set(spool.maxBytes);
    made.spoolFull.set(spool.full ? 1 : 0);
    if (spool.diskFreeBytes !== null) made.diskFree.set(spool.diskFreeBytes);
    made.spoolOldest.set(spool.oldestSeconds ?? 0);
    // What a reload has taken away is not told any more.
    const ofParts = ["skew", "tokenExpiry", "tokenLeft", "lag", "failing", "parked", "interval", "waiting"] as const;
    for (const key of [...ofParts, "oldestWaiting"] as const) made[key].reset();
    for (const { console, skewSeconds, tokenExpiresAt, tokenSecondsLeft } of consoles) {
      made.skew.set({ console }, skewSeconds);
      if (tokenExpiresAt !== null) made.tokenExpiry.set({ console }, Date.parse(tokenExpiresAt) / 1000);
      if (tokenSecondsLeft !== null) made.tokenLeft.set({ console }, tokenSecondsLeft);
    }
    for (const status of feeds) this.#sampleFeed(status, Date.parse(at));
    for (const { collector, waiting, oldestWaitingSeconds } of collectors) {
      made.waiting.set({ collector }, waiting);
      made.oldestWaiting.set({ collector }, oldestWaitingSeconds ?? 0);
    }
  }

  #sampleFeed({ console, feed, state, fault, lagSeconds }: FeedStatus, nowMs: number): void {
    const made = this.#made;
    const labels = { console, feed };
    if (lagSeconds !== null) made.lag.set(labels, lagSeconds);
    made.failing.set(labels, fault === null ? 0 : Math.max(0, (nowMs - Date.parse(fault.since)) / 1000));
    made.parked.set(labels, state === "parked" ? 1 : 0);
    const intervalMs = this.#sources.intervalMs(labels);
    if (intervalMs !== undefined) made.interval.set(labels, intervalMs / 1000);
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
}

const MAX_BELONGINGS = 1000;

function make({ kind, name, help, labels, buckets }: MetricSpec, registry: Registry): Counter | Gauge | Histogram {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  switch (kind) {
    case "counter":
      return new Counter(options);
    case "gauge":
      return new Gauge(options);
    case "histogram":
      return new BulkHistogram({ ...options, buckets: [...(buckets ?? [])] });
  }
}

/**
 * Every metric of s1bridge: src/telemetry/metrics.ts makes them of it, and docs/metrics.md is generated from it. Names are a
 * contract, `s1bridge_<noun>_<unit>_total`: they are added to, not renamed.
 */
export interface MetricSpec {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly name: string;
  readonly labels: readonly string[];
  readonly help: string;
  /** What to make of it, where that is not said by the help alone. */
  readonly watch?: string;
  /** Of a histogram. */
  readonly buckets?: readonly number[];
}

const FEED = ["console", "feed"] as const;
const COLLECTOR = ["collector"] as const;

export const METRICS = {
  build: gauge("s1bridge_build_info", ["version"], "1; the version is the label."),
  ready: gauge(
    "s1bridge_ready",
    [],
    "1 while /readyz says so.",
    "0 for minutes: /readyz and `s1bridge status` say why.",
  ),

  read: counter("s1bridge_feed_records_read_total", FEED, "Records that the console sent."),
  added: counter(
    "s1bridge_feed_events_spooled_total",
    FEED,
    "Events that were new and are in the spool.",
    "No increase for hours although pages are read: connected, but no data. Is the scope right, does the console still record?",
  ),
  duplicates: counter(
    "s1bridge_feed_duplicates_total",
    FEED,
    "Records read again in the overlap and dropped.",
    "Normal: each poll looks back. These never reach a collector.",
  ),
  excluded: counter("s1bridge_feed_excluded_total", FEED, "Records left out by exclude_types."),
  dead: counter(
    "s1bridge_feed_dead_letters_total",
    FEED,
    "Records that can not become an event, kept in dead-letters.ndjson.",
    "Any: look into the file.",
  ),
  droppedLetters: counter(
    "s1bridge_feed_dead_letters_dropped_total",
    FEED,
    "Records of dead-letters.ndjson that were deleted to make room for later ones (spool.dead_letters_max_size).",
    "Any: the console sends many records that are none, or the size is too small.",
  ),
  pages: counter("s1bridge_feed_pages_total", FEED, "Pages read and stored."),
  feedFaults: counter(
    "s1bridge_feed_faults_total",
    [...FEED, "code"],
    "Failed reads, by error code.",
    "errors.md has the codes.",
  ),
  reached: gauge(
    "s1bridge_feed_reached_timestamp_seconds",
    FEED,
    "How far the feed has been read, in the console's time.",
  ),
  lastPage: gauge(
    "s1bridge_feed_last_page_timestamp_seconds",
    FEED,
    "When the last page was stored.",
    "Older than a few intervals: the console gives nothing, not even an empty page.",
  ),
  interval: gauge(
    "s1bridge_feed_interval_seconds",
    FEED,
    "How often the feed is polled; not there for one with `cron`.",
  ),
  lag: gauge(
    "s1bridge_feed_lag_seconds",
    FEED,
    "Everything older than this has been confirmed by every collector.",
    "More than a few intervals: events arrive late.",
  ),
  failing: gauge(
    "s1bridge_feed_failing_seconds",
    FEED,
    "For how long no read was good; 0 while the last one was.",
    "More than some minutes: the fault does not pass by itself.",
  ),
  parked: gauge(
    "s1bridge_feed_parked",
    FEED,
    "1 while the console refuses the feed, so that it is only looked at now and then.",
    "1: a permission, a scope or the token is missing; nothing of the feed arrives.",
  ),
  late: counter(
    "s1bridge_feed_late_records_total",
    FEED,
    "New records behind the place up to which the feed had been read: the overlap found them.",
  ),
  lateSeconds: gauge(
    "s1bridge_feed_late_max_seconds",
    FEED,
    "How far the latest of them stood behind, the most since the start.",
    "Near the overlap: raise `overlap`.",
  ),
  overlap: gauge(
    "s1bridge_feed_overlap_seconds",
    FEED,
    "How far each poll looks back; it grows by itself when records are later than it reaches.",
  ),
  latency: histogram(
    "s1bridge_feed_delivery_seconds",
    [...FEED, "collector"],
    "From an event's own time in the console to its confirmation by the collector, on the console's clock.",
    [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400],
    "What users feel. Old events, as after an outage or with `start: 24h`, count with their age.",
  ),

  requests: histogram(
    "s1bridge_api_request_seconds",
    ["console", "path", "status"],
    "Requests to the console by path and HTTP status, from the first byte to the last; status `none`: no answer.",
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    "Many 429: the token's limits are reached, perhaps by other programs. Slow answers: the console is under load.",
  ),
  limitWait: counter(
    "s1bridge_api_rate_limit_wait_seconds_total",
    ["console", "path"],
    "How long requests have waited for their turn within the rate limits.",
    "Rising nearly one second a second: the limits are what holds the bridge up.",
  ),
  skew: gauge(
    "s1bridge_console_clock_skew_seconds",
    ["console"],
    "How far the console's clock is ahead of ours.",
    "More than a minute: mend this machine's time. Nothing is lost, for the bridge asks by the console's clock.",
  ),
  tokenExpiry: gauge(
    "s1bridge_token_expiry_timestamp_seconds",
    ["console"],
    "When the API token of a console expires; not there while it is not known.",
  ),
  tokenLeft: gauge(
    "s1bridge_token_left_seconds",
    ["console"],
    "The time until then; below 0 when it is over.",
    "Less than 30 days: make a new token.",
  ),
  certificateExpiry: gauge(
    "s1bridge_certificate_expiry_timestamp_seconds",
    ["peer", "name"],
    "When the certificate that was shown last expires; `peer` is `collector` or `console`.",
    "Less than two weeks: renew it, or connections will be refused.",
  ),

  confirmed: counter(
    "s1bridge_collector_events_confirmed_total",
    COLLECTOR,
    "Events that the collector has confirmed.",
  ),
  bytes: counter(
    "s1bridge_collector_bytes_confirmed_total",
    COLLECTOR,
    "Bytes of confirmed messages with their framing.",
  ),
  windows: counter(
    "s1bridge_collector_windows_confirmed_total",
    COLLECTOR,
    "Windows that the collector has confirmed.",
  ),
  inDoubt: counter(
    "s1bridge_collector_events_in_doubt_total",
    COLLECTOR,
    "Events sent in windows that were not confirmed; they are sent again.",
    "At most so many duplicates have reached the collector. Growing all the time: something cuts connections.",
  ),
  unconfirmed: gauge(
    "s1bridge_collector_events_unconfirmed",
    COLLECTOR,
    "Events that were sent and are not confirmed: what a break now would send again. Only where a connection lasts.",
  ),
  windowEvents: gauge(
    "s1bridge_collector_window_events",
    COLLECTOR,
    "The most events that the next window may have; follows the time of a confirmation.",
  ),
  windowSeconds: histogram(
    "s1bridge_collector_window_seconds",
    COLLECTOR,
    "From a window's first byte to its confirmation.",
    [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 15, 60],
  ),
  faults: counter(
    "s1bridge_collector_faults_total",
    [...COLLECTOR, "code"],
    "Failed deliveries, by error code.",
    "errors.md has the codes.",
  ),
  lastConfirm: gauge(
    "s1bridge_collector_last_confirm_timestamp_seconds",
    COLLECTOR,
    "When the last window was confirmed.",
  ),
  waiting: gauge(
    "s1bridge_collector_events_waiting",
    COLLECTOR,
    "Events of the spool behind what the collector has confirmed, those for other collectors included.",
  ),
  oldestWaiting: gauge(
    "s1bridge_collector_oldest_waiting_seconds",
    COLLECTOR,
    "How long the oldest of them has waited; 0 when there is none.",
    "More than some minutes: the collector is down or too slow.",
  ),

  spoolEvents: gauge("s1bridge_spool_events", [], "Events in the spool that some collector has not confirmed."),
  spoolBytes: gauge("s1bridge_spool_bytes", [], "Size of the spool on disk."),
  spoolMax: gauge("s1bridge_spool_max_bytes", [], "How large it may become: spool.max_size."),
  spoolFull: gauge(
    "s1bridge_spool_full",
    [],
    "1 while a page waits for room in the spool.",
    "1: polling waits, or with `drop_oldest` events are deleted. The console keeps what is not read, for as long as it does.",
  ),
  diskFree: gauge(
    "s1bridge_spool_disk_free_bytes",
    [],
    "What the spool's file system has left.",
    "Less than spool.min_free: polling waits.",
  ),
  spoolOldest: gauge(
    "s1bridge_spool_oldest_seconds",
    [],
    "How long the oldest event in the spool has waited; 0 when there is none.",
  ),
  damaged: counter(
    "s1bridge_spool_events_damaged_total",
    COLLECTOR,
    "Events that the disk gave back damaged, or that can not be mapped; kept aside in the spool.",
    "Any: check the disk; `s1bridge spool check`.",
  ),
  dropped: counter(
    "s1bridge_spool_events_dropped_total",
    [...COLLECTOR, ...FEED],
    "Events that were deleted to make room (when_full: drop_oldest) before the collector had confirmed them.",
    "Any: they are lost for that collector until `s1bridge backfill`.",
  ),
  unrouted: counter(
    "s1bridge_events_unrouted_total",
    ["belongs_to"],
    "Events that no collector matches, discarded; by the site, account or console that they belong to.",
    "Any: `s1bridge routes` shows which site goes where.",
  ),
  own: counter("s1bridge_own_events_total", ["console", "kind"], "Heartbeats and notices that are in the spool."),
} as const;

function counter(name: string, labels: readonly string[], help: string, watch = "") {
  return { kind: "counter", name, labels, help, watch } as const;
}

function gauge(name: string, labels: readonly string[], help: string, watch = "") {
  return { kind: "gauge", name, labels, help, watch } as const;
}

function histogram(name: string, labels: readonly string[], help: string, buckets: readonly number[], watch = "") {
  return { kind: "histogram", name, labels, help, watch, buckets } as const;
}

import type { HistoryReport } from "../../src/telemetry/history.ts";
import type {
  BridgeStatus,
  CollectorStatus,
  ConsoleStatus,
  FaultStatus,
  FeedStatus,
  IncidentStatus,
  SpoolStatus,
} from "../../src/telemetry/status.ts";

/** Statuses as a bridge would tell them, for tests of what is made of them. */

export const AT = "2026-11-22T14:03:22.000Z";

export function ago(seconds: number): string {
  return new Date(Date.parse(AT) - seconds * 1000).toISOString();
}

export function statusOf(made: Partial<BridgeStatus> = {}): BridgeStatus {
  return {
    source: "daemon",
    at: AT,
    version: "0.1.0",
    pid: 4711,
    startedAt: ago(9 * 86_400),
    ready: true,
    reasons: [],
    consoles: [consoleOf("acme")],
    feeds: [feedOf("acme", "activities"), feedOf("acme", "threats")],
    collectors: [collectorOf("sentinel")],
    spool: spoolOf(),
    unrouted: [],
    refused: null,
    incidents: [],
    ...made,
  };
}

export function consoleOf(console: string, made: Partial<ConsoleStatus> = {}): ConsoleStatus {
  const tokenSecondsLeft = made.tokenSecondsLeft ?? 143 * 86_400;
  return {
    console,
    version: "S-25.2.4#45",
    skewSeconds: 0.4,
    tokenExpiresAt: ago(-tokenSecondsLeft),
    tokenSecondsLeft,
    ...made,
  };
}

export function feedOf(console: string, feed: string, made: Partial<FeedStatus> = {}): FeedStatus {
  return {
    console,
    feed,
    state: "ok",
    lastPageAt: ago(12),
    reached: ago(22),
    newestConfirmedAt: ago(31),
    lagSeconds: 22,
    eventsPerMinute: 0,
    spooled: 0,
    duplicates: 0,
    late: 0,
    latestSeconds: null,
    deadLetters: 0,
    total: { events: 0, duplicates: 0, late: 0, deadLetters: 0, dropped: 0, damaged: 0, heartbeats: 0 },
    fault: null,
    ...made,
  };
}

export function collectorOf(collector: string, made: Partial<CollectorStatus> = {}): CollectorStatus {
  return {
    collector,
    state: "ok",
    connected: true,
    lastConfirmAt: ago(1),
    confirmed: 0,
    eventsPerMinute: 0,
    inDoubt: 0,
    inDoubtTotal: 0,
    position: 0,
    waiting: 0,
    oldestWaitingAt: null,
    oldestWaitingSeconds: null,
    fault: null,
    ...made,
  };
}

export function spoolOf(made: Partial<SpoolStatus> = {}): SpoolStatus {
  return {
    id: "5f0c9d3e",
    bytes: 9.4 * 2 ** 20,
    maxBytes: 2 * 2 ** 30,
    events: 0,
    end: 8_412_733,
    full: false,
    diskFreeBytes: 31.2 * 2 ** 30,
    minFreeBytes: 256 * 2 ** 20,
    oldestAt: null,
    oldestSeconds: null,
    ...made,
  };
}

export function faultOf(code: string, message: string, made: Partial<FaultStatus> = {}): FaultStatus {
  return { code, message, since: ago(200), at: ago(5), attempt: 17, retryAt: ago(-9), ...made };
}

export function incidentOf(about: string, code: string, made: Partial<IncidentStatus> = {}): IncidentStatus {
  const kind = about.includes("/") ? "feed" : "collector";
  return { kind, about, code, message: "", since: ago(200), at: ago(5), times: 17, overAt: null, ...made };
}

const STEPS = 359;

/** A bridge that has been busy for hours, with a collector that was away for a while in the night. */
export function busyDay(): BridgeStatus {
  return statusOf({
    consoles: [consoleOf("acme"), consoleOf("initech", { version: "S-25.1.3#12", tokenSecondsLeft: 19 * 86_400 })],
    feeds: [
      busyFeed("acme", "activities", 1184, 26),
      busyFeed("acme", "threats", 3, 24, { late: 4, latestSeconds: 41 }),
      busyFeed("acme", "agents", 42, 611, {}, 640),
      busyFeed("acme", "policies", 0, 2210, {}, 2200),
      busyFeed("initech", "activities", 386, 29),
      busyFeed("initech", "threats", 0, 27),
    ],
    collectors: [
      collectorOf("sentinel", {
        confirmed: 812_466,
        eventsPerMinute: 1611,
        waiting: 27,
        oldestWaitingAt: ago(1),
        oldestWaitingSeconds: 0.8,
      }),
      collectorOf("huntress", { confirmed: 91_204, eventsPerMinute: 131, lastConfirmAt: ago(3) }),
    ],
    spool: spoolOf({ events: 27, oldestAt: ago(1), oldestSeconds: 0.8 }),
    incidents: [
      incidentOf("huntress", "BRIDGE_COLLECTOR_BROKEN", {
        message: "the connection to huntress.acme.example:6514 was reset before the window was confirmed",
        since: ago(11_200),
        at: ago(11_020),
        overAt: ago(11_000),
        times: 14,
      }),
      incidentOf("acme/activities", "BRIDGE_FEED_UNAVAILABLE", {
        message: "GET /web/api/v2.1/activities: 503 Service Unavailable",
        since: ago(40_000),
        at: ago(39_960),
        overAt: ago(39_940),
        times: 4,
      }),
    ],
  });
}

/** The same, a few minutes after one of its collectors was switched off. */
export function collectorDown(): BridgeStatus {
  const day = busyDay();
  const message = "siem.acme.example:6514 can not be reached: connect ECONNREFUSED 203.0.113.7:6514";
  const fault = faultOf("BRIDGE_COLLECTOR_UNREACHABLE", message);
  const waits = { oldestAt: ago(200), oldestSeconds: 200 };
  return {
    ...day,
    ready: false,
    reasons: [`sentinel has confirmed nothing since ${ago(203)}: ${fault.code} ${message}`],
    feeds: day.feeds.map((feed) => ({ ...feed, lagSeconds: (feed.lagSeconds ?? 0) + 203 })),
    collectors: day.collectors.map((one) =>
      one.collector === "sentinel"
        ? {
            ...one,
            state: "failing",
            connected: false,
            lastConfirmAt: ago(203),
            eventsPerMinute: 0,
            inDoubt: 512,
            waiting: 5380,
            oldestWaitingAt: waits.oldestAt,
            oldestWaitingSeconds: waits.oldestSeconds,
            fault,
          }
        : one,
    ),
    spool: spoolOf({ ...waits, events: 5380, bytes: 16.1 * 2 ** 20 }),
    incidents: [incidentOf("sentinel", fault.code, { message }), ...day.incidents],
  };
}

function busyFeed(
  console: string,
  feed: string,
  eventsPerMinute: number,
  lagSeconds: number,
  made: Partial<FeedStatus> = {},
  lastPageSeconds = 12,
): FeedStatus {
  const none = feedOf(console, feed).total;
  return feedOf(console, feed, {
    eventsPerMinute,
    lagSeconds,
    lastPageAt: ago(lastPageSeconds),
    total: { ...none, events: 3120 + eventsPerMinute * 2417 },
    ...made,
  });
}

/** Made of waves, so that it is the same each time. Collectors that fail now were well until three minutes ago. */
export function historyOf({ at, feeds, collectors }: Pick<BridgeStatus, "at" | "feeds" | "collectors">): HistoryReport {
  const steps = Array.from({ length: STEPS }, (_, step) => step);
  const wave = (level: number, seed: number) =>
    steps.map((step) => {
      const slow = 0.75 + 0.3 * Math.sin((step + seed * 37) / 55);
      const quick = 0.12 * Math.sin(step * 1.7 + seed) + 0.08 * Math.sin(step * 0.61 * (1 + seed / 9));
      return Math.max(0, Math.round(level * (slow + quick) * 10) / 10);
    });
  // In the night, for four minutes, the second collector was away.
  const away = (step: number): number => (step >= 172 && step < 176 ? step - 171 : 0);
  const isPolledOften = (feed: string): boolean => feed === "activities" || feed === "threats";
  return {
    stepSeconds: 60,
    until: at,
    feeds: feeds.map(({ console, feed, eventsPerMinute }, seed) => ({
      console,
      feed,
      events: wave(eventsPerMinute, seed),
      lagSeconds: steps.map((step) => {
        const turn = isPolledOften(feed) ? 24 + ((step * 7 + seed * 3) % 9) : (step * 60) % 3600;
        return turn + away(step) * 60;
      }),
    })),
    collectors: collectors.map(({ collector, eventsPerMinute, fault }, seed) => ({
      collector,
      events: wave(fault === null ? eventsPerMinute : 1611, seed).map((value, step) => {
        if (fault !== null && step >= STEPS - 3) return 0;
        if (seed === 1 && away(step) > 0) return 0;
        return seed === 1 && step === 176 ? value * 4.6 : value;
      }),
      oldestWaitingSeconds: steps.map((step) => {
        if (fault !== null && step >= STEPS - 3) return (step - STEPS + 4) * 60;
        return seed === 1 && away(step) > 0 ? away(step) * 50 : 0.4 + ((step * 13 + seed) % 7) / 8;
      }),
    })),
    spool: {
      events: steps.map((step) => away(step) * 131 + 18 + ((step * 11) % 17)),
      bytes: steps.map((step) => away(step) * 90_000 + 9.2e6 + ((step * 7919) % 400_000)),
    },
  };
}

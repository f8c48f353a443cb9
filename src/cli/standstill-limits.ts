import type { Config } from "../config/schema.ts";
import type { StandstillLimits } from "../telemetry/standstill.ts";

/** Longer than every time limit of a request or a delivery, so that only what hangs reaches it. */
const MARGIN_MS = 15 * 60_000;

const HOUR_MS = 60 * 60_000;

/** How long nothing may come of a feed or a collector, as it is configured. */
export function standstillLimits({ consoles, collectors }: Config): StandstillLimits {
  const polls = new Map<string, number>();
  const intervals = new Map<string, number>();
  for (const { name, feeds, requests_per_hour: perHour } of consoles) {
    const configured = Object.entries(feeds).filter(([, feed]) => feed !== undefined);
    // A poll waits for its turn in the budget of requests, and consoles with one token share theirs.
    const turnsMs = perHour === undefined ? 0 : (2 * consoles.length * configured.length * HOUR_MS) / perHour;
    for (const [feed, options] of configured) {
      if (options?.every === undefined) continue;
      polls.set(`${name}/${feed}`, options.every + turnsMs);
      intervals.set(`${name}/${feed}`, options.every);
    }
  }
  // `confirm: window` keeps what was acknowledged for up to twice the resend time.
  const keptMs = Math.max(0, ...collectors.map(({ resend_time: kept }) => 2 * (kept ?? 0)));
  const dueMs: StandstillLimits["dueMs"] = ({ console, feed }) => polls.get(`${console}/${feed}`);
  return {
    feedMs: (feed) => {
      const due = dueMs(feed);
      return due === undefined ? undefined : due + MARGIN_MS;
    },
    dueMs,
    collectorMs: keptMs + MARGIN_MS,
    intervalMs: ({ console, feed }) => intervals.get(`${console}/${feed}`),
  };
}

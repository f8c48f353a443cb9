import { setTimeout as sleep } from "node:timers/promises";
import { BridgeProcess } from "../bridge-process.ts";
import type { Shown } from "../live-console-process.ts";
import { Peer } from "../processes.ts";
import { quantile } from "../slope.ts";
import { type Row, ms, secondsSince, under, whole } from "./row.ts";

const PER_SECOND = 100;
const SECONDS = 60;
const INTERVAL_MS = 5000;
const SETTLE_MS = 2000;
/** Longer than the default overlap, which each poll reads again: 30 pages of what is known, at 10 requests a second. */
const HISTORY_SECONDS = 6 * 60;
/** What happens while the history is read is no measure, and what happens at the end may not be there yet. */
const WARM_MS = 15_000;
const TAIL_MS = INTERVAL_MS + SETTLE_MS + 6000;

/** How long an event takes from the console to a collector's confirmation, when little happens. */
export const latency: Row = {
  name: "latency",
  about: `${PER_SECOND} events/s, polled every ${INTERVAL_MS / 1000} s with ${SETTLE_MS / 1000} s to settle: from visible to confirmed`,
  async run(_, progress) {
    await using console = await Peer.start<{ url: string }>("./live-console-process.ts", {
      perSecond: PER_SECOND,
      seconds: SECONDS + 60,
      historySeconds: HISTORY_SECONDS,
    });
    await using collector = await Peer.start<{ address: string }>("./confirming-collector-process.ts", {});
    await using _bridge = await BridgeProcess.start({
      consoles: [console.told.url],
      collectors: [collector.told.address],
      feeds: `activities: { every: ${INTERVAL_MS / 1000}s, settle: ${SETTLE_MS / 1000}s, start: ${HISTORY_SECONDS}s }`,
    });
    const [startedMs, begunMs] = [performance.now(), Date.now()];
    while (secondsSince(startedMs) < SECONDS) {
      progress(`${whole(secondsSince(startedMs))} of ${SECONDS} s`);
      await sleep(1000);
    }
    const endedMs = Date.now();
    const shown = Object.entries((await console.ask("shown")) as Record<string, Shown>);
    const confirmed = (await collector.ask("confirmed")) as Record<string, number>;
    const measured = shown
      .filter(([, { createdMs }]) => createdMs > begunMs + WARM_MS && createdMs < endedMs - TAIL_MS)
      .map(([id, { createdMs, shownMs }]) => {
        const confirmedMs = confirmed[id] ?? Infinity;
        return { whole: confirmedMs - createdMs, poll: shownMs - createdMs, bridge: confirmedMs - shownMs };
      });
    const parts = {
      all: spread(measured, "whole"),
      poll: spread(measured, "poll"),
      bridge: spread(measured, "bridge"),
    };
    return {
      figures: { events: measured.length, intervalMs: INTERVAL_MS, settleMs: SETTLE_MS, ...parts },
      lines: [
        `visible to confirmed:         ${told(parts.all)}, of ${whole(measured.length)} events`,
        `  until the console shows it: ${told(parts.poll)}, which is interval, settling and the pages before it`,
        `  from there in the bridge:   ${told(parts.bridge)}`,
      ],
      targets: [
        under("p99, poll interval + settle + 1 s", INTERVAL_MS + SETTLE_MS + 1000, parts.all.p99Ms, ms),
        under("p99 of the bridge's part", 250, parts.bridge.p99Ms, ms),
      ],
    };
  },
};

interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

function spread<Key extends string>(measured: readonly Readonly<Record<Key, number>>[], part: Key): Spread {
  const values = measured.map((one) => one[part]);
  return { p50Ms: quantile(values, 0.5), p99Ms: quantile(values, 0.99), maxMs: quantile(values, 1) };
}

function told({ p50Ms, p99Ms, maxMs }: Spread): string {
  return `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}, at most ${ms(maxMs)}`;
}

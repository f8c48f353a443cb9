import { setTimeout as sleep } from "node:timers/promises";
import { BridgeProcess, UNLIMITED } from "../bridge-process.ts";
import { type FilledSpool, filledSpool } from "../filled-spool.ts";
import type { Peer } from "../processes.ts";
import { startCollector, startConsole } from "./end-to-end.ts";
import { MOST_RESIDENT_BYTES, type Progress, type Row, mb, secondsSince, under, whole } from "./row.ts";

/** So long the collectors are given what is behind: the peak comes early. */
const DRAIN_SECONDS = 40;

/** Four collectors are away while four consoles are read, and come back: each gets everything. */
export const behind: Row = {
  name: "behind",
  about: "memory and disk with many events behind, 4 consoles, 4 collectors that come back",
  async run({ behind: events }, progress) {
    const spool = await filledSpool(events, progress);
    const drained = await drainToFour(spool, progress);
    const { perSecond, peakBytes, bytesPerEvent, writtenPerEvent } = spool;
    return {
      figures: { events, perSecond, peakBytes, bytesPerEvent, writtenPerEvent, drained },
      lines: [
        `${whole(events)} behind:            ${whole(perSecond)} events/s into the spool, peak ${mb(peakBytes)} resident`,
        `on disk:                      ${whole(bytesPerEvent)} bytes per event, ${whole(writtenPerEvent)} written for each`,
        `four collectors come back:    ${whole(drained.perSecond)} messages/s to all of them, peak ${mb(drained.peakBytes)} resident`,
      ],
      targets: [
        under("resident while it falls behind", MOST_RESIDENT_BYTES, peakBytes, mb),
        under("resident while four collectors catch up", MOST_RESIDENT_BYTES, drained.peakBytes, mb),
      ],
    };
  },
};

async function drainToFour(spool: FilledSpool, progress: Progress): Promise<{ perSecond: number; peakBytes: number }> {
  await using console = await startConsole({ events: 0 });
  await using collectors = new AsyncDisposableStack();
  const started: Peer<{ address: string }>[] = [];
  for (let at = 0; at < 4; at += 1) started.push(collectors.use(await startCollector({ events: 0, countOnly: true })));
  await using bridge = await BridgeProcess.prepare({
    consoles: Array.from({ length: 4 }, () => console.told.url),
    collectors: started.map(({ told }) => told.address),
    feeds: UNLIMITED,
  });
  spool.copyTo(bridge);
  bridge.begin();
  await bridge.opened();
  const startedMs = performance.now();
  const messages = 4 * spool.events;
  let count = 0;
  while (secondsSince(startedMs) < DRAIN_SECONDS && count < messages) {
    await sleep(500);
    const counts = await Promise.all(started.map(async (one) => ((await one.ask("count")) as { count: number }).count));
    count = counts.reduce((sum, one) => sum + one, 0);
    progress(`${whole(count)} of ${whole(messages)} messages at the collectors`);
  }
  return { perSecond: count / secondsSince(startedMs), peakBytes: bridge.peakBytes };
}

import { setTimeout as sleep } from "node:timers/promises";
import { BridgeProcess } from "../bridge-process.ts";
import { startCollector, startConsole } from "./end-to-end.ts";
import { MOST_RESIDENT_BYTES, type Row, mb, percent, under } from "./row.ts";

/** Two polls of each feed. */
const SECONDS = 60;

/** Nothing happens: four consoles with two feeds each are polled every 30 s. */
export const rest: Row = {
  name: "rest",
  about: `at rest for ${SECONDS} s, 8 feeds every 30 s: share of a core`,
  async run() {
    await using console = await startConsole({ events: 1000 });
    await using collector = await startCollector({ events: 0 });
    const { url } = console.told;
    await using bridge = await BridgeProcess.start({
      consoles: [url, url, url, url],
      collectors: [collector.told.address],
      feeds: "activities: { every: 30s, start: now }, threats: { every: 30s, start: now }",
    });
    await bridge.ready();
    await sleep(10_000);
    const cpuBefore = bridge.cpuSeconds;
    await sleep(SECONDS * 1000);
    const share = (bridge.cpuSeconds - cpuBefore) / SECONDS;
    const { peakBytes } = bridge;
    return {
      figures: { seconds: SECONDS, share, peakBytes },
      lines: [`at rest, 8 feeds:             ${percent(share)} of a core, peak ${mb(peakBytes)} resident`],
      targets: [
        under("share of a core at rest", 0.005, share, percent),
        under("resident at rest", MOST_RESIDENT_BYTES, peakBytes, mb),
      ],
    };
  },
};

import { setTimeout as sleep } from "node:timers/promises";
import { BridgeProcess, start } from "../processes.ts";
import { type Row, mb } from "./row.ts";

const SECONDS = 60;

/** Nothing happens: four consoles with two feeds each are polled every 30 s. */
export const rest: Row = {
  name: "rest",
  about: `at rest for ${SECONDS} s, 8 feeds every 30 s: share of a core`,
  async run() {
    const console = await start<{ url: string }>("./console-process.ts", 1000);
    const collector = await start<{ address: string }>("./collector-process.ts", 1);
    const { url } = console.told;
    const bridge = await BridgeProcess.start({
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
    await bridge.stop();
    await Promise.all([console.stop(), collector.stop()]);
    return {
      figures: { seconds: SECONDS, share, peakBytes },
      lines: [`at rest, 8 feeds:             ${(share * 100).toFixed(2)} % of a core, peak ${mb(peakBytes)} resident`],
    };
  },
};

import { BridgeProcess, start } from "../processes.ts";
import { type Row, secondsSince } from "./row.ts";

const REQUESTS_PER_SECOND = 10;
const EVENTS = 200_000;

/** A back-fill at the console's own limit, 10 requests a second of 1,000 records each. */
export const limit: Row = {
  name: "limit",
  about: "at the console's limit of 10 requests a second: share of a core, and how long it takes",
  async run() {
    const console = await start<{ url: string }>("./console-process.ts", EVENTS);
    const collector = await start<{ address: string }>("./collector-process.ts", EVENTS);
    const bridge = await BridgeProcess.start({
      consoles: [console.told.url],
      collectors: [collector.told.address],
      feeds: "activities: { every: 1s, start: 24h, settle: 0s }",
    });
    await bridge.opened();
    const startedMs = performance.now();
    const cpuBefore = bridge.cpuSeconds;
    await collector.next();
    await collector.next();
    const seconds = secondsSince(startedMs);
    const share = (bridge.cpuSeconds - cpuBefore) / seconds;
    const ofLimit = seconds / (EVENTS / 1000 / REQUESTS_PER_SECOND);
    await bridge.stop();
    await Promise.all([console.stop(), collector.stop()]);
    return {
      figures: { events: EVENTS, seconds, share, ofLimit },
      lines: [
        `at 10 requests a second:      ${(share * 100).toFixed(0)} % of a core, ${ofLimit.toFixed(2)} of the limit's own time`,
      ],
    };
  },
};

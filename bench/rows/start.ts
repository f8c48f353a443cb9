import { statSync } from "node:fs";
import { join } from "node:path";
import { BridgeProcess } from "../bridge-process.ts";
import { enlarge, filledSpool } from "../filled-spool.ts";
import { freePort } from "../processes.ts";
import { median } from "../slope.ts";
import { startConsole } from "./end-to-end.ts";
import { type Row, mb, ms, under } from "./row.ts";

const SPOOL_BYTES = 2 ** 31;
const STARTS = 5;

/** Enough to be copied until it is so large. */
const EVENTS = 100_000;

/** Stopped and started on a large spool, as after an upgrade. */
export const start: Row = {
  name: "start",
  about: "from the start of the process to ready, on a spool of 2 GiB",
  async run(_, progress) {
    const small = await filledSpool(EVENTS, progress);
    await using console = await startConsole({ events: 0 });
    await using bridge = await BridgeProcess.prepare({
      consoles: [console.told.url],
      collectors: [`tcp://127.0.0.1:${await freePort()}`],
      feeds: "activities: { every: 30s, start: now }",
    });
    small.copyTo(bridge);
    progress("making the spool as large");
    enlarge(bridge.spool, ({ bytes }) => bytes >= SPOOL_BYTES);
    const spoolBytes = statSync(join(bridge.spool, "spool.db")).size;
    const startsMs: number[] = [];
    let resident = 0;
    // The first fills V8's compile cache.
    for (let at = 0; at <= STARTS; at += 1) {
      progress(`start ${at + 1} of ${STARTS + 1}`);
      const startedMs = performance.now();
      bridge.begin();
      await bridge.ready();
      startsMs.push(performance.now() - startedMs);
      resident = bridge.peakBytes;
      await bridge.end();
    }
    const [firstMs = Number.NaN, ...laterMs] = startsMs;
    const readyMs = median(laterMs);
    return {
      figures: { spoolBytes, firstMs, startsMs: laterMs, readyMs, peakBytes: resident },
      lines: [
        `a spool of ${mb(spoolBytes)}:          ready in ${ms(readyMs)} (${laterMs.map((one) => one.toFixed(0)).join(", ")}), the very first time ${ms(firstMs)}; ${mb(resident)} resident`,
      ],
      targets: [under("start to ready with a spool of 2 GiB", 500, readyMs, ms)],
    };
  },
};

import { DemoConsole } from "../src/demo/console/console.ts";
import { ActivityDataset } from "../src/demo/records/dataset.ts";

/** The embedded console in a process of its own, so that what it costs is not counted as the bridge's. */
const events = Number(process.argv[2]);
const places = Math.ceil(events / 7) * 7;
const console = await DemoConsole.start({ token: "bench-token" });
const startMs = Date.now() - 20 * 3_600_000;
console.activities.setDataset(
  new ActivityDataset({ seed: 1, count: events, startMs, stepMs: (19 * 3_600_000) / places, burst: 7 }),
);
process.send?.({ url: console.url });
process.on("disconnect", () => process.exit(0));

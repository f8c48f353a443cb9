import { DemoCollector } from "../src/demo/collector/collector.ts";

/** The embedded collector in a process of its own. It keeps the keys, and tells when all events have come. */
const events = Number(process.argv[2]);
const port = Number(process.argv[3] ?? 0);
const collector = await DemoCollector.start({ keep: "keys", port });
process.send?.({ address: collector.address });
await collector.received.keysAtLeast(events);
process.send?.({ keys: collector.received.keys.size, duplicates: collector.received.duplicates });
process.on("disconnect", () => process.exit(0));

import { DemoCollector } from "../src/demo/collector/collector.ts";

/** The embedded collector in a process of its own. It keeps the keys, and tells when the first
 * and when all events have come. */
const [events = "0", port = "0", key, cert] = process.argv.slice(2);
const tls = key === undefined || cert === undefined ? {} : { tls: { key, cert } };
const collector = await DemoCollector.start({ keep: "keys", port: Number(port), ...tls });
process.send?.({ address: collector.address });
await collector.received.atLeast(1);
process.send?.({ first: true });
await collector.received.keysAtLeast(Number(events));
process.send?.({ keys: collector.received.keys.size, duplicates: collector.received.duplicates });
process.on("disconnect", () => process.exit(0));

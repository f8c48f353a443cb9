import { DemoCollector } from "../src/demo/collector/collector.ts";
import { peerOptions } from "./processes.ts";

export interface CollectorProcessOptions {
  /** How many messages are waited for. */
  readonly events: number;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  /** Counts messages only, for runs of many millions; otherwise keys are kept, and what comes twice does not count. */
  readonly countOnly?: boolean;
}

/**
 * The embedded collector. It tells when all events have come; asked anything, it tells how many did so far.
 */
const { events, port = 0, tls, countOnly = false } = peerOptions() as CollectorProcessOptions;
const collector = await DemoCollector.start({
  keep: countOnly ? "count" : "keys",
  port,
  ...(tls === undefined ? {} : { tls }),
});
const { received } = collector;
process.send?.({ address: collector.address });
process.on("message", () => process.send?.({ count: received.count }));
process.on("disconnect", () => process.exit(0));
if (events > 0) {
  await (countOnly ? received.atLeast(events) : received.keysAtLeast(events));
  process.send?.({ keys: received.keys.size, duplicates: countOnly ? undefined : received.duplicates });
}

import { RecordedConsole } from "./recorded-console.ts";

/** The console in a process of its own, so that what it costs is not counted as the bridge's. */
const [events = "0", pages = events, key, cert] = process.argv.slice(2);
const tls = key === undefined || cert === undefined ? undefined : { key, cert };
const { url } = await RecordedConsole.start(Number(events), { tls, pages: Number(pages) });
process.send?.({ url });
process.on("disconnect", () => process.exit(0));

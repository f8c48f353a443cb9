import { peerOptions } from "./processes.ts";
import { RecordedConsole } from "./recorded-console.ts";

export interface ConsoleProcessOptions {
  readonly events: number;
  /** How many of them are ready when it starts; the others are made while they are waited for. */
  readonly ready?: number;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

/** A console with activities of yesterday. It tells when it is asked for them. */
const { events, ready, tls } = peerOptions() as ConsoleProcessOptions;
const console = await RecordedConsole.start(events, { tls, ready });
process.send?.({ url: console.url });
process.on("disconnect", () => process.exit(0));
await console.asked;
process.send?.({ asked: true });

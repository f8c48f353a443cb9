import { makeCertificates } from "../../test/support/tls.ts";
import { BridgeProcess, UNLIMITED } from "../bridge-process.ts";
import type { CollectorProcessOptions } from "../collector-process.ts";
import type { ConsoleProcessOptions } from "../console-process.ts";
import type { LoopProcessOptions } from "../loop-process.ts";
import { Peer } from "../processes.ts";
import { MOST_RESIDENT_BYTES, type Row, atLeast, mb, ratio, secondsSince, under, whole } from "./row.ts";

const WANTED_PER_SECOND = 40_000;
const WANTED_RATIO = 0.5;

/** Console to confirmed collector, as fast as it goes, and a loop that only fetches and parses the same pages. */
export const endToEnd: Row = {
  name: "end-to-end",
  about: "plain HTTP and TCP, against a loop that only fetches and parses",
  async run({ events }) {
    const { loops, through } = await compare(events);
    return {
      figures: { events, loops, ...through, ratio: ratiosOf(through, loops) },
      lines: linesOf("TCP", through, loops),
    };
  },
};

export const endToEndTls: Row = {
  name: "end-to-end-tls",
  about: "the same with HTTPS and TLS at both sides",
  async run({ events }) {
    using certificates = makeCertificates();
    const { key, cert } = certificates.server;
    const { loops, through } = await compare(events, { key, cert, caFile: certificates.caFile });
    const { toExactLoop } = ratiosOf(through, loops);
    return {
      figures: { events, loops, ...through, ratio: ratiosOf(through, loops) },
      lines: linesOf("TLS", through, loops),
      targets: [
        atLeast("end to end with TLS, events/s", WANTED_PER_SECOND, through.perSecond, whole),
        atLeast("of the loop with exact integers", WANTED_RATIO, toExactLoop, ratio),
        under("resident while it works", MOST_RESIDENT_BYTES, through.peakBytes, mb),
      ],
    };
  },
};

export interface Identity {
  readonly key: string;
  readonly cert: string;
  readonly caFile: string;
}

export interface Loops {
  readonly plainPerSecond: number;
  readonly exactPerSecond: number;
}

export interface Through {
  readonly perSecond: number;
  readonly cpuPerMillion: number;
  readonly peakBytes: number;
  readonly writtenPerEvent: number;
  readonly duplicates: number;
}

async function compare(events: number, tls?: Identity): Promise<{ loops: Loops; through: Through }> {
  const plainPerSecond = await fetchLoop(events, "plain", tls);
  const exactPerSecond = await fetchLoop(events, "exact", tls);
  return { loops: { plainPerSecond, exactPerSecond }, through: await sendThrough(events, tls) };
}

/** Events a second of a loop that only fetches, decompresses and parses. */
export async function fetchLoop(events: number, rule: "plain" | "exact", tls?: Identity): Promise<number> {
  await using console = await startConsole({ events, tls });
  const options: LoopProcessOptions = { url: console.told.url, rule, caFile: tls?.caFile };
  await using one = await Peer.start<{ perSecond: number }>("./loop-process.ts", { ...options });
  return one.told.perSecond;
}

/** From the first request to the last event at the collector. */
export async function sendThrough(events: number, tls?: Identity): Promise<Through> {
  await using console = await startConsole({ events, tls });
  await using collector = await startCollector({ events, tls });
  const asked = console.next();
  const received = collector.next();
  await using bridge = await BridgeProcess.start({
    consoles: [console.told.url],
    collectors: [collector.told.address],
    feeds: UNLIMITED,
    caFile: tls?.caFile,
  });
  await asked;
  const startedMs = performance.now();
  const cpuBefore = bridge.cpuSeconds;
  const { duplicates } = (await received) as { duplicates: number };
  return {
    perSecond: events / secondsSince(startedMs),
    cpuPerMillion: ((bridge.cpuSeconds - cpuBefore) / events) * 1e6,
    peakBytes: bridge.peakBytes,
    writtenPerEvent: bridge.writtenBytes / events,
    duplicates,
  };
}

export function startConsole(options: ConsoleProcessOptions): Promise<Peer<{ url: string }>> {
  return Peer.start("./console-process.ts", { ...options });
}

export function startCollector(options: CollectorProcessOptions): Promise<Peer<{ address: string }>> {
  return Peer.start("./collector-process.ts", { ...options });
}

export function ratiosOf({ perSecond }: Through, { plainPerSecond, exactPerSecond }: Loops) {
  return { toPlainLoop: perSecond / plainPerSecond, toExactLoop: perSecond / exactPerSecond };
}

function linesOf(transport: string, through: Through, loops: Loops): string[] {
  const { perSecond, cpuPerMillion, peakBytes, writtenPerEvent } = through;
  const { toPlainLoop, toExactLoop } = ratiosOf(through, loops);
  return [
    `loop that fetches and parses: ${whole(loops.plainPerSecond)} events/s with JSON.parse, ${whole(loops.exactPerSecond)} with exact integers`,
    `end to end, ${transport}, confirmed:   ${whole(perSecond)} events/s, ${cpuPerMillion.toFixed(0)} CPU seconds per million events`,
    `                              peak ${mb(peakBytes)} resident, ${whole(writtenPerEvent)} bytes written to disk per event`,
    `ratio to the loop:            ${ratio(toPlainLoop)}, to the exact one ${ratio(toExactLoop)}`,
  ];
}

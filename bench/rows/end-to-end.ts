import { makeCertificates } from "../../test/support/tls.ts";
import { BridgeProcess, UNLIMITED, start } from "../processes.ts";
import { type Row, mb, secondsSince, whole } from "./row.ts";

/** Console to confirmed collector, as fast as it goes, and a loop that only fetches and parses the same pages. */
export const endToEnd: Row = {
  name: "end-to-end",
  about: "plain HTTP and TCP, against a loop that only fetches and parses",
  async run({ events }) {
    const plain = await loop(events, "plain");
    const exact = await loop(events, "exact");
    const through = await measure(events);
    const ratio = { toPlainLoop: through.perSecond / plain, toExactLoop: through.perSecond / exact };
    return {
      figures: { events, loop: { plainPerSecond: plain, exactPerSecond: exact }, ...through, ratio },
      lines: [
        `loop that fetches and parses: ${whole(plain)} events/s with JSON.parse, ${whole(exact)} with exact integers`,
        `end to end, TCP, confirmed:   ${told(through)}`,
        `ratio to the loop:            ${ratio.toPlainLoop.toFixed(2)}, to the exact one ${ratio.toExactLoop.toFixed(2)}`,
      ],
    };
  },
};

export const endToEndTls: Row = {
  name: "end-to-end-tls",
  about: "HTTPS and TLS at both sides",
  async run({ events }) {
    using certificates = makeCertificates();
    const { key, cert } = certificates.server;
    const through = await measure(events, { key, cert, caFile: certificates.caFile });
    return { figures: { events, ...through }, lines: [`end to end, TLS, confirmed:   ${told(through)}`] };
  },
};

interface Through {
  readonly perSecond: number;
  readonly cpuPerMillion: number;
  readonly peakBytes: number;
  readonly writtenPerEvent: number;
  readonly duplicates: number;
}

function told({ perSecond, cpuPerMillion, peakBytes, writtenPerEvent }: Through): string {
  return (
    `${whole(perSecond)} events/s, ${cpuPerMillion.toFixed(0)} CPU seconds per million events, ` +
    `peak ${mb(peakBytes)} resident, ${whole(writtenPerEvent)} bytes written to disk per event`
  );
}

async function loop(events: number, rule: "plain" | "exact"): Promise<number> {
  const console = await start<{ url: string }>("./console-process.ts", events);
  const one = await start<{ perSecond: number }>("./loop-process.ts", console.told.url, rule);
  await Promise.all([one.stop(), console.stop()]);
  return one.told.perSecond;
}

async function measure(events: number, tls?: { key: string; cert: string; caFile: string }): Promise<Through> {
  const identity = tls === undefined ? [] : [tls.key, tls.cert];
  const console = await start<{ url: string }>("./console-process.ts", events, events, ...identity);
  const collector = await start<{ address: string }>("./collector-process.ts", events, 0, ...identity);
  const startedMs = performance.now();
  const bridge = await BridgeProcess.start({
    consoles: [console.told.url],
    collectors: [collector.told.address],
    feeds: UNLIMITED,
    caFile: tls?.caFile,
  });
  await collector.next();
  const { duplicates } = (await collector.next()) as { duplicates: number };
  const through = {
    perSecond: events / secondsSince(startedMs),
    cpuPerMillion: (bridge.cpuSeconds / events) * 1e6,
    peakBytes: bridge.peakBytes,
    writtenPerEvent: bridge.writtenBytes / events,
    duplicates,
  };
  await bridge.stop();
  await Promise.all([console.stop(), collector.stop()]);
  return through;
}

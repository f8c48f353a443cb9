import { type Certificates, makeCertificates } from "../../test/support/tls.ts";
import { createEncoder } from "../../src/message/encoder.ts";
import type { Micros } from "../../src/event/time.ts";
import type { JsonRecord } from "../../src/event/event.ts";
import { BridgeProcess, UNLIMITED } from "../bridge-process.ts";
import { type FilledSpool, filledSpool } from "../filled-spool.ts";
import { rsyslogVersion } from "../machine.ts";
import { RsyslogForwarder, RsyslogReceiver, type Transport } from "../peers/rsyslog.ts";
import { yesterdaysActivities } from "../recorded-console.ts";
import { startConsole } from "./end-to-end.ts";
import { type Progress, type Row, atLeast, ratio, secondsSince, whole } from "./row.ts";

/**
 * A full queue on disk and a collector that is there: s1bridge, which maps records and waits for confirmations, and
 * rsyslog's forwarder, which sends the same messages as they are and takes them for delivered when they are written.
 */
export const drain: Row = {
  name: "drain",
  about:
    "draining a queue on disk to rsyslog over TCP and TLS, against rsyslog's omfwd with a disk queue of the same messages",
  async run({ behind: events }, progress) {
    if (rsyslogVersion() === undefined) return { figures: {}, lines: ["rsyslog is not installed: not measured"] };
    using certificates = makeCertificates();
    const spool = await filledSpool(events, progress);
    await using queue = await filledQueue(events, progress);
    const tcp = await compareInTurn(spool, queue, undefined, progress);
    const tls = await compareInTurn(spool, queue, certificates, progress);
    return {
      figures: { events, tcp, tls },
      lines: [...linesOf("imptcp, plain TCP", tcp), ...linesOf("imtcp, TLS (ossl)", tls)],
      targets: [
        atLeast("drain over TCP against rsyslog's own", 1, middle(tcp).ratio, ratio),
        atLeast("drain over TLS against rsyslog's own", 1, middle(tls).ratio, ratio),
      ],
    };
  },
};

/** Of so many the one in the middle counts: on a shared machine the rates of one program differ by a tenth. */
const COMPARISONS = 3;

export interface Drained {
  readonly perSecond: number;
  readonly cpuPerMillion: number;
}

export interface DrainComparison {
  readonly own: Drained;
  readonly rsyslog: Drained;
  readonly ratio: number;
}

/** Both drain what is in their queue, one after the other, to a receiver of their own. */
export async function compareDrains(
  spool: FilledSpool,
  queue: RsyslogForwarder,
  transport: Transport,
  progress: Progress,
  { isRsyslogFirst = false }: { readonly isRsyslogFirst?: boolean } = {},
): Promise<DrainComparison> {
  const before = isRsyslogFirst ? await drainRsyslog(spool.events, queue, transport, progress) : undefined;
  const own = await drainBridge(spool, transport, progress);
  const rsyslog = before ?? (await drainRsyslog(spool.events, queue, transport, progress));
  return { own, rsyslog, ratio: own.perSecond / rsyslog.perSecond };
}

/** Who is first changes each time: a machine that becomes slower favours neither. */
async function compareInTurn(
  ...[spool, queue, transport, progress]: Parameters<typeof compareDrains>
): Promise<readonly DrainComparison[]> {
  const made: DrainComparison[] = [];
  while (made.length < COMPARISONS)
    made.push(await compareDrains(spool, queue, transport, progress, { isRsyslogFirst: made.length % 2 === 1 }));
  return made.toSorted((one, other) => one.ratio - other.ratio);
}

function middle(sorted: readonly DrainComparison[]): DrainComparison {
  const found = sorted[sorted.length >> 1];
  if (found === undefined) throw new Error("nothing was compared");
  return found;
}

/** rsyslog with the same messages in its queue, ended. */
export async function filledQueue(events: number, progress: Progress): Promise<RsyslogForwarder> {
  progress("rsyslog's queue is filled");
  const forwarder = await RsyslogForwarder.prepare();
  await forwarder.fill(messages(events));
  return forwarder;
}

async function drainBridge(
  spool: FilledSpool,
  certificates: Certificates | undefined,
  progress: Progress,
): Promise<Drained> {
  await using console = await startConsole({ events: 0 });
  await using receiver = await RsyslogReceiver.start(certificates);
  await using bridge = await BridgeProcess.prepare({
    consoles: [console.told.url],
    collectors: [`${certificates === undefined ? "tcp" : "tls"}://127.0.0.1:${receiver.port}`],
    feeds: UNLIMITED,
    caFile: certificates?.caFile,
  });
  spool.copyTo(bridge);
  bridge.begin();
  return await until(spool.events, receiver, bridge, (count) => progress(`s1bridge has sent ${whole(count)}`));
}

async function drainRsyslog(
  events: number,
  queue: RsyslogForwarder,
  transport: Transport,
  progress: Progress,
): Promise<Drained> {
  await using receiver = await RsyslogReceiver.start(transport);
  await using forwarder = await RsyslogForwarder.prepare();
  forwarder.takeQueue(queue);
  await forwarder.beginTo(receiver.port, transport);
  return await until(events, receiver, forwarder, (count) => progress(`rsyslog has sent ${whole(count)}`));
}

/** From the first message that arrives: how long a program takes to start is measured elsewhere. */
async function until(
  events: number,
  receiver: RsyslogReceiver,
  sender: { readonly cpuSeconds: number },
  onLook: (count: number) => void,
): Promise<Drained> {
  await receiver.received(1);
  const before = receiver.count;
  const startedMs = performance.now();
  const cpuBefore = sender.cpuSeconds;
  await receiver.received(events, onLook);
  const sent = events - before;
  return { perSecond: sent / secondsSince(startedMs), cpuPerMillion: ((sender.cpuSeconds - cpuBefore) / sent) * 1e6 };
}

function linesOf(receiver: string, sorted: readonly DrainComparison[]): string[] {
  const { own, rsyslog, ratio: is } = middle(sorted);
  const told = ({ perSecond, cpuPerMillion }: Drained): string =>
    `${whole(perSecond)} messages/s, ${cpuPerMillion.toFixed(0)} CPU seconds per million`;
  return [
    `to ${receiver}`,
    `  s1bridge, confirmed:        ${told(own)}`,
    `  rsyslog omfwd, disk queue:  ${told(rsyslog)}`,
    `  ratio:                      ${ratio(is)}, the middle one of ${sorted.map((one) => ratio(one.ratio)).join(", ")}`,
  ];
}

function* messages(events: number): Generator<string> {
  const { encode } = createEncoder({
    format: "cef",
    header: "rfc3164",
    facility: "local4",
    hostname: "s1bridge",
    maxMessageBytes: 8000,
    rt: "epoch",
    unmappedData: true,
  });
  const dataset = yesterdaysActivities(events, Date.now() - 20 * 3_600_000);
  for (let at = 0; at < events; at += 1) {
    const entry = dataset.at(at);
    yield encode({
      console: "console0",
      consoleVersion: "S-25.1.3#77",
      feed: "activities",
      change: "event",
      id: entry.id,
      key: `activities/${entry.id}`,
      time: entry.time(["createdAt"]) as Micros,
      record: JSON.parse(entry.text) as JsonRecord,
    });
  }
}

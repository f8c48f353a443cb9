import { createEncoder } from "../../src/message/encoder.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import type { Micros } from "../../src/event/time.ts";
import type { JsonRecord } from "../../src/event/event.ts";
import { rsyslogVersion } from "../machine.ts";
import { RsyslogForwarder } from "../peers/rsyslog.ts";
import { BridgeProcess, UNLIMITED, freePort, start } from "../processes.ts";
import { type Row, secondsSince, whole } from "./row.ts";

/** A full queue on disk and a collector that comes back: s1bridge, and rsyslog with a disk queue of the same messages. */
export const drain: Row = {
  name: "drain",
  about: "draining a queue on disk over TCP, against rsyslog's omfwd with a disk queue",
  async run({ events }) {
    const own = await drainBridge(events);
    const peer = rsyslogVersion() === undefined ? undefined : await drainRsyslog(events);
    return {
      figures: { events, perSecond: own, rsyslogPerSecond: peer, ratio: peer === undefined ? undefined : own / peer },
      lines: [
        `s1bridge, confirmed:          ${whole(own)} messages/s`,
        peer === undefined
          ? "rsyslog is not installed"
          : `rsyslog omfwd, disk queue:    ${whole(peer)} messages/s, ratio ${(own / peer).toFixed(2)}`,
      ],
    };
  },
};

async function drainBridge(events: number): Promise<number> {
  const port = await freePort();
  const console = await start<{ url: string }>("./console-process.ts", events);
  const address = `tcp://127.0.0.1:${port}`;
  const bridge = await BridgeProcess.start({ consoles: [console.told.url], collectors: [address], feeds: UNLIMITED });
  await bridge.spooled(events);
  const perSecond = await untilDrained(events, port);
  await bridge.stop();
  await console.stop();
  return perSecond;
}

async function drainRsyslog(events: number): Promise<number> {
  const port = await freePort();
  const forwarder = new RsyslogForwarder(await freePort(), port);
  await forwarder.fill(messages(events));
  const perSecond = await untilDrained(events, port);
  await forwarder.stop();
  return perSecond;
}

/** From the first byte that arrives, for how soon a sender finds a collector that is back is another matter. */
async function untilDrained(events: number, port: number): Promise<number> {
  const collector = await start<{ address: string }>("./collector-process.ts", events, port);
  await collector.next();
  const startedMs = performance.now();
  await collector.next();
  const perSecond = events / secondsSince(startedMs);
  await collector.stop();
  return perSecond;
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
  const dataset = new ActivityDataset({ seed: 1, count: events, startMs: Date.UTC(2026, 0), stepMs: 50 });
  for (let at = 0; at < events; at += 1) {
    const entry = dataset.at(at);
    yield encode({
      console: "bench",
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

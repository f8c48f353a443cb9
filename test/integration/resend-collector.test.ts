import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import { firstValueFrom, take } from "rxjs";
import { afterEach, describe, expect, test } from "vitest";
import { type DeliveryFault, type WindowReport, delivery } from "../../src/bridge/delivery.ts";
import type { Frames } from "../../src/bridge/ports.ts";
import { ResendCollector } from "../../src/collector/resend.ts";
import { StreamCollector } from "../../src/collector/stream.ts";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { linkedTo } from "../../src/lib/signals.ts";
import { makeCertificates } from "../support/tls.ts";
import { FakeReader } from "../unit/bridge/fakes.ts";
import { IMPATIENT, NEVER, PATIENT, messages, until, windowOf } from "./collector-fixture.ts";

const certificates = makeCertificates();
const TRANSPORTS = [
  { name: "TCP", server: undefined, client: undefined },
  { name: "TLS", server: certificates.server, client: { ca: certificates.ca } },
] as const;

const open: { close(): Promise<void> }[] = [];
const stops: AbortController[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) stop.abort();
  for (const one of open.splice(0).toReversed()) await one.close();
});

describe.each(TRANSPORTS)("a resend window over $name", ({ server, client }) => {
  async function start(): Promise<DemoCollector> {
    const peer = await DemoCollector.start(server === undefined ? {} : { tls: server });
    open.push(peer);
    return peer;
  }

  function collectorAt({ port }: { port: number }, maxMs: number, timeouts = PATIENT): ResendCollector {
    return new ResendCollector({ host: "127.0.0.1", port, tls: client, timeouts, resend: { maxBytes: 50_000, maxMs } });
  }

  /** The whole delivery of these events, as the bridge does it. */
  function run(collector: ResendCollector, events: string[]) {
    const stop = new AbortController();
    stops.push(stop);
    const reader = new FakeReader(events);
    const faults: DeliveryFault[] = [];
    const limits = { maxEvents: 100, maxBytes: 1e6, minAgeMs: 20, maxAgeMs: 20, restMs: 0, fewEvents: 0 };
    const reports$ = delivery(
      { reader, collector },
      {
        collector: "c",
        limits,
        backoff: { firstMs: 5, maxMs: 20 },
        stop: { soft: stop.signal, hard: stop.signal },
        onFault: (fault) => void faults.push(fault),
      },
    );
    return { reports$, reader, faults };
  }

  test("sends on over one connection, and releases when it has passed", async () => {
    const peer = await start();
    const sent = messages(3000);
    const { reports$, reader } = run(collectorAt(peer, 100), sent);
    let last: WindowReport | undefined;
    const subscription = reports$.subscribe((report) => (last = report));
    await until(() => reader.position === 3000, "everything is released");
    expect(last?.unconfirmed).toBe(0);
    expect(peer.received.messages).toEqual(sent);
    expect(peer.accepted).toBe(1);
    subscription.unsubscribe();
  });

  test("releases nothing that was acknowledged a moment ago, and sends it again after a reset", async () => {
    const peer = await start();
    const sent = messages(500);
    const { reports$, reader, faults } = run(collectorAt(peer, 60_000), sent);
    const subscription = reports$.subscribe();
    await peer.received.atLeast(500);
    expect(reader.released).toEqual([]);
    peer.resetAll();
    await peer.received.atLeast(1000);
    expect(peer.received.messages.slice(500)).toEqual(sent);
    expect(faults).toMatchObject([{ inDoubt: 500, error: { code: "BRIDGE_COLLECTOR_BROKEN" } }]);
    subscription.unsubscribe();
  });

  test("sends it again after a clean end as well: a middle-box ends so whatever became of it", async () => {
    const peer = await start();
    peer.behaveNext({ endAfterBytes: 1 });
    const sent = messages(50);
    const subscription = run(collectorAt(peer, 60_000), sent).reports$.subscribe();
    await until(() => peer.received.messages.length >= 50, "all of it comes over the second connection");
    expect(peer.received.messages.slice(-50)).toEqual(sent);
    subscription.unsubscribe();
  });

  test("that is empty lets its connection end, and takes a new one for what comes next", async () => {
    const peer = await start();
    const { promise: second, resolve } = Promise.withResolvers<void>();
    async function* window(): AsyncGenerator<Frames> {
      yield* windowOf(["first"]);
      await second;
      yield* windowOf(["second"]);
      await new Promise(() => undefined);
    }
    using stop = linkedTo(NEVER);
    let confirmed = 0;
    const delivered = collectorAt(peer, 50).deliver(window(), stop.signal, (chunks) => (confirmed = chunks));
    await until(() => confirmed === 1, "the first is released");
    peer.resetAll();
    await until(() => !hasConnection(peer.port), "the connection is gone on both sides");
    // The kernel knows; our side hears of it in the next turn.
    for (let turns = 0; turns < 3; turns += 1) await setImmediate();
    resolve();
    await until(() => confirmed === 2, "the second is released");
    expect([peer.received.messages, peer.accepted]).toEqual([["first", "second"], 2]);
    stop.abort(new Error("enough"));
    await expect(delivered).rejects.toThrow("enough");
  });

  test("ends at a stop without waiting, and says that what it holds is sent again", async () => {
    const peer = await start();
    await expect(collectorAt(peer, 60_000).deliver(windowOf(messages(10)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNCONFIRMED",
    });
    await peer.received.atLeast(10);
    await until(() => peer.open === 0, "the connection is ended");
  });

  test("to a collector that stops reading is sent again when nothing moves", async () => {
    const peer = await start();
    peer.behaveNext({ stopReadingAfter: 0 });
    const sent = messages(40_000);
    const { reports$, faults } = run(collectorAt(peer, 60_000, IMPATIENT), sent);
    const subscription = reports$.subscribe();
    await until(() => faults.length === 1, "the watchdog has seen it");
    expect(faults[0]?.error).toMatchObject({ code: "BRIDGE_COLLECTOR_STALLED" });
    await peer.received.atLeast(40_000);
    expect(new Set(peer.received.messages).size).toBe(40_000);
    subscription.unsubscribe();
  });
});

test("behind a middle-box that answers the close itself, half-close loses what the resend window keeps", async () => {
  const lost = await throughMiddleBox("half_close");
  const kept = await throughMiddleBox("window");
  expect(lost).toBe(0);
  expect(kept).toBe(300);
});

/** Whether the kernel still has a connection to this port, from our side. */
function hasConnection(port: number): boolean {
  const remote = port.toString(16).toUpperCase().padStart(4, "0");
  return new RegExp(`:[0-9A-F]{4} [0-9A-F]+:${remote} (?!06)`).test(readFileSync("/proc/self/net/tcp", "latin1"));
}

/** How many of 300 messages come through a box that takes everything, answers the close, and then loses its first connection. */
async function throughMiddleBox(confirm: "half_close" | "window"): Promise<number> {
  const peer = await DemoCollector.start();
  open.push(peer);
  const sockets: Socket[] = [];
  const box = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on("error", () => undefined));
    if (sockets.length > 1) {
      socket.on("data", (chunk) => void behind.write(chunk));
      return;
    }
    socket.on("end", () => socket.end()).resume();
  });
  const behind = connect(peer.port, "127.0.0.1");
  await once(box.listen(0, "127.0.0.1"), "listening");
  const { port } = box.address() as AddressInfo;
  const target = { host: "127.0.0.1", port, tls: undefined, timeouts: PATIENT };
  const sent = messages(300);
  if (confirm === "half_close") {
    await new StreamCollector({ ...target, confirms: true }).deliver(windowOf(sent), NEVER);
  } else {
    const stop = new AbortController();
    stops.push(stop);
    const collector = new ResendCollector({ ...target, resend: { maxBytes: 8 << 20, maxMs: 60_000 } });
    const limits = { maxEvents: 100, maxBytes: 1e6, minAgeMs: 20, maxAgeMs: 20, restMs: 0, fewEvents: 0 };
    const running = delivery(
      { reader: new FakeReader(sent), collector },
      {
        collector: "c",
        limits,
        backoff: { firstMs: 5, maxMs: 20 },
        stop: { soft: stop.signal, hard: stop.signal },
        onFault: () => undefined,
      },
    );
    void firstValueFrom(running.pipe(take(1)), { defaultValue: undefined });
    await until(() => (sockets[0]?.bytesRead ?? 0) > 50_000, "the box has taken all of it");
    sockets[0]?.resetAndDestroy();
    await peer.received.atLeast(300);
  }
  for (const socket of [behind, ...sockets]) socket.destroy();
  box.close();
  return peer.received.count;
}

import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import type { Collector, Frames } from "../../src/bridge/ports.ts";
import type { ConnectionTimeouts } from "../../src/collector/connection.ts";
import type { Behaviour } from "../../src/demo/collector/behaviour.ts";
import type { DemoCollector } from "../../src/demo/collector/collector.ts";
import type { Framing } from "../../src/syslog/framing.ts";
import { IMPATIENT, NEVER, messages, until, windowOf } from "../integration/collector-fixture.ts";

/** A collector that confirms over the network, and the embedded one that it speaks to. */
export interface CollectorImplementation {
  readonly start: (behaviour?: Behaviour) => Promise<DemoCollector>;
  readonly connect: (
    port: number,
    options?: { readonly timeouts?: ConnectionTimeouts; readonly confirms?: boolean },
  ) => Collector;
  readonly framing: Framing;
}

/** What `Collector` promises, whatever confirms it. */
export function describeCollector(
  name: string,
  { start: startAlone, connect, framing }: CollectorImplementation,
): void {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close();
  });

  async function start(behaviour: Behaviour = {}): Promise<DemoCollector> {
    const made = await startAlone(behaviour);
    open.push(made);
    return made;
  }

  function collectorAt(peer: DemoCollector, options: Parameters<typeof connect>[1] = {}): Collector {
    const made = connect(peer.port, options);
    open.push(made);
    return made;
  }

  const window = (texts: readonly string[]): AsyncGenerator<Frames> => windowOf(texts, { framing });

  describe(`${name}: a window`, () => {
    test("is confirmed when the peer has read every message, and not before", async () => {
      const peer = await start();
      const sent = messages(20_000);
      await collectorAt(peer).deliver(window(sent), NEVER);
      expect(peer.received.messages).toEqual(sent);
    });

    test("follows another, each in order and once", async () => {
      const peer = await start();
      const collector = collectorAt(peer);
      const windows = ["a", "b", "c", "d"].map((prefix) => messages(300, prefix));
      for (const each of windows) await collector.deliver(window(each), NEVER);
      expect(peer.received.messages).toEqual(windows.flat());
    });

    test("without messages needs no connection", async () => {
      const peer = await start();
      await collectorAt(peer).deliver(window([]), NEVER);
      expect(peer.accepted).toBe(0);
    });

    test.concurrent.each<[name: string, behaviour: Behaviour, code: string]>([
      ["is reset after some bytes", { resetAfterBytes: 100_000 }, "BRIDGE_COLLECTOR_BROKEN"],
      ["is reset before anything was read", { resetAfterBytes: 0 }, "BRIDGE_COLLECTOR_(BROKEN|UNREACHABLE)"],
      ["stalls and is reset", { stall: { afterBytes: 100_000, ms: 150 } }, "BRIDGE_COLLECTOR_BROKEN"],
      ["is closed as soon as it is accepted", { closeOnAccept: true }, "BRIDGE_COLLECTOR_(BROKEN|UNREACHABLE)"],
      ["is never read from", { stopReadingAfter: 0 }, "BRIDGE_COLLECTOR_(STALLED|UNREACHABLE)"],
      ["is read from no more", { stopReadingAfter: 100_000 }, "BRIDGE_COLLECTOR_STALLED"],
    ])("whose connection %s is not confirmed, and the next attempt is", async (_case, behaviour, code) => {
      const sent = messages(20_000);
      await using peer = await startAlone();
      const collector = connect(peer.port, { timeouts: IMPATIENT });
      peer.behaveNext(behaviour);
      await expect(collector.deliver(window(sent), NEVER)).rejects.toMatchObject({
        code: expect.stringMatching(code) as string,
        retryable: true,
      });
      const before = peer.received.count;
      await collector.deliver(window(sent), NEVER);
      expect(peer.received.messages.slice(before)).toEqual(sent);
      await collector.close();
    });

    test.concurrent("that is larger than all buffers stalls too when nobody reads it", async () => {
      await using peer = await startAlone({ stopReadingAfter: 1000 });
      const chunk = messages(5000);
      async function* endless(): AsyncGenerator<Frames> {
        for (;;) yield* window(chunk);
      }
      await expect(connect(peer.port, { timeouts: IMPATIENT }).deliver(endless(), NEVER)).rejects.toMatchObject({
        code: "BRIDGE_COLLECTOR_STALLED",
        message: expect.stringMatching(/were not (taken|answered)/) as string,
      });
    });

    test.concurrent("that is read slowly is waited for as long as it moves", async () => {
      await using peer = await startAlone({ bytesPerSecond: 6_000_000 });
      const sent = messages(80_000);
      const began = performance.now();
      await connect(peer.port, { timeouts: { connectMs: 5000, stallMs: 900, confirmMs: 10_000 } }).deliver(
        window(sent),
        NEVER,
      );
      expect(performance.now() - began).toBeGreaterThan(900);
      expect(peer.received.count).toBe(80_000);
    });

    test("is not confirmed by an end that comes while it is sent", async () => {
      const peer = await start({ endAfterBytes: 30_000 });
      const sent = messages(1000);
      async function* untilRefused(): AsyncGenerator<Frames> {
        yield* window(sent);
        await peer.received.atLeast(100);
        await until(() => peer.open === 0, "the collector has closed").catch(() => undefined);
      }
      await expect(collectorAt(peer).deliver(untilRefused(), NEVER)).rejects.toMatchObject({
        code: "BRIDGE_COLLECTOR_BROKEN",
      });
    });

    test("that is given up leaves no connection and no listener", async () => {
      const peer = await start({ stopReadingAfter: 0 });
      const collector = collectorAt(peer);
      const stop = new AbortController();
      const delivered = collector.deliver(window(messages(20_000)), stop.signal);
      await until(() => peer.open === 1, "the connection stands");
      stop.abort(new Error("enough"));
      await expect(delivered).rejects.toThrow("enough");
      expect(getEventListeners(stop.signal, "abort")).toEqual([]);
      peer.resetAll();
      await until(() => peer.open === 0, "the connection is gone");
      await expect(collector.deliver(window(messages(1)), stop.signal)).rejects.toThrow("enough");
      expect(peer.accepted).toBe(1);
    });

    test("leaves no listener when it is confirmed", async () => {
      const peer = await start();
      const stop = new AbortController();
      const collector = collectorAt(peer);
      for (let times = 0; times < 3; times++) await collector.deliver(window(messages(10)), stop.signal);
      expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    });

    test("whose source fails is not confirmed, and the failure is the source's", async () => {
      const peer = await start();
      async function* failing(): AsyncGenerator<Frames> {
        yield* window(messages(10));
        throw new Error("the spool failed");
      }
      await expect(collectorAt(peer).deliver(failing(), NEVER)).rejects.toThrow("the spool failed");
      await until(() => peer.open === 0, "the connection is gone");
    });

    test("to a collector that is away is not delivered until it is back", async () => {
      const peer = await start();
      const collector = collectorAt(peer);
      await peer.goAway();
      await expect(collector.deliver(window(messages(10)), NEVER)).rejects.toMatchObject({
        code: "BRIDGE_COLLECTOR_UNREACHABLE",
        message: expect.stringContaining(`127.0.0.1:${peer.port}`) as string,
      });
      await peer.back();
      await collector.deliver(window(messages(10)), NEVER);
      expect(peer.received.count).toBe(10);
    });
    test("that needs no confirmation keeps one connection, and takes a new one after a break", async () => {
      const peer = await start();
      const collector = collectorAt(peer, { confirms: false });
      for (let times = 0; times < 3; times++) await collector.deliver(window(messages(10)), NEVER);
      await peer.received.atLeast(30);
      expect(peer.accepted).toBe(1);
      await peer.goAway();
      await expect(collector.deliver(window(messages(10)), NEVER)).rejects.toMatchObject({ retryable: true });
      await peer.back();
      await collector.deliver(window(messages(10)), NEVER);
      await peer.received.atLeast(40);
      expect(peer.accepted).toBe(2);
    });
  });
}

import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RELP_WINDOW, RelpCollector, type RelpOptions } from "../../src/collector/relp.ts";
import type { Behaviour, RelpBehaviour } from "../../src/demo/collector/behaviour.ts";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { makeCertificates } from "../support/tls.ts";
import { IMPATIENT, NEVER, PATIENT, messages, until, windowOf } from "./collector-fixture.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function start(behaviour: Behaviour = {}): Promise<DemoCollector> {
  const peer = await DemoCollector.start({ protocol: "relp", behaviour });
  open.push(peer);
  return peer;
}

function relpTo(port: number, options: Partial<RelpOptions> = {}): RelpCollector {
  const collector = new RelpCollector({
    host: "127.0.0.1",
    port,
    tls: undefined,
    timeouts: PATIENT,
    confirms: true,
    window: RELP_WINDOW,
    software: "s1bridge,test",
    ...options,
  });
  open.push(collector);
  return collector;
}

function window(texts: readonly string[]): ReturnType<typeof windowOf> {
  return windowOf(texts, { framing: "octet_counting" });
}

describe("a RELP session", () => {
  test("lasts over many windows", async () => {
    const peer = await start();
    const collector = relpTo(peer.port);
    const sent = messages(2000);
    for (let at = 0; at < sent.length; at += 100) await collector.deliver(window(sent.slice(at, at + 100)), NEVER);
    expect(peer.received.messages).toEqual(sent);
    expect(peer.accepted).toBe(1);
  });

  test("carries messages with line breaks as they are", async () => {
    const peer = await start();
    const sent = ["<1>one\ntwo\r\n", "\n", "17 <134>forged\n0 serverclose 0\n"];
    await relpTo(peer.port).deliver(window(sent), NEVER);
    expect(peer.received.messages).toEqual(sent);
  });

  test("goes on when no more than one message may be open at a time", async () => {
    const peer = await start();
    await relpTo(peer.port, { window: { maxTransactions: 1, maxBytes: 1 } }).deliver(window(messages(300)), NEVER);
    expect(peer.received.messages).toEqual(messages(300));
  });

  test("takes answers in any order", async () => {
    const peer = await start({ relp: { backwards: true } });
    await relpTo(peer.port).deliver(window(messages(5000)), NEVER);
    expect(peer.received.count).toBe(5000);
  });

  test("is ended politely", async () => {
    const peer = await start();
    const collector = relpTo(peer.port);
    await collector.deliver(window(messages(1)), NEVER);
    await collector.close();
    await until(() => peer.open === 0, "the connection is gone");
    expect(peer.framingErrors).toBe(0);
  });

  test("that the collector has ended between two windows is followed by another", async () => {
    const peer = await start();
    const collector = relpTo(peer.port);
    peer.behaveNext({ relp: { answers: 5, after: "serverclose" } });
    await collector.deliver(window(messages(5)), NEVER);
    await expect(collector.deliver(window(messages(1)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_BROKEN",
    });
    await collector.deliver(window(messages(1)), NEVER);
    expect([peer.accepted, peer.received.count]).toEqual([2, 6]);
  });
});

describe("a window over RELP", () => {
  test("is confirmed as it goes, and after a break only what was not answered is left", async () => {
    const peer = await start();
    const collector = relpTo(peer.port);
    peer.behaveNext({ relp: { answers: 700, after: "serverclose" } });
    const told: number[] = [];
    await expect(collector.deliver(window(messages(2000)), NEVER, (chunks) => told.push(chunks))).rejects.toMatchObject(
      { code: "BRIDGE_COLLECTOR_BROKEN" },
    );
    // In chunks of 500: the second was answered in part only.
    expect(told).toEqual([1]);
    await collector.deliver(window(messages(2000).slice(500)), NEVER, (chunks) => told.push(chunks));
    expect(told).toEqual([1, 1, 2, 3]);
    expect(new Set(peer.received.messages)).toEqual(new Set(messages(2000)));
    expect(peer.received.count).toBe(2200);
  });

  test("goes on in another session when the first breaks while nothing is in doubt", async () => {
    const peer = await start();
    const { promise: more, resolve: goOn } = Promise.withResolvers<void>();
    async function* slow(): ReturnType<typeof window> {
      yield* window(messages(10, "a"));
      await more;
      yield* window(messages(10, "b"));
    }
    const told: number[] = [];
    const delivered = relpTo(peer.port).deliver(slow(), NEVER, (chunks) => told.push(chunks));
    await until(() => told.length === 1, "the first is confirmed");
    peer.resetAll();
    await until(() => peer.open === 0, "the connection is gone");
    goOn();
    await delivered;
    expect([told, peer.received.count, peer.accepted]).toEqual([[1, 2], 20, 2]);
  });

  test("is given up at once when the session breaks while answers are due and nothing is to send", async () => {
    const peer = await start({ relp: { answers: 5, after: "nothing" } });
    async function* stuck(): ReturnType<typeof window> {
      yield* window(messages(10));
      await new Promise(() => undefined);
    }
    const delivered = relpTo(peer.port).deliver(stuck(), NEVER);
    await peer.received.atLeast(5);
    peer.resetAll();
    await expect(delivered).rejects.toMatchObject({ code: "BRIDGE_COLLECTOR_BROKEN" });
  });

  test.each<[string, RelpBehaviour, string, string]>([
    ["refuses one message", { answers: 700, after: "refuse" }, "REFUSED", "500 the disk is full"],
    ["stops answering", { answers: 700, after: "nothing" }, "STALLED", "300 messages were not answered"],
    ["ends the session", { answers: 700, after: "serverclose" }, "BROKEN", "ended the RELP session"],
    ["refuses the session", { answerOpen: "500 too many sessions" }, "UNREACHABLE", "too many sessions"],
    ["has no command for messages", { answerOpen: "200 OK\nrelp_version=0\ncommands=" }, "UNREACHABLE", "syslog"],
    ["gives no status", { answerOpen: "hello" }, "UNREACHABLE", "no RELP status"],
  ])("is not confirmed when the collector %s, and the next attempt is", async (_case, relp, code, message) => {
    const peer = await start();
    const collector = relpTo(peer.port, { timeouts: IMPATIENT });
    peer.behaveNext({ relp });
    await expect(collector.deliver(window(messages(1000)), NEVER)).rejects.toMatchObject({
      code: `BRIDGE_COLLECTOR_${code}`,
      retryable: true,
      message: expect.stringContaining(message) as string,
    });
    const before = peer.received.count;
    await collector.deliver(window(messages(1000)), NEVER);
    expect(peer.received.messages.slice(before)).toEqual(messages(1000));
  });

  test.each<[string, string]>([
    ["is no RELP receiver", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["answers without being asked", "5 rsp 6 200 OK\n"],
    ["announces more than it may", "1 rsp 999999999 "],
  ])("is not sent to a program that %s", async (_case, words) => {
    const { port } = await programThat((socket) => socket.write(words));
    await expect(relpTo(port).deliver(window(messages(1)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
    });
  });

  test("is not sent to a program that takes the session and says nothing", async () => {
    const { port } = await programThat(() => undefined);
    const timeouts = { connectMs: 200, stallMs: 20_000, confirmMs: 20_000 };
    await expect(relpTo(port, { timeouts }).deliver(window(messages(1)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
      message: expect.stringContaining("is it a RELP receiver?") as string,
    });
  });

  /** Does something as soon as it has heard something. */
  async function programThat(answer: (socket: Socket) => void): Promise<{ readonly port: number }> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined));
      socket.once("data", () => answer(socket));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    open.push({
      close: async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, "close");
      },
    });
    return { port: (server.address() as AddressInfo).port };
  }
});

describe("RELP over TLS to a collector that wants a client certificate", () => {
  const { ca, server, client, stranger } = makeCertificates();

  test.each([
    ["none", {}],
    ["one of another CA", { cert: stranger.cert, key: stranger.key }],
  ])("sends nothing with %s", async (_case, identity) => {
    const peer = await DemoCollector.start({ protocol: "relp", tls: { ...server, ca } });
    const collector = relpTo(peer.port, { tls: { ca, ...identity } });
    await expect(collector.deliver(window(messages(1)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
    });
    expect(peer.received.count).toBe(0);
    // Not waited for: a connection that ended in the middle of its handshake may keep the server.
    void peer.close();
  });

  test("is confirmed with its own", async () => {
    const peer = await DemoCollector.start({ protocol: "relp", tls: { ...server, ca } });
    open.push(peer);
    await relpTo(peer.port, { tls: { ca, cert: client.cert, key: client.key } }).deliver(window(messages(10)), NEVER);
    expect(peer.received.count).toBe(10);
  });
});

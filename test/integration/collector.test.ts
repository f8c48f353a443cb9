import { createSocket } from "node:dgram";
import { getEventListeners, once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Collector } from "../../src/bridge/ports.ts";
import { FileCollector } from "../../src/collector/file.ts";
import { StdoutCollector } from "../../src/collector/stdout.ts";
import { UdpCollector } from "../../src/collector/udp.ts";
import type { Behaviour } from "../../src/demo/collector/behaviour.ts";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { PATIENCE_MS, within } from "../support/collect.ts";
import { REFUSING_PORT } from "../support/free-port.ts";
import { makeCertificates } from "../support/tls.ts";
import { IMPATIENT, PATIENT, NEVER, messages, streamTo, until, windowOf } from "./collector-fixture.ts";

const certificates = makeCertificates();

const TRANSPORTS = [
  { name: "TCP", server: undefined, client: undefined },
  { name: "TLS", server: certificates.server, client: { ca: certificates.ca, minVersion: "TLSv1.2" } },
] as const;

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

function kept<T extends { close(): Promise<void> }>(one: T): T {
  open.push(one);
  return one;
}

describe.each(TRANSPORTS)("over $name a window", ({ server, client }) => {
  /** For tests that run beside others, and close what they open themselves. */
  async function startAlone(behaviour: Behaviour = {}): Promise<DemoCollector> {
    return await DemoCollector.start(server === undefined ? { behaviour } : { behaviour, tls: server });
  }

  async function start(behaviour: Behaviour = {}): Promise<DemoCollector> {
    return kept(await startAlone(behaviour));
  }

  function collectorAt(peer: DemoCollector, options: Parameters<typeof streamTo>[1] = {}): ReturnType<typeof streamTo> {
    return kept(streamTo(peer.port, { tls: client, ...options }));
  }

  test.concurrent.each<[name: string, behaviour: Behaviour, code: string]>([
    ["is reset in answer to our end", { resetOnClose: true }, "BRIDGE_COLLECTOR_BROKEN"],
    ["is read to the end and the end not answered", { neverAnswerClose: true }, "BRIDGE_COLLECTOR_STALLED"],
  ])("whose connection %s is not confirmed, and the next attempt is", async (_case, behaviour, code) => {
    const sent = messages(20_000);
    await using peer = await startAlone();
    const collector = streamTo(peer.port, { tls: client, timeouts: IMPATIENT });
    peer.behaveNext(behaviour);
    await expect(collector.deliver(windowOf(sent), NEVER)).rejects.toMatchObject({
      code: expect.stringMatching(code) as string,
      retryable: true,
    });
    const before = peer.received.count;
    await collector.deliver(windowOf(sent), NEVER);
    expect(peer.received.messages.slice(before)).toEqual(sent);
    await collector.close();
  });

  test.concurrent("takes the connection that was opened ahead, and none is kept when windows end", async () => {
    await using peer = await startAlone();
    const collector = streamTo(peer.port, { tls: client });
    for (let times = 0; times < 4; times++) await collector.deliver(windowOf(messages(10)), NEVER);
    // The first two windows open their own, and from the second on each opens the next one's.
    await until(() => peer.accepted >= 5, "the last one was opened ahead");
    await until(() => peer.open === 0, "what is not used is let go");
    expect(peer.accepted).toBe(5);
    expect(peer.received.count).toBe(40);
  });

  test("does not take a connection that broke after it was opened ahead", async () => {
    const peer = await start();
    const collector = collectorAt(peer);
    for (let times = 0; times < 2; times++) await collector.deliver(windowOf(messages(10)), NEVER);
    await until(() => peer.open === 1, "one stands ahead");
    peer.resetAll();
    await until(() => peer.open === 0, "it is gone");
    await collector.deliver(windowOf(messages(10)), NEVER).catch(async () => {
      // The reset may be on its way still; then this window tells of it, and the next is delivered.
      await collector.deliver(windowOf(messages(10)), NEVER);
    });
    expect(peer.received.count).toBeGreaterThanOrEqual(30);
  });
});

describe("a collector that can not be reached", () => {
  test.each<[string, () => Promise<Parameters<typeof streamTo>[1] & { port: number }>]>([
    ["refuses", () => Promise.resolve({ port: REFUSING_PORT })],
    ["has no address", () => Promise.resolve({ port: 514, host: "collector.invalid" })],
  ])("because it %s is told so, worth another try", async (_case, target) => {
    const { port, ...options } = await target();
    await expect(streamTo(port, options).deliver(windowOf(messages(1)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
      retryable: true,
    });
  });

  test("is given up at once when the signal says so", async () => {
    const mute = await muteServer();
    const stop = new AbortController();
    const delivered = streamTo(mute.port, { tls: {} }).deliver(windowOf(messages(1)), stop.signal);
    await mute.connected;
    stop.abort(new Error("enough"));
    await expect(delivered).rejects.toThrow("enough");
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  test("because it never speaks TLS is given up after the time for connecting", async () => {
    const { port } = await muteServer();
    const timeouts = { ...IMPATIENT, connectMs: 200 };
    await expect(streamTo(port, { tls: {}, timeouts }).deliver(windowOf(messages(1)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
    });
  });

  /** Accepts connections and says nothing. */
  async function muteServer(): Promise<{ port: number; connected: Promise<unknown> }> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const connected = once(server, "connection");
    connected.catch(() => undefined);
    const sockets = new Set<{ destroy(): void }>();
    server.on("connection", (socket) => sockets.add(socket.on("error", () => undefined)));
    kept({
      close: async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, "close");
      },
    });
    return { port: (server.address() as AddressInfo).port, connected };
  }
});

test("over TLS, where it takes long to open a connection, as many are opened ahead as windows are known to follow, and no more", async () => {
  const peer = kept(await DemoCollector.start({ tls: certificates.server }));
  const collector = kept(streamTo(peer.port, { tls: { ca: certificates.ca } }));
  const counts: number[] = [];
  // Two batches for each window: what is behind the first is partly its own.
  for (let left = 11; left >= 0; left--) {
    await collector.deliver(windowOf(messages(10), { perChunk: 5, behind: 10 * left + 5 }), NEVER);
    counts.push(peer.open);
  }
  expect(Math.max(...counts)).toBeGreaterThan(3);
  await until(() => peer.open === 0, "what is not used is let go");
  // Of the last window nothing is known but that it followed another.
  expect(peer.accepted).toBeLessThanOrEqual(13);
  expect(peer.received.count).toBe(120);
});

/** Stands before a collector: `accept` lets a connection pass, or does something else with it. */
async function startFront(port: number, accept: (socket: Socket, pass: () => void) => void): Promise<Server> {
  const front = createServer((socket) => {
    socket.on("error", () => undefined);
    accept(socket, () => socket.pipe(connect(port, "127.0.0.1").on("error", () => undefined)).pipe(socket));
  });
  await once(front.listen(0, "127.0.0.1"), "listening");
  kept({ close: async () => void (await once(front.close(), "close")) });
  return front;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

test("a collector that goes away while connections are opened ahead is tried once at a time, and nothing is left open", async () => {
  const peer = kept(await DemoCollector.start({ tls: certificates.server }));
  let isAway = false;
  let tried = 0;
  const sockets = new Set<Socket>();
  const front = await startFront(peer.port, (socket, pass) => {
    tried += 1;
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    if (isAway) socket.resetAndDestroy();
    else pass();
  });
  const collector = streamTo(portOf(front), { tls: { ca: certificates.ca } });
  const deliver = (): Promise<void> => collector.deliver(windowOf(messages(10), { behind: 10_000 }), NEVER);
  for (let times = 0; times < 8; times++) await deliver();
  isAway = true;
  for (const socket of sockets) socket.resetAndDestroy();
  await until(() => sockets.size === 0, "all are reset");
  await expect(deliver()).rejects.toMatchObject({ retryable: true });
  const before = tried;
  for (let times = 0; times < 4; times++) await expect(deliver()).rejects.toMatchObject({ retryable: true });
  expect(tried - before).toBe(4);
  isAway = false;
  await deliver();
  await collector.close();
  await until(() => sockets.size === 0, "nothing is left open");
});

test("a window that is given up while it waits for its connection leaves none behind", async () => {
  const peer = kept(await DemoCollector.start({ tls: certificates.server }));
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let isHolding = false;
  let accepted = 0;
  const front = await startFront(peer.port, (socket, pass) => {
    accepted += 1;
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    if (isHolding) held.push(pass);
    else pass();
  });
  const collector = kept(streamTo(portOf(front), { tls: { ca: certificates.ca } }));
  const deliver = (signal = NEVER): Promise<void> => collector.deliver(windowOf(messages(10), { behind: 10 }), signal);
  await deliver();
  await until(() => accepted === 2, "one has been opened ahead");
  isHolding = true;
  await deliver();
  await until(() => held.length === 1, "one is being opened ahead");
  const stop = new AbortController();
  const given = deliver(stop.signal);
  await until(() => held.length > 1, "the window has asked for it");
  stop.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  for (const pass of held) pass();
  await until(() => sockets.size === 0, "none is left", 20_000);
});

test("of a collector that takes only some connections at a time no more are wanted again and again", async () => {
  const peer = kept(await DemoCollector.start({ tls: certificates.server }));
  let dropped = 0;
  const front = await startFront(peer.port, (_socket, pass) => pass());
  front.maxConnections = 3;
  front.on("drop", () => (dropped += 1));
  const collector = kept(streamTo(portOf(front), { tls: { ca: certificates.ca } }));
  for (let times = 0; times < 100; times++) await collector.deliver(windowOf(messages(10), { behind: 10_000 }), NEVER);
  expect(peer.received.count).toBe(1000);
  expect(dropped).toBeGreaterThan(0);
  expect(dropped).toBeLessThan(40);
});

test("closing does not wait for a connection that is being opened ahead", async () => {
  const peer = kept(await DemoCollector.start({ tls: certificates.server }));
  // The third connection, that which is opened ahead, reaches nobody.
  const sockets: Socket[] = [];
  const front = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    if (sockets.length <= 2) socket.pipe(connect(peer.port, "127.0.0.1")).pipe(socket);
  });
  await once(front.listen(0, "127.0.0.1"), "listening");
  const timeouts = { ...PATIENT, connectMs: 10 * PATIENCE_MS };
  const collector = streamTo((front.address() as AddressInfo).port, { tls: { ca: certificates.ca }, timeouts });
  for (let times = 0; times < 2; times++) await collector.deliver(windowOf(messages(1)), NEVER);
  await until(() => sockets.length === 3, "one is opened ahead");
  // That connection would be waited for until long after the test.
  expect(await within(collector.close(), "it is closed")).toBeUndefined();
  for (const socket of sockets) socket.destroy();
  front.close();
});

describe("the file collector", () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "s1bridge-file-"));
    path = join(directory, "events.log");
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  test("appends each window, and writes to the new file after a rotation", async () => {
    const collector = new FileCollector(path);
    writeFileSync(path, "before\n");
    await collector.deliver(windowOf(["a", "b"]), NEVER);
    renameSync(path, `${path}.1`);
    await collector.deliver(windowOf(["c"]), NEVER);
    expect([readFileSync(`${path}.1`, "utf8"), readFileSync(path, "utf8")]).toEqual(["before\na\nb\n", "c\n"]);
  });

  test("does not write behind half a line that an attempt has left", async () => {
    writeFileSync(path, "whole\nha");
    await new FileCollector(path).deliver(windowOf(["half", "next"]), NEVER);
    expect(readFileSync(path, "utf8").split("\n")).toEqual(["whole", "ha", "half", "next", ""]);
  });

  test("rejects when it can not write", async () => {
    mkdirSync(path);
    await expect(new FileCollector(path).deliver(windowOf(["a"]), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_WRITE",
      retryable: true,
      message: expect.stringContaining(path) as string,
    });
  });

  test("writes to what is no regular file too", async () => {
    await expect(new FileCollector("/dev/null").deliver(windowOf(["a"]), NEVER)).resolves.toBeUndefined();
  });

  test("ends with the signal's reason", async () => {
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(new FileCollector(path).deliver(windowOf(["a"]), stop)).rejects.toThrow("enough");
  });
});

describe("the standard output", () => {
  test("has taken the bytes when the window is released", async () => {
    const taken: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          taken.push(chunk.toString());
          done();
        });
      },
    });
    await new StdoutCollector(slow).deliver(windowOf(["a", "b", "c"], { perChunk: 1 }), NEVER);
    expect(taken).toEqual(["a\n", "b\n", "c\n"]);
  });

  test("that fails rejects this window and all that follow", async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
    });
    const collector = new StdoutCollector(broken);
    const message = expect.stringContaining("EPIPE") as string;
    // Not worth another try: a pipe can not be opened again, and the daemon gives up.
    const rejection = { code: "BRIDGE_COLLECTOR_GONE", retryable: false, message };
    await expect(collector.deliver(windowOf(["a"]), NEVER)).rejects.toMatchObject(rejection);
    await expect(collector.deliver(windowOf(["a"]), NEVER)).rejects.toMatchObject(rejection);
  });

  test("that nobody reads is given up when the signal says so", async () => {
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const stuck = new Writable({ write: () => resolve() });
    const stop = new AbortController();
    const delivered = new StdoutCollector(stuck).deliver(windowOf(["a"]), stop.signal);
    await written;
    stop.abort(new Error("enough"));
    await expect(delivered).rejects.toThrow("enough");
  });

  test("is left without our listeners", async () => {
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
    const collector = new StdoutCollector(stdout);
    await collector.deliver(windowOf(["a"]), NEVER);
    await collector.close();
    expect(stdout.listenerCount("error")).toBe(0);
  });
});

describe("over UDP", () => {
  test("each message is a datagram, as it is", async () => {
    const server = createSocket("udp4");
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const sent = ["<134>first message", "<134>zweite Nachricht: é 😀", `<134>${"x".repeat(8000)}`];
    const received: string[] = [];
    const all = new Promise<void>((resolve) => {
      server.on("message", (bytes) => {
        received.push(bytes.toString());
        if (received.length === sent.length) resolve();
      });
    });
    const collector: Collector = new UdpCollector({ host: "127.0.0.1", port: server.address().port });
    await collector.deliver(windowOf(sent, { perChunk: 2 }), NEVER);
    await all;
    expect(received).toEqual(sent);
    await collector.close();
    server.close();
  });

  test("a host without address is an error, and worth another try", async () => {
    const collector = new UdpCollector({ host: "collector.invalid", port: 514 });
    await expect(collector.deliver(windowOf(["a"]), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_WRITE",
      retryable: true,
    });
    await collector.close();
  });
});

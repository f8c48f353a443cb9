import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { TcpEnd, type Verdict } from "../../src/collector/tcp-end.ts";
import { until } from "./collector-fixture.ts";

/** Both ends of a connection over loopback, on which what one side does is known to the other when its call returns. */
interface Pair {
  readonly own: Socket;
  readonly peer: Socket;
  readonly end: TcpEnd;
  /** Of `own`: what was asked when the end of the peer was read. */
  readonly atEnd: () => Verdict | undefined;
}

async function withPair(run: (pair: Pair) => Promise<void>): Promise<void> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const own = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(own, "connect");
  const [peer] = (await accepted) as [Socket];
  const end = new TcpEnd(own);
  let atEnd: Verdict | undefined;
  own.on("end", () => (atEnd = end.verdict()));
  for (const socket of [own, peer]) socket.on("error", () => undefined);
  own.resume();
  try {
    await run({ own, peer, end, atEnd: () => atEnd });
  } finally {
    own.destroy();
    peer.destroy();
    server.close();
  }
}

/** The peer ends its side; resolves when that was read. */
async function peerEnds({ peer, atEnd }: Pair): Promise<void> {
  peer.end();
  await until(() => atEnd() !== undefined, "the peer's end");
}

/** Resolves when the peer's kernel has what was written, and our own has its answer. */
async function arrived(): Promise<void> {
  await sleep(20);
}

test("our end, and then the peer's, who has read everything: clean", async () => {
  await withPair(async ({ own, peer, atEnd }) => {
    peer.resume().on("end", () => peer.end());
    own.end("all of it");
    await until(() => atEnd() !== undefined, "the peer's end");
    expect(atEnd()).toBe("clean");
  });
});

test("our end, and then a reset: it never comes to an end", async () => {
  await withPair(async ({ own, peer, end, atEnd }) => {
    peer.pause();
    const closed = new Promise((resolve) => own.once("close", resolve));
    own.end("all of it");
    await arrived();
    peer.resetAndDestroy();
    await closed;
    expect(atEnd()).toBeUndefined();
    expect(end.verdict()).toBe("unknown");
  });
});

test("the peer's end, and then ours, which it acknowledges: clean", async () => {
  await withPair(async (pair) => {
    const { own, peer, end, atEnd } = pair;
    peer.resume();
    own.write("all of it");
    await arrived();
    await peerEnds(pair);
    expect(end).toMatchObject({ isSent: false, isKnown: true });
    expect(atEnd()).toBe("unknown");
    expect(await end.send()).toBe("clean");
    expect(end.isSent).toBe(true);
  });
});

test("the peer's end, then a reset, and then our end: broken", async () => {
  await withPair(async (pair) => {
    const { own, peer, end } = pair;
    peer.resume();
    own.write("all of it");
    await arrived();
    await peerEnds(pair);
    peer.resetAndDestroy();
    await arrived();
    expect(await end.send()).toBe("broken");
  });
});

test("the peer's end, then more that it never reads, and our end: broken", async () => {
  await withPair(async ({ own, peer, end, atEnd }) => {
    peer.resume();
    own.write("some of it");
    await arrived();
    // Closed, not only ended: whatever comes now meets nobody.
    peer.destroy();
    await until(() => atEnd() !== undefined, "the peer's end");
    own.write("the rest");
    expect(await end.send()).toBe("broken");
  });
});

test("the peer's end, then our end, and a reset before it is acknowledged: broken", async () => {
  await withPair(async (pair) => {
    const { own, peer, end } = pair;
    peer.pause();
    await peerEnds(pair);
    // More than the kernels take: our end has to wait behind it.
    own.write(Buffer.alloc(32 << 20));
    const verdict = end.send();
    await arrived();
    peer.resetAndDestroy();
    expect(await verdict).not.toBe("clean");
  });
});

test("the peer's end, and our end behind what it does not read: open, until somebody gives up", async () => {
  await withPair(async (pair) => {
    const { own, peer, end } = pair;
    peer.pause();
    await peerEnds(pair);
    // More than the peer's kernel takes, and no more than ours.
    await new Promise((resolve) => own.write(Buffer.alloc(1 << 20), resolve));
    expect(await end.send()).toBe("open");
    peer.resetAndDestroy();
    await until(() => end.verdict() !== "open", "the reset");
    expect(end.verdict()).not.toBe("clean");
  });
});

test("a socket that is gone tells nothing", async () => {
  await withPair(async ({ own, end }) => {
    own.destroy();
    expect(end).toMatchObject({ isSent: false, isKnown: false });
    expect(end.verdict()).toBe("unknown");
    await Promise.resolve();
  });
});

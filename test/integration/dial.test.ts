import { createHash, X509Certificate } from "node:crypto";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { ConnectionTarget } from "../../src/collector/connection.ts";
import { dial } from "../../src/collector/dial.ts";
import { StreamCollector } from "../../src/collector/stream.ts";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { makeCertificates } from "../support/tls.ts";
import { NEVER, PATIENT, messages, streamTo, windowOf } from "./collector-fixture.ts";

const certificates = makeCertificates();
const open: { close(): Promise<void> }[] = [];

// Not waited for: a connection that ended in the middle of its handshake may keep the server.
afterEach(() => {
  for (const one of open.splice(0)) void one.close();
});

afterAll(() => certificates[Symbol.dispose]());

async function start(options: Parameters<typeof DemoCollector.start>[0] = {}): Promise<DemoCollector> {
  const peer = await DemoCollector.start(options);
  open.push(peer);
  return peer;
}

/** A collector by its name, which has whatever addresses the test says; `asked` counts how often. */
function named(port: number, addresses: () => readonly string[]) {
  const state = { asked: 0 };
  const target: ConnectionTarget = {
    host: "collector.example.com",
    port,
    tls: undefined,
    timeouts: PATIENT,
    lookUp: () => {
      state.asked += 1;
      return new Promise((resolve) => resolve(addresses()));
    },
  };
  const connect = async (): Promise<string | undefined> => {
    const { tcp } = await dial(target, NEVER);
    const to = tcp.remoteAddress;
    tcp.destroy();
    return to;
  };
  return { target, connect, state };
}

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`getaddrinfo ${code} collector.example.com`), { code });
  };
}

describe("a name with several addresses", () => {
  test("is tried in turn, and the one that answered is the first the next time", async () => {
    const { port } = await start();
    // Only 127.0.0.1 listens.
    const { connect, state } = named(port, () => ["127.0.0.9", "::1", "127.0.0.1"]);
    expect(await connect()).toBe("127.0.0.1");
    expect(await connect()).toBe("127.0.0.1");
    expect(state.asked).toBe(1);
  });

  test("of which none answers is told with the reason of each", async () => {
    const peer = await start();
    await peer.goAway();
    const { connect } = named(peer.port, () => ["127.0.0.9", "127.0.0.8"]);
    await expect(connect()).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
      message: expect.stringMatching(
        /collector\.example\.com:\d+: 127\.0\.0\.9: .*ECONNREFUSED.*; 127\.0\.0\.8: /,
      ) as string,
    });
  });
});

describe("a name", () => {
  test("whose address changes is followed when the old one fails", async () => {
    const { port } = await start();
    let addresses = ["127.0.0.1"];
    const { connect, state } = named(port, () => addresses);
    await connect();
    addresses = ["127.0.0.9"];
    // While it answers there is no reason to ask.
    expect([await connect(), state.asked]).toEqual(["127.0.0.1", 1]);
    const elsewhere = named(port, () => addresses);
    await expect(elsewhere.connect()).rejects.toThrow("ECONNREFUSED");
    addresses = ["127.0.0.1"];
    expect([await elsewhere.connect(), elsewhere.state.asked]).toEqual(["127.0.0.1", 2]);
  });

  test("that the name server does not tell any more is reached where it was", async () => {
    const peer = await start();
    let answer: () => readonly string[] = () => ["127.0.0.1"];
    const { connect } = named(peer.port, () => answer());
    await connect();
    answer = failing("EAI_AGAIN");
    await peer.goAway();
    await expect(connect()).rejects.toMatchObject({ code: "BRIDGE_COLLECTOR_UNREACHABLE" });
    await peer.back();
    expect(await connect()).toBe("127.0.0.1");
  });

  test("that is gone is not reached at its old address", async () => {
    const peer = await start();
    let answer: () => readonly string[] = () => ["127.0.0.1"];
    const { connect } = named(peer.port, () => answer());
    await connect();
    answer = failing("ENOTFOUND");
    await peer.goAway();
    await expect(connect()).rejects.toThrow("ECONNREFUSED");
    await peer.back();
    await expect(connect()).rejects.toMatchObject({ code: "BRIDGE_COLLECTOR_UNREACHABLE" });
    answer = () => ["127.0.0.1"];
    expect(await connect()).toBe("127.0.0.1");
  });
});

describe("over IPv6 a window", () => {
  test.each([
    ["TCP", undefined],
    ["TLS", { ca: certificates.ca, servername: "localhost" }],
  ] as const)("is confirmed: %s", async (_name, tls) => {
    const peer = await start({ host: "::1", ...(tls === undefined ? {} : { tls: certificates.server }) });
    const sent = messages(5000);
    const collector = streamTo(peer.port, { host: "::1", tls });
    open.push(collector);
    await collector.deliver(windowOf(sent), NEVER);
    expect(peer.received.messages).toEqual(sent);
  });

  test("is not confirmed when nobody reads it: the watchdog reads the other table", async () => {
    const peer = await start({ host: "::1", behaviour: { stopReadingAfter: 0 } });
    const timeouts = { connectMs: 5000, stallMs: 300, confirmMs: 300, watchMs: 50 };
    const collector = streamTo(peer.port, { host: "::1", timeouts });
    await expect(collector.deliver(windowOf(messages(40_000)), NEVER)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_STALLED",
    });
  });
});

describe("a pinned certificate", () => {
  const pin = createHash("sha256").update(new X509Certificate(certificates.server.cert).raw).digest("hex");

  async function deliver(port: number, fingerprints: readonly string[]): Promise<void> {
    const collector = new StreamCollector({
      // The name of no certificate, and an authority that has signed none.
      host: "127.0.0.1",
      port,
      tls: { ca: certificates.strangerCa, servername: "elsewhere.example.com" },
      fingerprints,
      timeouts: PATIENT,
      confirms: true,
    });
    try {
      await collector.deliver(windowOf(messages(3)), NEVER);
    } finally {
      await collector.close();
    }
  }

  test("is accepted without authority and name", async () => {
    const peer = await start({ tls: certificates.server });
    await deliver(peer.port, ["00".repeat(32), pin]);
    expect(peer.received.count).toBe(3);
  });

  test("is the only one: another is refused with its fingerprint, and nothing is sent", async () => {
    const peer = await start({ tls: certificates.server });
    await expect(deliver(peer.port, ["00".repeat(32)])).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
      message: expect.stringContaining(pin) as string,
    });
    expect(peer.received.count).toBe(0);
  });
});

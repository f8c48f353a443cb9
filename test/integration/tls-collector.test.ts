import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { probeConnection } from "../../src/collector/probe.ts";
import { type CollectorOptions, DemoCollector } from "../../src/demo/collector/collector.ts";
import { makeCertificates } from "../support/tls.ts";
import { NEVER, PATIENT, messages, streamTo, windowOf } from "./collector-fixture.ts";

const certificates = makeCertificates();
const { ca, server, client, stranger, strangerCa } = certificates;

const open: { close(): Promise<void> }[] = [];

// Not waited for: a connection that ended in the middle of its handshake may keep the server.
afterEach(() => {
  for (const one of open.splice(0)) void one.close();
});

async function collector(tls: NonNullable<CollectorOptions["tls"]>): Promise<DemoCollector> {
  const made = await DemoCollector.start({ tls });
  open.push(made);
  return made;
}

async function deliver(port: number, tls: ConnectionOptions, count = 3): Promise<void> {
  const stream = streamTo(port, { tls });
  try {
    await stream.deliver(windowOf(messages(count)), NEVER);
  } finally {
    await stream.close();
  }
}

describe("the collector's certificate", () => {
  const expired = makeExpired();

  test.each<[string, () => NonNullable<CollectorOptions["tls"]>, ConnectionOptions, RegExp]>([
    ["is of another CA", () => server, { ca: strangerCa }, /UNABLE_TO_VERIFY|unable to verify|issuer/i],
    ["is of no public CA", () => server, {}, /UNABLE_TO|unable to/],
    ["is for another name", () => client, { ca }, /ALTNAME/],
    [
      "is for another name than the one that was configured",
      () => server,
      { ca, servername: "other.example.com" },
      /ALTNAME/,
    ],
    ["has expired", () => expired, { ca: expired.cert }, /CERT_HAS_EXPIRED/],
  ])("that %s is refused, and nothing is sent", async (_case, identity, tls, message) => {
    const peer = await collector(identity());
    await expect(deliver(peer.port, tls)).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
      retryable: true,
      message: expect.stringMatching(message) as string,
    });
    expect([peer.received.count, peer.open]).toEqual([0, 0]);
  });

  test("may be for the name that was configured in place of the host", async () => {
    const peer = await collector(client);
    await deliver(peer.port, { ca, servername: "s1bridge.example.com" });
    expect(peer.received.count).toBe(3);
  });

  /** Signed by itself, and no longer valid since 2021. */
  function makeExpired(): { cert: string; key: string } {
    const directory = mkdtempSync(join(tmpdir(), "s1bridge-expired-"));
    const file = (name: string): string => join(directory, name);
    const openssl = (...parameters: string[]): unknown =>
      execFileSync("openssl", parameters, { cwd: directory, stdio: "pipe" });
    const sections = [
      "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=p\ndefault_md=sha256\nx509_extensions=e",
      "[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n",
    ];
    writeFileSync(file("config"), sections.join("\n"));
    writeFileSync(file("index"), "");
    writeFileSync(file("serial"), "01\n");
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", "key"];
    openssl("req", "-new", ...key, "-out", "request", "-subj", "/CN=localhost");
    const dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"];
    const signed = ["-selfsign", "-keyfile", "key", "-in", "request", "-out", "cert", "-notext"];
    openssl("ca", "-batch", "-config", "config", ...signed, ...dates);
    const made = { cert: readFileSync(file("cert"), "utf8"), key: readFileSync(file("key"), "utf8") };
    rmSync(directory, { recursive: true });
    return made;
  }
});

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a collector that wants a client certificate over %s", (version) => {
  const mutual = { ...server, ca, minVersion: version, maxVersion: version };

  test.each<[string, ConnectionOptions]>([
    ["none", { ca }],
    ["one of another CA", { ca, cert: stranger.cert, key: stranger.key }],
  ])("gets %s: nothing is confirmed, however small or large the window", async (_case, tls) => {
    const peer = await collector(mutual);
    for (const count of [1, 1, 1, 5000])
      await expect(deliver(peer.port, tls, count)).rejects.toMatchObject({ retryable: true });
    expect(peer.received.count).toBe(0);
  });

  test("gets its own: the window is confirmed", async () => {
    const peer = await collector(mutual);
    await deliver(peer.port, { ca, cert: client.cert, key: client.key });
    expect(peer.received.count).toBe(3);
  });
});

describe("the TLS version", () => {
  test("below the configured one is refused", async () => {
    const peer = await collector({ ...server, maxVersion: "TLSv1.2" });
    await expect(deliver(peer.port, { ca, minVersion: "TLSv1.3" })).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
    });
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s is taken when 1.2 is the least", async (version) => {
    const peer = await collector({ ...server, minVersion: version, maxVersion: version });
    await deliver(peer.port, { ca, minVersion: "TLSv1.2" });
    expect(peer.received.count).toBe(3);
  });

  test("1.1 is refused", async () => {
    const weak = createTlsServer({ ...server, maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" });
    weak.on("tlsClientError", () => undefined);
    await once(weak.listen(0, "127.0.0.1"), "listening");
    await expect(deliver((weak.address() as AddressInfo).port, { ca, minVersion: "TLSv1.2" })).rejects.toMatchObject({
      code: "BRIDGE_COLLECTOR_UNREACHABLE",
    });
    weak.close();
  });
});

describe("the end of a TLS connection", () => {
  test("tells the collector that nothing was cut off", async () => {
    const closes: string[] = [];
    const peer = createTlsServer({ ...server, allowHalfOpen: true }, (socket) => {
      socket.on("end", () => {
        closes.push("clean");
        socket.end();
      });
      socket.on("error", ({ message }) => closes.push(message));
      socket.resume();
    });
    await once(peer.listen(0, "127.0.0.1"), "listening");
    await deliver((peer.address() as AddressInfo).port, { ca });
    peer.close();
    expect(closes).toEqual(["clean"]);
  });
});

describe("the probe", () => {
  test("tells the certificate, also of a collector that is known by its fingerprint", async () => {
    const peer = await collector(server);
    const { fingerprint256, subject } = new X509Certificate(server.cert);
    const fingerprint = fingerprint256.replaceAll(":", "").toLowerCase();
    const target = { host: "localhost", port: peer.port, tls: { ca }, timeouts: PATIENT, fingerprints: [fingerprint] };
    const { steps, tls } = await probeConnection(target, NEVER);
    expect(steps.map(({ step, ok }) => [step, ok])).toEqual([
      ["dns", true],
      ["connect", true],
      ["tls", true],
    ]);
    expect(tls).toMatchObject({ fingerprint, subject: /CN=(.*)/.exec(subject)?.[1] });
    expect(tls?.daysLeft).toBeGreaterThan(0);
  });
});

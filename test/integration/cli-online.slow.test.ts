import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { REFUSING_PORT } from "../support/free-port.ts";
import { makeCertificates } from "../support/tls.ts";

const certificates = makeCertificates();
const peers: DemoCollector[] = [];
let home: BridgeHome;

beforeEach(() => {
  home = new BridgeHome();
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
  // Not waited for: a connection that ended in the middle of its handshake may keep the server.
  for (const peer of peers.splice(0)) void peer.close();
});

afterAll(() => certificates[Symbol.dispose]());

async function start(options: Parameters<typeof DemoCollector.start>[0] = {}): Promise<DemoCollector> {
  const peer = await DemoCollector.start(options);
  peers.push(peer);
  return peer;
}

function configure(collectors: readonly Record<string, unknown>[]): void {
  home.configure({ consoles: [home.console({ url: "http://127.0.0.1:9" })], collectors });
}

interface Told {
  readonly online: readonly { readonly subject: string; readonly check: string; readonly state: string }[];
  readonly collectors: readonly {
    readonly collector: string;
    readonly ok: boolean;
    readonly fits?: string;
    readonly close?: string;
    readonly tls?: { readonly daysLeft: number };
    readonly steps: readonly { readonly step: string; readonly ok: boolean; readonly detail: string }[];
    readonly advice: readonly string[];
  }[];
}

describe("check --online", () => {
  test("says of each collector what it does, and which confirm fits", async () => {
    const good = await start({ tls: certificates.server });
    const mute = await start({ behaviour: { neverAnswerClose: true } });
    const hasty = await start({ behaviour: { closeOnAccept: true } });
    const tls = { ca_file: certificates.caFile, server_name: "localhost" };
    configure([
      { name: "good", address: good.address, tls },
      { name: "mute", address: mute.address },
      { name: "hasty", address: hasty.address },
      { name: "away", address: `tcp://127.0.0.1:${REFUSING_PORT}` },
      { name: "stranger", address: good.address },
    ]);
    const { code, stdout } = await home.command("check", "-c", home.configFile, "--online", "--json");
    const { collectors, online } = JSON.parse(stdout) as Told;
    expect(online.filter(({ subject, state }) => subject === "collector mute" && state === "fault")).toHaveLength(1);
    expect(collectors.map(({ collector, ok, fits, close }) => [collector, ok, fits, close])).toEqual([
      ["good", true, "half_close", "answered"],
      ["mute", false, "window", "never"],
      ["hasty", false, "window", "early"],
      ["away", false, undefined, undefined],
      ["stranger", false, undefined, undefined],
    ]);
    expect(collectors[0]?.tls?.daysLeft).toBe(1);
    expect(collectors[0]?.advice).toEqual(["its certificate ends in 1 days"]);
    expect(collectors[1]?.advice.join()).toContain("set `confirm: window`");
    expect(collectors[3]?.steps.at(-1)?.detail).toContain("ECONNREFUSED");
    expect(collectors[4]?.steps.map(({ step, ok }) => [step, ok])).toEqual([
      ["connect", true],
      ["tls", false],
    ]);
    expect(code).toBe(1);
    expect(good.received.messages.join()).toContain("s1bridge test event");
  });

  test("is content with a collector whose configuration fits, and says so in words", async () => {
    const mute = await start({ behaviour: { neverAnswerClose: true } });
    configure([{ name: "mute", address: mute.address, confirm: "window" }]);
    const { stdout } = await home.command("check", "-c", home.configFile, "--online");
    expect(stdout).toMatch(/^warning collector mute +close +our close was not answered/m);
    expect(stdout).not.toMatch(/^fault +collector/m);
  });

  test("tries nothing while the file has faults", async () => {
    home.writeConfig("version: 1\n");
    expect(await home.command("check", "-c", home.configFile, "--online")).toMatchObject({ code: 2 });
  });
});

describe("send-test", () => {
  test("delivers one marked event by the real path, and says that it was confirmed", async () => {
    const [first, second] = [await start(), await start()];
    configure([
      { name: "first", address: first.address, framing: "octet_counting" },
      { name: "second", address: second.address },
    ]);
    const { code, stderr } = await home.command("send-test", "-c", home.configFile, "--collector", "first");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^first: confirmed \(half_close\) after \d+ ms; look for s1bridge-test-/m);
    expect(first.received.messages).toHaveLength(1);
    expect(first.received.messages[0]).toMatch(/CEF:0\|SentinelOne\|Mgmt\|[^|]*\|bridge\.test\|.*s1bridge test event/);
    expect(second.received.count).toBe(0);
  });

  test("ends with 1 when one is not confirmed", async () => {
    const good = await start();
    configure([
      { name: "good", address: good.address },
      { name: "away", address: `tcp://127.0.0.1:${REFUSING_PORT}` },
    ]);
    const { code, stderr } = await home.command("send-test", "-c", home.configFile);
    expect(code).toBe(1);
    expect(stderr).toContain("good: confirmed");
    expect(stderr).toContain("away: NOT confirmed: BRIDGE_COLLECTOR_UNREACHABLE");
  });

  test("says of a resend window that nothing is proven", async () => {
    const good = await start();
    configure([{ name: "good", address: good.address, confirm: "window" }]);
    const { code, stderr } = await home.command("send-test", "-c", home.configFile);
    expect(stderr).toContain("good: sent and acknowledged, not proven");
    expect(code).toBe(0);
  });

  test("names a collector that is not there", async () => {
    configure([{ name: "good", address: "tcp://127.0.0.1:9" }]);
    expect(await home.command("send-test", "-c", home.configFile, "--collector", "god")).toMatchObject({ code: 2 });
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, eventually, statusSays } from "../support/bridge-process.ts";
import { supply } from "../support/event-keys.ts";
import { REFUSING_PORT } from "../support/free-port.ts";
import { makeCertificates } from "../support/tls.ts";

/**
 * What goes wrong in the field, and where an operator finds the cause: `s1bridge status`, /readyz or the log, each alone.
 * A silent console and a full disk stand in ten-faults.slow.test.ts.
 */
const certificates = makeCertificates();

afterAll(() => certificates[Symbol.dispose]());

const unwaited: AsyncDisposable[] = [];

// Not waited for: a connection that ended in the middle of its handshake may keep the server.
afterEach(() => {
  for (const one of unwaited.splice(0)) void one[Symbol.asyncDispose]();
});

function leftOpen<T extends AsyncDisposable>(one: T): T {
  unwaited.push(one);
  return one;
}

function supplySome(console: DemoConsole, count = 50): string[] {
  const startMs = Date.now() - 240_000;
  return supply(console, { activities: generateActivities({ seed: 7, count, startMs, stepMs: 20 }) });
}

test("1. a dead token: status and /readyz say 401 and that the token is refused, the log says it as an error", async () => {
  await using console = await DemoConsole.start({ token: "another" });
  await using home = new BridgeHome();
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "file", address: `file://${join(home.directory, "out")}` }],
  });
  const bridge = await home.start();
  await bridge.logged(({ level, code }) => level === "error" && code === "BRIDGE_FEED_UNAUTHORIZED", "the code");
  await statusSays(home, /^acme\/activities +parked .*BRIDGE_FEED_UNAUTHORIZED .*401/m);
  const { status, text } = await bridge.get("/readyz");
  expect([status, text]).toEqual([503, expect.stringMatching(/acme\/activities.*BRIDGE_FEED_UNAUTHORIZED.*401/)]);
});

test("2. 403 on threats: that feed alone is parked, with the permission's code; activities go on", async () => {
  await using console = await DemoConsole.start();
  console.tokens.add("demo-token", { lacks: ["Threats.view"] });
  await using home = new BridgeHome();
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "file", address: `file://${join(home.directory, "out")}` }],
  });
  const bridge = await home.start();
  const line = await bridge.logged(({ code }) => code === "BRIDGE_FEED_FORBIDDEN", "the code");
  expect(line).toMatchObject({ level: "error", feed: "threats", error: expect.stringContaining("403") as string });
  await statusSays(home, /^acme\/activities +ok [^]*^acme\/threats +parked .*BRIDGE_FEED_FORBIDDEN/m);
  expect(await bridge.metric("s1bridge_feed_parked")).toEqual(
    new Map([
      ['{console="acme",feed="activities"}', 0],
      ['{console="acme",feed="threats"}', 1],
    ]),
  );
});

test("3. a wrong CA, at the console and at the collector: both say that the certificate can not be verified", async () => {
  const hidden = leftOpen(await DemoConsole.start({ tls: certificates.server }));
  await using console = await DemoConsole.start();
  const collector = leftOpen(await DemoCollector.start({ tls: certificates.server }));
  await using home = new BridgeHome();
  const strange = join(home.directory, "strange.pem");
  writeFileSync(strange, certificates.strangerCa);
  supplySome(console);
  home.configure({
    consoles: [home.console(console), home.console(hidden, { name: "hidden", ca_file: strange })],
    collectors: [
      { name: "siem", address: collector.address, tls: { ca_file: strange } },
      { name: "good", address: collector.address, tls: { ca_file: certificates.caFile, server_name: "localhost" } },
    ],
  });
  const bridge = await home.start();
  const unverified = /verif|issuer|self-signed/i;
  for (const code of ["BRIDGE_FEED_UNAVAILABLE", "BRIDGE_COLLECTOR_UNREACHABLE"]) {
    const line = await bridge.logged((one) => one["code"] === code, code);
    expect(line["error"]).toMatch(unverified);
  }
  const text = await statusSays(home, /^siem +failing .*BRIDGE_COLLECTOR_UNREACHABLE.*(verif|issuer|self-signed)/im);
  expect(text).toMatch(/^hidden\/activities +failing .*BRIDGE_FEED_UNAVAILABLE.*(verif|issuer|self-signed)/im);
  const days = async (): Promise<number> => {
    const ends = await bridge.metric("s1bridge_certificate_expiry_timestamp_seconds");
    return ((ends.get('{peer="collector",name="good"}') ?? 0) * 1000 - Date.now()) / 86_400_000;
  };
  await eventually(async () => (await days()) > 1, "when the collector's certificate expires");
});

test("4. a collector that is down: status says refused, how much waits for it, and that the other is not held up", async () => {
  await using console = await DemoConsole.start();
  await using home = new BridgeHome();
  const expected = supplySome(console);
  home.configure({
    consoles: [home.console(console)],
    collectors: [
      { name: "siem", address: `tcp://127.0.0.1:${REFUSING_PORT}` },
      { name: "file", address: `file://${join(home.directory, "out")}` },
    ],
  });
  const bridge = await home.start();
  const line = await bridge.logged(({ code }) => code === "BRIDGE_COLLECTOR_UNREACHABLE", "the code");
  expect(line["error"]).toContain(`127.0.0.1:${REFUSING_PORT}`);
  await bridge.confirmed(expected.length);
  const text = await statusSays(home, /^siem +failing .*BRIDGE_COLLECTOR_UNREACHABLE .*ECONNREFUSED/m);
  expect(text).toMatch(new RegExp(`^siem .* ${expected.length} `, "m"));
  expect(text).toMatch(/^file +connected /m);
  expect(text).toMatch(/^what to do:\n {2}BRIDGE_COLLECTOR_UNREACHABLE: \w/m);
});

test("6. a clock that is off: status says by how much, and events flow all the same", async () => {
  await using console = await DemoConsole.start({ clock: () => Date.now() - 600_000 });
  await using home = new BridgeHome();
  const expected = supply(console, {
    activities: generateActivities({ seed: 7, count: 20, startMs: Date.now() - 900_000, stepMs: 20 }),
  });
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "file", address: `file://${join(home.directory, "out")}` }],
  });
  const bridge = await home.start();
  const warned = await bridge.logged(({ msg }) => msg.includes("clock"), "the clock");
  expect(warned).toMatchObject({
    level: "warn",
    console: "acme",
    consoleAheadSeconds: expect.closeTo(-600, -1) as number,
  });
  await bridge.confirmed(expected.length);
  await statusSays(home, /^acme .*(59\d|60\d)(\.\d+)? s behind/m);
});

test("8. a full spool: /readyz and status say that it is full, and which collector it waits for", async () => {
  await using console = await DemoConsole.start();
  await using home = new BridgeHome();
  supplySome(console, 9000);
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: `tcp://127.0.0.1:${REFUSING_PORT}` }],
    spool: { max_size: "1MiB" },
  });
  const bridge = await home.start();
  await eventually(
    async () => (await bridge.get("/readyz")).text.includes("the spool is full (max_size), and polling waits"),
    "that it is full",
  );
  await bridge.logged(({ code }) => code === "BRIDGE_COLLECTOR_UNREACHABLE", "the collector");
  const text = await statusSays(home, /the spool is full \(max_size\), and polling waits/);
  expect(text).toMatch(/^siem +failing .*BRIDGE_COLLECTOR_UNREACHABLE/m);
  expect(text).toMatch(/^spool .* of 1\.0 MiB, .* full, polling waits/m);
});

test("9. a bad configuration at a reload: the log and status have its faults, and that the old one goes on", async () => {
  await using console = await DemoConsole.start();
  await using home = new BridgeHome();
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "file", address: `file://${join(home.directory, "out")}` }],
  });
  const bridge = await home.start();
  home.writeConfig(readFileSync(home.configFile, "utf8").replace('"collectors"', '"colectors"'));
  process.kill(bridge.pid, "SIGHUP");
  const line = await bridge.logged(({ code }) => code === "BRIDGE_CONFIG_INVALID", "the refusal");
  expect(line).toMatchObject({ level: "error", msg: expect.stringContaining("the running one goes on") as string });
  expect(String(line["faults"])).toMatch(/\d+:\d+ .*did you mean "collectors"/);
  await eventually(async () => (await bridge.get("/readyz")).status === 200, "it is ready");
  const { code, stdout, stderr } = await home.command("status", "-c", home.configFile);
  expect([code, stderr]).toEqual([2, expect.stringContaining('did you mean "collectors"')]);
  expect(stdout).toMatch(/BRIDGE_CONFIG_INVALID .* was refused at .*the one before goes on/);
  expect(stdout).toMatch(/\d+:\d+ .*did you mean "collectors"/);
  expect(stdout).toMatch(/^acme\/activities +ok /m);
});

test("10. a site that no collector takes: log and status name it and the way out, and how much is discarded", async () => {
  await using console = await DemoConsole.start();
  await using home = new BridgeHome();
  const expected = supplySome(console);
  home.configure({
    consoles: [home.console(console)],
    collectors: [
      { name: "file", address: `file://${join(home.directory, "out")}`, match: { sites: ["no such site"] } },
    ],
  });
  const bridge = await home.start();
  const line = await bridge.logged(({ msg }) => msg.startsWith("no collector matches"), "the site");
  expect(line).toMatchObject({ level: "warn", belongsTo: expect.stringMatching(/\w/) as string });
  expect(line.msg).toContain("s1bridge routes");
  await eventually(
    async () => (await bridge.total("s1bridge_events_unrouted_total")) === expected.length,
    "all are counted",
  );
  const text = await statusSays(home, /^NO COLLECTOR TAKES .*\n.+ \d+ +\d+ s ago$/m);
  expect(text).toContain(String(line["belongsTo"]));
  expect(text).toContain("s1bridge routes");
  const told = bridge.log.filter(({ msg }) => msg.startsWith("no collector matches"));
  expect(new Set(told.map(({ belongsTo }) => belongsTo)).size).toBe(told.length);
});

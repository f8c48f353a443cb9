import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import type { BridgeStatus } from "../../src/telemetry/status.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { supply } from "../support/event-keys.ts";

test.concurrent("status tells what the daemon tells, and the same from its files when it is killed", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  const startMs = Date.now() - 60_000;
  const expected = supply(console, {
    activities: generateActivities({ seed: 1, count: 50, startMs, stepMs: 100 }),
    threats: [],
  });
  home.configure({
    consoles: [home.console(console)],
    collectors: [
      { name: "siem", address: collector.address },
      { name: "gone", address: "tcp://127.0.0.1:1" },
    ],
  });
  const bridge = await home.start();
  // What has arrived is not confirmed yet, and a feed without events tells of itself only here.
  await bridge.confirmed(expected.length);
  const isSettled = async (): Promise<boolean> => {
    const { feeds, collectors } = JSON.parse((await bridge.get("/api/status")).text) as BridgeStatus;
    return feeds.every(({ state }) => state === "ok") && collectors.some(({ state }) => state === "failing");
  };
  await eventually(isSettled, "both feeds are read, and one collector can not be reached");
  const file = (): { telemetry?: string; status?: BridgeStatus } => {
    try {
      return JSON.parse(readFileSync(join(home.spool, "status.json"), "utf8")) as object;
    } catch {
      return {};
    }
  };
  await eventually(() => file().telemetry !== undefined, "the status file");
  const told = async (): Promise<BridgeStatus> => {
    const { stdout } = await home.command("status", "-c", home.configFile, "--json");
    return JSON.parse(stdout) as BridgeStatus;
  };
  expect(await told()).toMatchObject({
    source: "daemon",
    pid: bridge.pid,
    feeds: [
      { console: "acme", feed: "activities", state: "ok", spooled: 50, total: { events: 50 } },
      { console: "acme", feed: "threats", state: "ok" },
    ],
    collectors: [
      { collector: "siem", state: "ok", connected: true, confirmed: 50, waiting: 0, oldestWaitingSeconds: null },
      {
        collector: "gone",
        state: "failing",
        connected: false,
        waiting: 50,
        fault: { code: "BRIDGE_COLLECTOR_UNREACHABLE" },
      },
    ],
    spool: { events: 50, full: false },
  });
  const table = await home.command("status", "-c", home.configFile);
  expect(table.stdout).toMatch(/^acme\/activities +ok /m);
  expect(table.stdout).toMatch(/^gone +failing .*BRIDGE_COLLECTOR_UNREACHABLE/m);
  expect(table.stdout).not.toContain("\u001B");

  // The file on disk may be as bad as it can be: the daemon has another one.
  const good = readFileSync(home.configFile, "utf8");
  home.writeConfig(`${good} }`);
  const shown = await home.command("status", "-c", home.configFile, "--json");
  expect([shown.code, (JSON.parse(shown.stdout) as BridgeStatus).source]).toEqual([2, "daemon"]);
  expect(shown.stderr).toMatch(/1 fault; see/);
  await bridge.kill();
  const down = await home.command("status", "-c", home.configFile);
  expect(down.stdout).toMatch(/^gone +stopped /m);
  expect(down.stdout).toContain("the configuration on disk can not be used");
  home.writeConfig(good);
  const after = await home.command("status", "-c", home.configFile, "--json");
  expect(after.code).toBe(1);
  expect(JSON.parse(after.stdout)).toMatchObject({
    source: "files",
    ready: false,
    reasons: [expect.stringContaining("the daemon does not answer") as string],
    feeds: [
      { feed: "activities", state: "stopped", total: { events: 50 } },
      { feed: "threats", state: "stopped" },
    ],
    collectors: [
      { collector: "siem", state: "stopped", position: 50, waiting: 0 },
      { collector: "gone", state: "stopped", position: 0, waiting: 50 },
    ],
  });
  expect((await home.command("status", "-c", home.configFile)).stdout).toContain("from its files");
});

test.concurrent("with a token the telemetry tells strangers the state of the probes and nothing else", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome({ token: "a-revoked-one" });
  console.tokens.add("another");
  const tokenFile = join(home.directory, "telemetry-token");
  writeFileSync(tokenFile, "let-me-in\n");
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address }],
    telemetry: { listen: "127.0.0.1:0", token: { file: tokenFile } },
  });
  const bridge = await home.start();
  expect(await bridge.get("/livez")).toStrictEqual({ status: 200, text: "ok\n" });
  expect(await bridge.get("/readyz")).toStrictEqual({ status: 503, text: "not ready\n" });
  for (const path of ["/metrics", "/api/status", "/", "/elsewhere"]) expect((await bridge.get(path)).status).toBe(401);
  const { telemetry } = await bridge.started();
  const ask = async (authorization: string): Promise<number> =>
    (await fetch(`http://${String(telemetry)}/metrics`, { headers: { authorization, connection: "close" } })).status;
  expect(await Promise.all(["Bearer let-me-in", "bearer let-me-in", "Bearer no", "Basic let-me-in"].map(ask))).toEqual([
    200, 200, 401, 401,
  ]);
  const { stdout } = await home.command("status", "-c", home.configFile, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ source: "daemon", ready: false });
});

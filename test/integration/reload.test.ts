import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, type BridgeProcess, type ConfigTree, eventually } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";

let seed = 1;

function supplySome(console: DemoConsole, count = 300): string[] {
  seed += 1;
  const startMs = Date.now() - 240_000;
  return supply(console, { activities: generateActivities({ seed, count, startMs, stepMs: 700, burst: 2 }) });
}

/** Asks for a reload and waits until the log tells how it went. */
async function reload(bridge: BridgeProcess, told = "reloaded"): Promise<void> {
  const before = bridge.log.filter(({ msg }) => msg.startsWith(told)).length;
  process.kill(bridge.pid, "SIGHUP");
  await eventually(
    () => bridge.log.filter(({ msg }) => msg.startsWith(told)).length > before,
    () => `${told}: ${JSON.stringify(bridge.log.slice(-5))}`,
  );
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

describe("a reload by SIGHUP", () => {
  test("adds and removes collectors, consoles and routes; nothing is lost or sent twice", async () => {
    await using first = await DemoConsole.start();
    await using second = await DemoConsole.start();
    await using kept = await DemoCollector.start();
    await using home = new BridgeHome();
    const file = join(home.directory, "added.log");
    const one = { name: "kept", address: kept.address };
    const added = { name: "added", address: `file://${file}` };
    const configure = (consoles: readonly ConfigTree[], collectors: readonly ConfigTree[]): void =>
      home.configure({ consoles, collectors });

    configure([home.console(first)], [one]);
    const expected = supplySome(first);
    const bridge = await home.start();
    await bridge.confirmed(expected.length);

    configure([home.console(first), home.console(second, { name: "second" })], [one, added]);
    await reload(bridge);
    const later = [...supplySome(first), ...supplySome(second)];
    await bridge.confirmed(expected.length + 2 * later.length);
    expect(compareKeys(later, countKeys(linesOf(file)))).toStrictEqual(COMPLETE);
    expect(JSON.parse((await bridge.get("/api/status")).text)).toMatchObject({
      collectors: [{ collector: "kept" }, { collector: "added" }],
    });

    configure([home.console(second, { name: "second" })], [{ ...one, match: { feeds: ["threats"] } }, added]);
    await reload(bridge);
    const last = supplySome(second);
    supplySome(first);
    await bridge.confirmed(expected.length + 2 * later.length + last.length);
    expect(compareKeys([...later, ...last], countKeys(linesOf(file)))).toStrictEqual(COMPLETE);
    expect(compareKeys([...expected, ...later], countKeys(kept.received.messages))).toStrictEqual(COMPLETE);
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  });

  test("refuses a bad file with its faults, and the running configuration goes on", async () => {
    await using console = await DemoConsole.start();
    await using collector = await DemoCollector.start();
    await using home = new BridgeHome();
    home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });
    const bridge = await home.start();
    const good = readFileSync(home.configFile, "utf8");
    home.writeConfig(good.replace('"siem"', '"si em"').replace('"every": "1s"', '"evry": "1s"'));
    await reload(bridge, "the new configuration is refused");
    const refused = bridge.log.at(-1);
    expect(refused).toMatchObject({ level: "error", code: "BRIDGE_CONFIG_INVALID" });
    expect(JSON.stringify(refused?.["faults"])).toContain('did you mean \\"every\\"');
    const expected = supplySome(console);
    await bridge.confirmed(expected.length);
    expect(compareKeys(expected, countKeys(collector.received.messages))).toStrictEqual(COMPLETE);
  });

  test("says which keys are read at the start only; a file that changes is read again where that is asked for", async () => {
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    const tree = (more: ConfigTree): ConfigTree => ({
      consoles: [home.console(console)],
      collectors: [{ name: "file", address: `file://${join(home.directory, "a.log")}` }],
      reload: { on_change: true },
      ...more,
    });
    home.configure(tree({}));
    const bridge = await home.start();
    home.configure(tree({ log: { level: "debug" } }));
    await bridge.logged(({ msg }) => msg.startsWith("these keys are read at the start only"), "the warning");
    await bridge.logged(({ msg }) => msg === "reloaded", "the reload");
    expect(bridge.log.find(({ keys }) => keys !== undefined)?.["keys"]).toEqual(["log"]);
  });
});

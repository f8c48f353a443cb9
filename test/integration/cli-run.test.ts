import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { freePort } from "../support/free-port.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";

/** Within the overlap, so that a feed finds them that has read up to now. */
function supplyMinutes(console: DemoConsole, seed = 1): string[] {
  const startMs = Date.now() - 240_000;
  return supply(console, {
    activities: generateActivities({ seed, count: 1200, startMs, stepMs: 190, burst: 3 }),
    threats: generateThreats({ seed: seed + 1, count: 60, startMs, stepMs: 3500 }),
  });
}

describe.concurrent("a second bridge on the same spool", () => {
  test("ends with 1 and says which process holds it, and the first one goes on", async () => {
    await using console = await DemoConsole.start();
    await using collector = await DemoCollector.start();
    await using home = new BridgeHome();
    home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });
    const first = await home.start();

    const second = home.run();
    expect(await second.exit).toStrictEqual({ code: 1, signal: null });
    expect(second.log.at(-1)).toMatchObject({ level: "fatal", code: "BRIDGE_SPOOL_HELD" });
    expect(second.log.at(-1)?.["error"]).toContain(`held by process ${first.pid} `);

    const expected = supplyMinutes(console);
    await first.confirmed(expected.length);
    expect(compareKeys(expected, countKeys(collector.received.messages))).toStrictEqual(COMPLETE);
  });
});

describe.concurrent("a run", () => {
  test("is not delayed by a second console that never answers", async () => {
    await using console = await DemoConsole.start();
    await using hanging = await DemoConsole.start();
    await using collector = await DemoCollector.start();
    await using home = new BridgeHome();
    hanging.faults.add({ kind: "hang" }, { times: 1000 });
    const expected = supplyMinutes(console);
    supplyMinutes(hanging, 5);
    home.configure({
      consoles: [home.console(hanging, { name: "hanging" }), home.console(console)],
      collectors: [{ name: "siem", address: collector.address }],
    });
    const bridge = await home.start();
    await bridge.confirmed(expected.length);
    // A new event does not wait for the other either.
    const late = supply(console, {
      activities: generateActivities({ seed: 9, count: 1, startMs: Date.now() - 1000, stepMs: 1 }),
    });
    await bridge.confirmed(expected.length + 1);
    // The one that hangs is still waited for: its answer has a minute.
    expect(await bridge.total("s1bridge_feed_faults_total")).toBe(0);
    expect(compareKeys([...expected, ...late], countKeys(collector.received.messages))).toStrictEqual(COMPLETE);
    expect(hanging.requests.count("/system/info")).toBeGreaterThan(0);
  });

  test("gives one collector everything while the other is dead, and the dead one all of it when it comes", async () => {
    await using console = await DemoConsole.start();
    await using alive = await DemoCollector.start();
    await using dead = await DemoCollector.start();
    await using home = new BridgeHome();
    await dead.goAway();
    const expected = supplyMinutes(console);
    home.configure({
      consoles: [home.console(console)],
      collectors: [
        { name: "dead", address: dead.address },
        { name: "alive", address: alive.address },
      ],
    });
    const bridge = await home.start();
    await bridge.confirmed(expected.length);
    expect(compareKeys(expected, countKeys(alive.received.messages))).toStrictEqual(COMPLETE);
    expect(await bridge.total("s1bridge_spool_events")).toBe(expected.length);
    // What was never sent is not in doubt.
    expect(await bridge.total("s1bridge_collector_events_in_doubt_total")).toBe(0);

    await dead.back();
    await bridge.confirmed(2 * expected.length);
    expect(compareKeys(expected, countKeys(dead.received.messages))).toStrictEqual(COMPLETE);
    expect(alive.received.count).toBe(expected.length);
    expect(await bridge.total("s1bridge_spool_events")).toBe(0);
  });

  test("writes to standard output, to a file and in datagrams, each message once and the same to all", async () => {
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 }).bind(0, "127.0.0.1");
    await once(socket, "listening");
    const datagrams: string[] = [];
    socket.on("message", (message) => datagrams.push(message.toString("utf8")));
    const file = join(home.directory, "events.log");
    const expected = supply(console, {
      activities: generateActivities({ seed: 1, count: 60, startMs: Date.now() - 60_000, stepMs: 500 }),
    });
    home.configure({
      consoles: [home.console(console)],
      collectors: [
        { name: "out", address: "stdout:" },
        { name: "file", address: `file://${file}` },
        { name: "udp", address: `udp://127.0.0.1:${socket.address().port}` },
      ],
    });
    const bridge = await home.start();
    await bridge.confirmed(3 * expected.length);
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    socket.close();

    const messages = bridge.stdout.split("\n").slice(0, -1);
    expect(compareKeys(expected, countKeys(messages))).toStrictEqual(COMPLETE);
    expect(messages).toHaveLength(expected.length);
    expect(readFileSync(file, "utf8")).toBe(bridge.stdout);
    expect(datagrams).toStrictEqual(messages);
  });
});

// Alone: the port that is free now must not become that of another test's console.
describe("a run", () => {
  test("that begins while neither console nor collector is there goes on when they come", async () => {
    const port = await freePort();
    await using collector = await DemoCollector.start();
    await collector.goAway();
    await using home = new BridgeHome();
    const url = `http://127.0.0.1:${port}`;
    home.configure({ consoles: [home.console({ url })], collectors: [{ name: "siem", address: collector.address }] });
    const bridge = await home.start();
    await bridge.logged(({ code }) => code === "BRIDGE_FEED_UNAVAILABLE", "the console is not there");

    await using console = await DemoConsole.start({ port });
    const expected = supplyMinutes(console);
    await bridge.logged(({ code }) => code === "BRIDGE_COLLECTOR_UNREACHABLE", "the collector is not there");
    await collector.back();
    await bridge.confirmed(expected.length);
    expect(compareKeys(expected, countKeys(collector.received.messages))).toStrictEqual(COMPLETE);
  });
});

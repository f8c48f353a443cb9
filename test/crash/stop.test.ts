import { describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import type { BridgeProcess } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, supply } from "../support/event-keys.ts";

const HOUR_MS = 3_600_000;

/** A console with some thousand events, a collector, and a place for bridges between them. */
class Scene implements AsyncDisposable {
  readonly console: DemoConsole;
  readonly collector: DemoCollector;
  readonly home = new BridgeHome();
  readonly expected: readonly string[];

  private constructor(console: DemoConsole, collector: DemoCollector) {
    this.console = console;
    this.collector = collector;
    const startMs = Date.now() - HOUR_MS - 60_000;
    this.expected = supply(console, {
      activities: generateActivities({ seed: 1, count: 2500, startMs, stepMs: HOUR_MS / 2500, burst: 3 }),
      threats: generateThreats({ seed: 2, count: 100, startMs, stepMs: HOUR_MS / 100 }),
    });
  }

  static async make(): Promise<Scene> {
    return new Scene(await DemoConsole.start(), await DemoCollector.start({ keep: "keys" }));
  }

  async start({ requestsPerSecond = 1000 } = {}): Promise<BridgeProcess> {
    this.home.configure({
      consoles: [this.home.console(this.console, { feed: { requests_per_second: requestsPerSecond } })],
      collectors: [{ name: "siem", address: this.collector.address }],
    });
    return await this.home.start();
  }

  async runToTheEnd(): Promise<void> {
    const bridge = await this.start();
    await this.collector.received.keysAtLeast(this.expected.length);
    await stop(bridge, "SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
    await this.collector.close();
    await this.console.close();
  }
}

/** Sends the signal; the bridge must end well, and by itself: not because its time was over. */
async function stop(bridge: BridgeProcess, signal: NodeJS.Signals): Promise<void> {
  expect(await bridge.signal(signal)).toStrictEqual({ code: 0, signal: null });
  expect(stopping(bridge)).toStrictEqual([STOPPING, "stopped"]);
}

const STOPPING = "stopping: the windows in flight are finished";

/** What the log says from the signal on. */
function stopping({ log }: BridgeProcess): string[] {
  const messages = log.map(({ msg }) => msg);
  return messages.slice(messages.indexOf(STOPPING)).filter((msg) => /stop|in time/.test(msg));
}

// Both signals have the one way to stop: each case takes another of them.
describe.concurrent("a stop", () => {
  test("by SIGTERM in the middle of a run ends it with 0, and the next start goes on: none missing, none twice", async () => {
    await using scene = await Scene.make();
    const { collector, expected } = scene;
    const bridge = await scene.start({ requestsPerSecond: 5 });
    await collector.received.atLeast(500);
    await stop(bridge, "SIGTERM");
    expect(collector.received.count).toBeLessThan(expected.length);

    await scene.runToTheEnd();
    expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
  });

  test("by SIGINT while the collector is down ends it with 0, and the next start delivers what is in the spool", async () => {
    await using scene = await Scene.make();
    const { collector, expected } = scene;
    await collector.goAway();
    const bridge = await scene.start();
    await bridge.logged(({ code }) => code === "BRIDGE_COLLECTOR_UNREACHABLE", "the collector is not there");
    await stop(bridge, "SIGINT");

    await collector.back();
    await scene.runToTheEnd();
    expect(compareKeys(expected, collector.received.keys)).toStrictEqual(COMPLETE);
  });
});

describe.concurrent("SIGTERM", () => {
  test("while the console does not answer ends it with 0", async () => {
    await using scene = await Scene.make();
    scene.console.faults.add({ kind: "hang" }, { times: 1000 });
    const asked = scene.console.requests.next();
    const bridge = await scene.start();
    await asked;
    await stop(bridge, "SIGTERM");
    expect(scene.collector.received.count).toBe(0);
  });

  test("for a second time ends it at once, and what was in flight is sent again", async () => {
    await using scene = await Scene.make();
    const { collector, expected } = scene;
    collector.behaveNext({ stopReadingAfter: 20_000 });
    const bridge = await scene.start();
    await collector.received.atLeast(1);
    bridge.process.kill("SIGTERM");
    await bridge.logged(({ msg }) => msg === STOPPING, "it stops");
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    const atOnce = "stopping at once: what is in flight is broken off, and the next start sends it again";
    expect(stopping(bridge)).toStrictEqual([STOPPING, atOnce, "stopped"]);

    await scene.runToTheEnd();
    const { duplicates, ...others } = compareKeys(expected, collector.received.keys);
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(duplicates).toBeGreaterThan(0);
  });
});

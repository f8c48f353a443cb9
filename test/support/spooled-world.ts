import { deepStrictEqual } from "node:assert";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, type BridgeProcess, eventually } from "./bridge-process.ts";
import { type Comparison, compareKeys, supply } from "./event-keys.ts";

const HOUR_MS = 3_600_000;
const LATER = 500;

/** A console, a collector that is away, and a bridge whose spool has everything: then something happens to its disk. */
export class SpooledWorld implements AsyncDisposable {
  /** Events before anything happens. */
  static readonly FIRST = 3000;
  readonly console: DemoConsole;
  readonly collector: DemoCollector;
  readonly home = new BridgeHome();
  readonly #expected: string[] = [];

  private constructor(console: DemoConsole, collector: DemoCollector) {
    this.console = console;
    this.collector = collector;
    this.home.configure({
      consoles: [this.home.console(console, { feed: { overlap: "1m" } })],
      collectors: [{ name: "siem", address: collector.address }],
    });
    this.#supply(1, SpooledWorld.FIRST, HOUR_MS);
  }

  static async make(): Promise<SpooledWorld> {
    return new SpooledWorld(await DemoConsole.start(), await DemoCollector.start({ keep: "keys" }));
  }

  /** A bridge with everything in its spool and nothing confirmed. */
  async bridgeWithAll(): Promise<BridgeProcess> {
    await this.collector.goAway();
    const bridge = await this.home.start();
    const spooled = async (): Promise<boolean> =>
      (await bridge.total("s1bridge_feed_events_spooled_total")) === SpooledWorld.FIRST;
    await eventually(spooled, "all events are in the spool");
    return bridge;
  }

  moreEvents(): void {
    this.#supply(2, LATER, 60_000);
  }

  async everythingArrives(): Promise<void> {
    const compared = (): Comparison => compareKeys(this.#expected, this.collector.received.keys);
    await eventually(
      () => compared().missing.length === 0,
      () => `${compared().missing.length} are missing`,
    );
    deepStrictEqual(compared().unknown, []);
  }

  /** The collector comes back, the console has more, everything arrives, and the bridge ends well. */
  async goesOn(bridge: BridgeProcess): Promise<void> {
    this.moreEvents();
    await this.collector.back();
    await this.everythingArrives();
    deepStrictEqual(await bridge.signal("SIGTERM"), { code: 0, signal: null });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
    await this.collector.close();
    await this.console.close();
  }

  #supply(seed: number, count: number, agoMs: number): void {
    const activities = generateActivities({ seed, count, startMs: Date.now() - agoMs, stepMs: 10 });
    this.#expected.push(...supply(this.console, { activities }));
  }
}

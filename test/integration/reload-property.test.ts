import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Bridge } from "../../src/bridge/bridge.ts";
import { runBridge } from "../../src/bridge/run.ts";
import { Reloads } from "../../src/cli/reload.ts";
import { readUsable } from "../../src/cli/usable.ts";
import { Notice } from "../../src/lib/notice.ts";
import type { Logger } from "../../src/telemetry/log.ts";
import { within } from "../support/collect.ts";
import { ReloadWorld, type Reloadable, SOUND, courses } from "../support/reload-world.ts";

/** The bridge and its reloads in this process: no start of a program, so that there is time for many reloads. */
class LocalBridge implements Reloadable, AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #told: string[] = [];
  readonly #said = new Notice();
  readonly #faults: unknown[] = [];
  readonly #reloads: Reloads;
  readonly #bridge: Bridge;
  readonly #running: Promise<void>;

  static async start(file: string): Promise<LocalBridge> {
    const { config } = readUsable(file);
    const stop = new AbortController();
    const faults: unknown[] = [];
    const ignore = (): void => undefined;
    const bridge = await Bridge.open(config, {
      userAgent: "s1bridge/test",
      stop: { soft: stop.signal, hard: stop.signal },
      observer: {
        feedFault: ({ error }) => faults.push(error),
        deliveryFault: ({ error }) => faults.push(error),
        request: ignore,
        certificate: ignore,
      },
    });
    return new LocalBridge(file, bridge, stop, faults);
  }

  private constructor(file: string, bridge: Bridge, stop: AbortController, faults: unknown[]) {
    [this.#bridge, this.#stop, this.#faults] = [bridge, stop, faults];
    const tell = (_fields: object, message: string): void => {
      this.#told.push(message);
      this.#said.tell();
    };
    const log = { info: tell, warn: tell, error: tell } as unknown as Logger;
    this.#reloads = new Reloads(file, readUsable(file).config, log);
    this.#reloads.attach(async (config) => {
      await bridge.reload(config);
      tell({}, "reloaded");
    });
    this.#running = runBridge([bridge.reports], () => undefined);
  }

  async reload(isGood: boolean): Promise<void> {
    const before = this.#told.length;
    this.#reloads.request("the test");
    const end = isGood ? "reloaded" : "the new configuration is refused";
    const ended = async (): Promise<void> => {
      while (!this.#told.slice(before).some((message) => message.startsWith(end)))
        await this.#said.wait(this.#stop.signal);
    };
    await within(ended(), `${end}, and not ${this.#told.slice(before).join(", ")}`);
  }

  get faults(): readonly unknown[] {
    return this.#faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#reloads.dispose();
    await this.#running;
    await this.#bridge.close();
  }
}

test("however the configuration changes while events flow, each goes once to each of its collectors, in order", async () => {
  await fc.assert(
    fc.asyncProperty(courses(4), async (course) => {
      await using world = await ReloadWorld.start();
      await using bridge = await LocalBridge.start(world.home.configFile);
      expect(await world.play(course, bridge)).toEqual(SOUND);
      expect(bridge.faults).toEqual([]);
    }),
    { numRuns: 1, endOnFailure: true },
  );
});

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { formatTime, microsFromMs } from "../../src/event/time.ts";
import { BridgeHome, type ConfigTree, EAGER_FEED, eventually } from "./bridge-process.ts";

/**
 * A bridge whose configuration changes all the time: two consoles, one collector that gets everything, and three that share
 * the sites among them, so that each event is for exactly one of those. Collectors are files.
 */
const CONSOLES = ["first", "second"] as const;
const SITES = ["Alder", "Birch", "Cedar"] as const;
const SHARERS = ["a", "b", "c"] as const;

type Sharer = (typeof SHARERS)[number];

/** A configuration that the bridge takes over. */
interface Setup {
  readonly consoles: readonly (typeof CONSOLES)[number][];
  readonly sharers: readonly Sharer[];
  /** Who of them gets each site: a number of `sharers`, beyond its end from its beginning. */
  readonly owners: readonly number[];
  /** What has nothing to do with routes, and makes the parts begin anew. */
  readonly facility: string;
  readonly overlap: string;
}

type Step =
  | { readonly kind: "reload"; readonly setup: Setup }
  | { readonly kind: "bad file"; readonly how: "torn" | "unknown key" | "no token file" }
  | { readonly kind: "events"; readonly console: 0 | 1; readonly sites: readonly number[] }
  | { readonly kind: "rest" };

const setups = fc.record<Setup>({
  consoles: fc.subarray([...CONSOLES], { minLength: 1 }),
  sharers: fc.shuffledSubarray([...SHARERS], { minLength: 1 }),
  owners: fc.array(fc.nat({ max: 2 }), { minLength: 3, maxLength: 3 }),
  facility: fc.constantFrom("local0", "local1"),
  overlap: fc.constantFrom("5m", "6m"),
});

const events = fc
  .tuple(fc.constantFrom(0, 1), fc.array(fc.nat({ max: 2 }), { minLength: 5, maxLength: 30 }))
  .map(([console, sites]): Step => ({ kind: "events", console, sites }));

const steps = fc.oneof(
  setups.map((setup): Step => ({ kind: "reload", setup })),
  fc.constantFrom("torn", "unknown key", "no token file").map((how): Step => ({ kind: "bad file", how })),
  events,
  fc.constant<Step>({ kind: "rest" }),
);

/** A course of events and reloads; what happens has events before and behind it. */
export function courses(length: number): fc.Arbitrary<readonly Step[]> {
  return fc.array(fc.tuple(events, steps), { minLength: length, maxLength: length }).map((pairs) => pairs.flat());
}

export const START: Setup = {
  consoles: [...CONSOLES],
  sharers: [...SHARERS],
  owners: [0, 1, 2],
  facility: "local0",
  overlap: "5m",
};

/** How a bridge is told of a new file. */
export interface Reloadable {
  /** Resolves when the file is in force, or refused. */
  reload(isGood: boolean): Promise<void>;
}

export interface Found {
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
  readonly disordered: readonly string[];
}

export const SOUND: Found = { missing: [], doubled: [], disordered: [] };

export class ReloadWorld implements AsyncDisposable {
  readonly home = new BridgeHome();
  readonly #consoles: readonly DemoConsole[];
  readonly #more: ConfigTree;
  readonly #expected: string[] = [];
  #setup = START;
  #lastMicros = 0;

  static async start(more: ConfigTree = {}): Promise<ReloadWorld> {
    const world = new ReloadWorld(await Promise.all(CONSOLES.map(() => DemoConsole.start())), more);
    world.#write(START);
    return world;
  }

  private constructor(consoles: readonly DemoConsole[], more: ConfigTree) {
    this.#consoles = consoles;
    this.#more = more;
  }

  /** Takes the steps, and ends with a configuration of everything. */
  async play(course: readonly Step[], bridge: Reloadable): Promise<Found> {
    for (const step of course) await this.#take(step, bridge);
    await this.#reload(START, bridge);
    const arrived = (): boolean => this.#found().missing.length === 0;
    await eventually(arrived, () => `everything: ${JSON.stringify(this.#found())}`).catch(() => undefined);
    return this.#found();
  }

  async #take(step: Step, bridge: Reloadable): Promise<void> {
    switch (step.kind) {
      case "reload":
        await this.#reload(step.setup, bridge);
        return;
      case "bad file":
        this.#spoil(step.how);
        await bridge.reload(false);
        this.#write(this.#setup);
        return;
      case "events":
        this.#add(step.console, step.sites);
        return;
      case "rest":
        await eventually(() => !this.#isBehind(), "what was read is delivered");
    }
  }

  async #reload(setup: Setup, bridge: Reloadable): Promise<void> {
    this.#setup = setup;
    this.#write(setup);
    await bridge.reload(true);
  }

  /** Of the consoles that are read. */
  #isBehind(): boolean {
    const { missing } = this.#found();
    return missing.some((key) => this.#setup.consoles.some((name) => key.includes(` ${name} `)));
  }

  #add(console: 0 | 1, sites: readonly number[]): void {
    const texts = sites.map((site) => {
      this.#lastMicros = Math.max(this.#lastMicros + 1, microsFromMs(Date.now()));
      const id = String(10_000 + this.#expected.length);
      this.#expected.push(`${id} ${CONSOLES[console]} ${SITES[site]}`);
      const createdAt = formatTime(this.#lastMicros as ReturnType<typeof microsFromMs>);
      return JSON.stringify({ id, activityType: 27, createdAt, updatedAt: createdAt, siteName: SITES[site] });
    });
    this.#consoles[console]?.addActivities(texts);
  }

  #found(): Found {
    const all = this.#idsIn("all");
    const shared = SHARERS.flatMap((name) => this.#idsIn(name));
    const ids = this.#expected.map((key) => key.slice(0, key.indexOf(" ")));
    const consoleOf = new Map(this.#expected.map((key) => [key.split(" ")[0] ?? "", key.split(" ")[1] ?? ""]));
    const inOrder = CONSOLES.map((name) => all.filter((id) => consoleOf.get(id) === name));
    return {
      missing: this.#expected.filter((_, at) => !all.includes(ids[at] ?? "") || !shared.includes(ids[at] ?? "")),
      doubled: [all, shared].flatMap((list) => list.filter((id, at) => list.indexOf(id) !== at)),
      disordered: inOrder.flatMap((list) => list.filter((id, at) => at > 0 && Number(id) < Number(list[at - 1]))),
    };
  }

  #idsIn(name: string): string[] {
    const file = this.#fileOf(name);
    if (!existsSync(file)) return [];
    return [...readFileSync(file, "utf8").matchAll(/ S1eventKey=activities\/(\d+) /g)].map(([, id = ""]) => id);
  }

  #fileOf(name: string): string {
    return join(this.home.directory, `${name}.log`);
  }

  #write({ consoles, sharers, owners, facility, overlap }: Setup): void {
    const feeds = { activities: { ...EAGER_FEED, overlap } };
    const sitesOf = (name: Sharer): string[] =>
      SITES.filter((_, site) => sharers[(owners[site] ?? 0) % sharers.length] === name);
    const collector = (name: string): ConfigTree => ({ name, address: `file://${this.#fileOf(name)}`, facility });
    this.home.configure({
      ...this.#more,
      consoles: CONSOLES.flatMap((name, at) => {
        const console = this.#consoles[at];
        return console === undefined || !consoles.includes(name) ? [] : [this.home.console(console, { name, feeds })];
      }),
      collectors: [
        collector("all"),
        ...sharers.map((name) => {
          const sites = sitesOf(name);
          return { ...collector(name), match: { sites: sites.length === 0 ? ["nowhere"] : sites } };
        }),
      ],
    });
  }

  #spoil(how: "torn" | "unknown key" | "no token file"): void {
    const text = readFileSync(this.home.configFile, "utf8");
    const spoilt = {
      torn: text.slice(0, text.length >> 1),
      "unknown key": text.replace('"collectors"', '"colectors"'),
      "no token file": text.replaceAll(this.home.tokenFile, join(this.home.directory, "nowhere")),
    }[how];
    this.home.writeConfig(spoilt);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
    await Promise.all(this.#consoles.map((console) => console.close()));
  }
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { BridgeHome, type BridgeProcess, eventually } from "../support/bridge-process.ts";
import { cefPart, decodeCef } from "../support/cef-decoder.ts";
import { supply } from "../support/event-keys.ts";

interface Arrived {
  readonly key: string;
  readonly feed: string;
  readonly site: string | undefined;
  readonly severity: number;
}

/** Records of several sites, and which site each belongs to. */
function supplySites(console: DemoConsole): {
  keys: readonly string[];
  siteOf: ReadonlyMap<string, string | undefined>;
} {
  const startMs = Date.now() - 240_000;
  const activities = [...generateActivities({ seed: 3, count: 900, startMs, stepMs: 250 })];
  const threats = [...generateThreats({ seed: 4, count: 100, startMs, stepMs: 2000 })];
  const siteOf = new Map<string, string | undefined>();
  for (const text of [...activities, ...threats]) {
    const { id, siteName, agentRealtimeInfo } = JSON.parse(text) as {
      id: string;
      siteName?: string | null;
      agentRealtimeInfo?: { siteName?: string };
    };
    siteOf.set(id, siteName ?? agentRealtimeInfo?.siteName);
  }
  return { keys: supply(console, { activities, threats }), siteOf };
}

async function allDelivered(bridge: BridgeProcess, events: number): Promise<void> {
  const isDelivered = async (): Promise<boolean> =>
    (await bridge.total("s1bridge_feed_events_spooled_total")) === events &&
    (await bridge.total("s1bridge_spool_events")) === 0;
  await eventually(isDelivered, "all is delivered");
}

function arrivedIn(file: string): readonly Arrived[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const { extension, severity } = decodeCef(cefPart(line));
      const key = extension.get("S1eventKey") ?? "";
      return { key, feed: key.split("/")[0] ?? "", site: extension.get("siteName"), severity };
    });
}

describe("routing in the running bridge", () => {
  test("each collector gets what matches it and nothing else, and the rest goes to the default one", async () => {
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    const { keys, siteOf } = supplySites(console);
    const sites = [...new Set(siteOf.values())].filter((site) => site !== undefined).toSorted();
    const [first = "", second = ""] = sites;
    const file = (name: string): string => join(home.directory, `${name}.log`);
    const collector = (name: string, more: object): object => ({ name, address: `file://${file(name)}`, ...more });
    home.configure({
      consoles: [home.console(console)],
      collectors: [
        collector("first", { match: { sites: [first] } }),
        collector("second", { match: { sites: [`${second.slice(0, -1)}?`], feeds: ["threats"] } }),
        collector("severe", { match: { min_severity: 8 } }),
        collector("rest", { default: true }),
      ],
    });
    expect(sites.length).toBeGreaterThan(2);
    const bridge = await home.start();
    await allDelivered(bridge, keys.length);
    await bridge.signal("SIGTERM");

    const arrived = Object.fromEntries(
      ["first", "second", "severe", "rest"].map((name) => [name, arrivedIn(file(name))]),
    );
    const all = new Map(
      Object.values(arrived)
        .flat()
        .map((one) => [one.key, one]),
    );
    expect([...all.keys()].toSorted()).toEqual(keys.toSorted());
    const wanted: Record<string, (one: Arrived) => boolean> = {
      first: ({ site }) => site === first,
      second: ({ site, feed }) => site === second && feed === "threats",
      severe: ({ severity }) => severity >= 8,
    };
    const matched = (one: Arrived): boolean => Object.values(wanted).some((holds) => holds(one));
    for (const [name, holds] of Object.entries({ ...wanted, rest: (one: Arrived) => !matched(one) })) {
      const expected = [...all.values()].filter(holds).map(({ key }) => key);
      expect(expected.length).toBeGreaterThan(0);
      expect(arrived[name]?.map(({ key }) => key).toSorted()).toEqual(expected.toSorted());
    }
  });

  test("what goes nowhere is counted by site, and each site is named once", async () => {
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    const { keys, siteOf } = supplySites(console);
    const [first = ""] = [...new Set(siteOf.values())].filter((site) => site !== undefined).toSorted();
    const file = join(home.directory, "one.log");
    home.configure({
      consoles: [home.console(console)],
      collectors: [{ name: "one", address: `file://${file}`, match: { sites: [first] } }],
    });
    const bridge = await home.start();
    await allDelivered(bridge, keys.length);

    const arrived = arrivedIn(file);
    expect(arrived.every(({ site }) => site === first)).toBe(true);
    expect(await bridge.total("s1bridge_events_unrouted_total")).toBe(keys.length - arrived.length);
    const warned = bridge.log.filter(({ belongsTo }) => belongsTo !== undefined).map(({ belongsTo }) => belongsTo);
    expect(warned.length).toBe(new Set(warned).size);
    expect(warned.length).toBeGreaterThan(1);
    expect(warned).not.toContain(`site ${first}`);
  });
});

import { join } from "node:path";
import { expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { UNIFIED_ALERTS } from "../../src/demo/console/graphql.ts";
import { addEstate } from "../../src/demo/estate.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { FEEDS } from "../../src/feeds/index.ts";
import { BridgeHome, type BridgeProcess, EAGER_FEED, eventually } from "../support/bridge-process.ts";
import { cefPart, decodeCef } from "../support/cef-decoder.ts";
import { readLines } from "../support/collect.ts";
import { REFUSING_PORT } from "../support/free-port.ts";
import { PLACES, idOf, recordsOf } from "../support/feed-places.ts";

/** What a SIEM gets to know, by class: the ids in the order in which they came. */
type Arrived = ReadonlyMap<string, readonly { readonly id: string; readonly extension: ReadonlyMap<string, string> }[]>;

async function arrived(file: string): Promise<Arrived> {
  const messages = (await readLines(file)).map((line) => decodeCef(cefPart(line)));
  return Map.groupBy(
    messages.map(({ classId, extension }) => ({ classId, id: extension.get("externalId") ?? "", extension })),
    ({ classId, extension }) =>
      extension.get("S1eventKey")?.startsWith("activities/") === true ? "activities" : classId,
  );
}

function idsOf(all: Arrived, classId: string): string[] {
  return (all.get(classId) ?? []).map(({ id }) => id).sort();
}

function newConsole(): Promise<DemoConsole> {
  return DemoConsole.start().then((console) => {
    addEstate(console, { nowMs: console.nowMs - 60_000, endpointsPerGroup: 1, objects: 5 });
    const timeline = { seed: 3, count: 30, startMs: console.nowMs - 600_000, stepMs: 1000 };
    console.addActivities(generateActivities(timeline));
    console.addThreats(generateThreats(timeline));
    return console;
  });
}

/** The ids that each feed has to bring. */
function expected(console: DemoConsole): Map<string, string[]> {
  const ids = Object.keys(FEEDS).map((feed): [string, string[]] => {
    if (feed === "policies") {
      return [
        feed,
        [...console.policies.keys()].filter((scope) => scope !== "tenant").map((scope) => scope.replace(/^\w+\//, "")),
      ];
    }
    return [feed, recordsOf(console, PLACES[feed]?.list ?? feed).map(idOf)];
  });
  return new Map(ids.map(([feed, all]) => [feed, all.sort()]));
}

const FIRST_SIGHT = (feed: string): string =>
  feed === "activities"
    ? "activities"
    : feed === "device_control_events"
      ? "device_control_events.event"
      : `${feed}.new`;

const ALL = Object.fromEntries(Object.keys(FEEDS).map((feed) => [feed, EAGER_FEED]));

/** Those whose end stands as a mark among the events. */
const LISTS = Object.values(FEEDS)
  .filter(({ source }) => source.read === "policies" || (source.read === "list" && source.since === undefined))
  .map(({ name }) => name);

/** How many objects the last mark of a feed tells. */
function listed(all: Arrived, feed: string): number | undefined {
  const mark = all.get(`${feed}.snapshot`)?.at(-1);
  return mark === undefined ? undefined : Number(mark.extension.get("cn1") ?? mark.extension.get("cnt"));
}

function isAskedByTime(feed: string): boolean {
  const read = FEEDS[feed as keyof typeof FEEDS].source.read;
  return read === "window" || read === "alerts";
}

/** Changes one object of each feed whose objects can change. */
function changeOneOfEach(console: DemoConsole): Map<string, { readonly id: string; readonly field: string }> {
  const changed = new Map<string, { readonly id: string; readonly field: string }>();
  for (const feed of Object.keys(FEEDS)) {
    const { list, field, change } = PLACES[feed] ?? { list: feed };
    const record = field === undefined ? undefined : recordsOf(console, list)[0];
    if (record === undefined || field === undefined || change === undefined) continue;
    const now = new Date(console.nowMs).toISOString();
    console.update(list, record.id, feed === "application_risks" ? { ...change, lastScanDate: now } : change);
    changed.set(feed, { id: idOf(record), field });
  }
  const scope = [...console.policies.keys()].at(-1) ?? "";
  const policy = JSON.parse(console.policies.get(scope) ?? "{}") as Record<string, unknown>;
  console.policies.set(scope, JSON.stringify({ ...policy, antiTamperingOn: false }));
  return changed.set("policies", { id: scope.replace(/^\w+\//, ""), field: "antiTamperingOn" });
}

async function until(bridge: BridgeProcess, file: string, isThere: (all: Arrived) => boolean): Promise<Arrived> {
  let last: Arrived = new Map();
  const classes = (): string => [...last].map(([name, all]) => `${name} ${all.length}`).join(", ");
  await eventually(
    async () => isThere((last = await arrived(file))),
    () => `all of it, only ${classes()}\n${bridge.stderr}`,
    60_000,
  );
  return last;
}

/** Waits until each feed has brought exactly what it has. */
async function untilAll(
  bridge: BridgeProcess,
  file: string,
  wanted: ReadonlyMap<string, readonly string[]>,
): Promise<Arrived> {
  const all = await until(bridge, file, (seen) =>
    [...wanted].every(([feed, ids]) => (seen.get(FIRST_SIGHT(feed))?.length ?? 0) >= ids.length),
  );
  for (const [feed, ids] of wanted) expect([feed, idsOf(all, FIRST_SIGHT(feed))]).toEqual([feed, ids]);
  return all;
}

test("every feed brings all that it has, then what has changed, and the end of a list tells what is gone", async () => {
  await using console = await newConsole();
  await using home = new BridgeHome();
  const file = join(home.directory, "all.log");
  home.configure({
    consoles: [{ ...home.console(console), feeds: ALL }],
    collectors: [
      { name: "file", address: `file://${file}` },
      { name: "away", address: `tcp://127.0.0.1:${REFUSING_PORT}` },
    ],
  });
  const wanted = expected(console);
  const bridge = await home.start();
  const first = await untilAll(bridge, file, wanted);
  for (const feed of LISTS) await until(bridge, file, (all) => listed(all, feed) === wanted.get(feed)?.length);

  const changed = changeOneOfEach(console);
  for (const [feed, { id, field }] of changed) {
    const classId = `${feed}.${isAskedByTime(feed) ? "updated" : "changed"}`;
    const all = await until(bridge, file, (seen) => seen.has(classId));
    expect([classId, all.get(classId)?.map((event) => event.id)]).toEqual([classId, [id]]);
    expect(all.get(classId)?.[0]?.extension.get("S1changed")?.split(",")).toContain(field);
  }

  const gone = idsOf(first, "firewall_rules.new")[0] ?? "";
  expect(console.store("firewall-control").remove(gone)).toBe(true);
  const rules = (wanted.get("firewall_rules")?.length ?? 0) - 1;
  await until(bridge, file, (all) => listed(all, "firewall_rules") === rules);

  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  const lines = await readLines(file);
  const keys = lines.map((line) => decodeCef(cefPart(line)).extension.get("S1eventKey"));
  expect(new Set(keys).size).toBe(keys.length);
  expect(lines.filter((line) => /ZXhhbXBsZS|registrationToken|apiToken=/.test(line))).toEqual([]);
  // Nor do they lie on the disk: the exported queue is all that was stored, for a collector that has confirmed nothing.
  const stored = await home.command("spool", "export", "-c", home.configFile);
  expect(stored.stdout).toContain('"registrationToken":"[redacted ');
  expect(stored.stdout).not.toContain("ZXhhbXBsZS");
  const told = bridge.log.filter(
    ({ level, collector }) => (level === "warn" || level === "error") && collector !== "away",
  );
  expect(told).toEqual([]);
}, 90_000);

test("feeds that the token may not read, or the console does not have, are parked; all others go on", async () => {
  await using console = await newConsole();
  await using home = new BridgeHome();
  const file = join(home.directory, "all.log");
  console.tokens.add("demo-token", { lacks: ["Users.view", "Device Control.view"] });
  for (const path of ["ranger/table-view", UNIFIED_ALERTS, "cloud-detection/alerts"]) console.missing.add(path);
  const notThere = { status: 501, headers: { "content-type": "text/html" }, body: "<h1>Not Implemented</h1>" };
  console.faults.add({ kind: "answer", answer: notThere }, { path: "/rogues/table-view", times: 1000 });
  home.configure({
    consoles: [{ ...home.console(console), feeds: ALL }],
    collectors: [{ name: "file", address: `file://${file}` }],
  });
  const parked = {
    users: "BRIDGE_FEED_FORBIDDEN",
    device_control_events: "BRIDGE_FEED_FORBIDDEN",
    device_control_rules: "BRIDGE_FEED_FORBIDDEN",
    ranger: "BRIDGE_FEED_MISSING",
    alerts: "BRIDGE_FEED_MISSING",
    rogues: "BRIDGE_FEED_MISSING",
  };
  const wanted = new Map([...expected(console)].filter(([feed]) => !(feed in parked)));
  const bridge = await home.start();
  await untilAll(bridge, file, wanted);
  // What comes later comes, too: the others poll on.
  const agent = recordsOf(console, "agents")[0]?.id ?? "";
  console.update("agents", agent, { computerName: "RENAMED" });
  await until(bridge, file, (all) => idsOf(all, "agents.updated").includes(agent));
  const status = JSON.parse((await bridge.get("/api/status")).text) as {
    feeds: { feed: string; state: string; fault?: { code?: string } }[];
  };
  const states = status.feeds.map(({ feed, state, fault }): [string, unknown] => [feed, [state, fault?.code]]);
  for (const [feed, state] of states) {
    const code = parked[feed as keyof typeof parked] as string | undefined;
    expect([feed, state]).toEqual([feed, code === undefined ? ["ok", undefined] : ["parked", code]]);
  }
  for (const path of [
    "/users",
    "/ranger/table-view",
    "/rogues/table-view",
    "/device-control",
    "/device-control/events",
  ]) {
    expect([path, console.requests.recent.filter((request) => request.path === path).length]).toEqual([path, 1]);
  }
}, 90_000);

test("neither a console that hangs nor an endpoint that hangs delays other feeds", async () => {
  await using hanging = await newConsole();
  await using console = await newConsole();
  await using home = new BridgeHome();
  const file = join(home.directory, "all.log");
  hanging.faults.add({ kind: "hang" }, { times: 1000 });
  console.faults.add({ kind: "hang" }, { path: "/agents", times: 1000 });
  home.configure({
    consoles: [
      { ...home.console(hanging, { name: "hanging" }), feeds: ALL },
      { ...home.console(console), feeds: ALL },
    ],
    collectors: [{ name: "file", address: `file://${file}` }],
  });
  const wanted = new Map([...expected(console)].filter(([feed]) => feed !== "agents"));
  const bridge = await home.start();
  await untilAll(bridge, file, wanted);
  const group = recordsOf(console, "groups")[0]?.id ?? "";
  console.update("groups", group, { name: "Renamed" });
  await until(bridge, file, (all) => idsOf(all, "groups.updated").includes(group));
  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
}, 90_000);

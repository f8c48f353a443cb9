import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { hang } from "../../src/demo/console/faults.ts";
import { addEstate } from "../../src/demo/estate.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { type ConsoleStep, probeConsole } from "../../src/sentinelone/probe.ts";
import { REFUSING_PORT } from "../support/free-port.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { NEVER, clientOf, feedOf } from "./feed-fixture.ts";

let console: DemoConsole;
const DAY = 86_400_000;

beforeEach(async () => {
  console = await DemoConsole.start();
  addEstate(console, { nowMs: Date.now() });
  console.addActivities(generateActivities({ seed: 1, count: 5, startMs: Date.now() - 60_000, stepMs: 10 }));
});

afterEach(() => console.close());

async function probe(siteIds: readonly string[] = [], url = console.url): Promise<readonly ConsoleStep[]> {
  const client = clientOf(url);
  try {
    const feeds = [feedOf(client), feedOf(client, {}, "threats")];
    return await probeConsole({ client, url, feeds, siteIds }, NEVER);
  } finally {
    await client.close();
  }
}

function states(steps: readonly ConsoleStep[]): string[] {
  return steps.map(({ step, feed, state }) => `${feed ?? step} ${state}`);
}

describe("a probe of a console", () => {
  test("tells what works, and reads each feed once", async () => {
    const steps = await probe();
    expect(states(steps)).toEqual([
      "reach ok",
      "token ok",
      "clock ok",
      "expiry ok",
      "scope ok",
      "activities ok",
      "threats ok",
    ]);
    expect(steps.map(({ detail }) => detail).join("\n")).toMatch(
      /version S-25[^]*clocks agree[^]*6 sites[^]*the newest is of 20[^]*nothing in it/,
    );
    expect(console.requests.count("/activities")).toBe(1);
  });

  test("tells a feed that the token may not read, and goes on", async () => {
    console.tokens.add("demo-token", { lacks: ["Activity Page.view"] });
    const steps = await probe();
    expect(steps.slice(-2)).toMatchObject([
      { feed: "activities", state: "fault", code: "BRIDGE_FEED_FORBIDDEN" },
      { feed: "threats", state: "ok" },
    ]);
  });

  test("tells a token that is refused, and asks no more", async () => {
    console.tokens.clear();
    expect(states(await probe())).toEqual(["reach ok", "token fault"]);
    expect(console.requests.count("/activities")).toBe(0);
  });

  test("tells a console that is not reached", async () => {
    const [step, ...others] = await probe([], `http://127.0.0.1:${REFUSING_PORT}`);
    expect([step, others]).toMatchObject([{ step: "reach", state: "fault", code: "BRIDGE_FEED_UNAVAILABLE" }, []]);
  });

  test("warns of a token that ends soon, and of a clock that is off", async () => {
    await console.close();
    console = await DemoConsole.start({ clock: () => Date.now() + 10 * 60_000 });
    console.tokens.add("demo-token", { expiresAtMs: Date.now() + 6 * DAY });
    const steps = await probe();
    expect(steps.filter(({ state }) => state === "warning")).toMatchObject([
      { step: "clock", detail: expect.stringMatching(/(600|599|601) s ahead/) },
      { step: "expiry", detail: expect.stringContaining("in 5 days") },
    ]);
  });

  test("tells the sites of the configuration that the token does not see", async () => {
    const steps = await probe(["1", "2"]);
    expect(steps.find(({ step }) => step === "scope")).toMatchObject({
      state: "fault",
      detail: expect.stringContaining("1, 2"),
    });
  });

  test("ends with its signal when the console hangs", async () => {
    console.faults.add(hang, { times: Infinity });
    const client = clientOf(console.url);
    const stop = new AbortController();
    const arrived = console.requests.next();
    const probing = probeConsole({ client, url: console.url, feeds: [], siteIds: [] }, stop.signal);
    await arrived;
    stop.abort(new Error("enough"));
    await expect(probing).rejects.toThrow("enough");
    await client.close();
  });
});

describe.concurrent("check --online", () => {
  test("prints a line for each thing that was tried, as text and as JSON, and leaves no spool", async () => {
    await using home = new BridgeHome({ token: "demo-token" });
    home.configure({
      consoles: [home.console(console)],
      collectors: [{ name: "siem", address: "file:///tmp/never-written" }],
    });
    const text = await home.command("check", "--online", "-c", home.configFile);
    expect([text.code, text.stderr]).toEqual([0, ""]);
    expect(text.stdout).toMatch(/ok +console acme +activities +may be read/);
    console.tokens.add("demo-token", { lacks: ["Threats.view"] });
    const json = await home.command("check", "--online", "--json", "-c", home.configFile);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      faults: [],
      online: expect.arrayContaining([
        expect.objectContaining({
          subject: "console acme",
          check: "threats",
          state: "fault",
          code: "BRIDGE_FEED_FORBIDDEN",
        }),
      ]) as unknown,
    });
  });
});

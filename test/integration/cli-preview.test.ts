import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { loadRecords } from "../../src/demo/records/recorded.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { countKeys, supply } from "../support/event-keys.ts";

const HOUR_MS = 3_600_000;
const TWO_COLLECTORS = [
  { name: "siem", header: "rfc3164" },
  { name: "other", header: "rfc5424", framing: "octet_counting", hostname: "elsewhere" },
];

let console: DemoConsole;
let second: DemoConsole;
let siem: DemoCollector;
let other: DemoCollector;
let home: BridgeHome;
/** The first console's, in the order of their time. */
let expected: readonly string[];

beforeAll(async () => {
  console = await DemoConsole.start();
  second = await DemoConsole.start();
  siem = await DemoCollector.start();
  other = await DemoCollector.start();
  home = new BridgeHome();
  const startMs = Date.now() - HOUR_MS;
  expected = supply(console, {
    activities: generateActivities({ seed: 1, count: 40, startMs, stepMs: 1000 }),
    threats: generateThreats({ seed: 2, count: 8, startMs, stepMs: 1000 }),
  });
  supply(second, loadRecords(join(import.meta.dirname, "../fixtures/records")));
  home.configure({
    consoles: [home.console(console), home.console(second, { name: "second" })],
    collectors: TWO_COLLECTORS.map((entry, at) => ({ ...entry, address: (at === 0 ? siem : other).address })),
  });
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await Promise.all([siem.close(), other.close(), console.close(), second.close()]);
});

async function preview(...options: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await home.command("preview", "-c", home.configFile, ...options);
  const messages = stdout.split("\n").slice(0, -1);
  expect([code, stderr]).toStrictEqual([0, `${messages.length} messages; nothing was sent and nothing was stored\n`]);
  return messages;
}

/** Whether a version of a threat is the first one only the spool knows: preview shows each as a later one. */
function asLaterVersions(messages: readonly string[]): string[] {
  return messages.map((message) =>
    message.replaceAll("threats.new", "threats.updated").replace("|Threat detected - ", "|Threat updated - "),
  );
}

describe("preview", () => {
  test("opens no spool, sends nothing, and only reads from the console", async () => {
    const before = readdirSync(home.directory);
    const messages = await preview("--limit", "1000");
    expect(messages.length).toBeGreaterThan(48);
    expect(readdirSync(home.directory)).toStrictEqual(before);
    expect([siem.accepted, other.accepted]).toStrictEqual([0, 0]);
    // Any other method than GET is answered with 405.
    const statuses = [console, second].flatMap(({ requests }) => requests.recent.map(({ status }) => status));
    expect(statuses).toContain(200);
    expect(statuses).not.toContain(405);
  });

  test("prints the very messages that run sends, for each collector in its own form", async () => {
    const [first, another] = [
      await preview("--limit", "1000"),
      await preview("--limit", "1000", "--collector", "other"),
    ];
    const bridge = await home.start();
    await bridge.confirmed(first.length + another.length);
    await bridge.signal("SIGTERM");
    for (const [printed, { received }] of [
      [first, siem],
      [another, other],
    ] as const) {
      const sent = asLaterVersions(received.messages);
      expect(sent).toHaveLength(printed.length);
      expect(sent.filter((message) => !printed.includes(message))).toStrictEqual([]);
      expect(printed.filter((message) => !sent.includes(message))).toStrictEqual([]);
    }
    expect(another[0]).toMatch(/^<\d+>1 \S+ elsewhere SentinelOne /);
  });

  test("prints the newest records of one feed of one console, oldest first", async () => {
    const newest = await preview("--console", "acme", "--feed", "activities", "--limit", "5");
    const keys = newest.map((message) => [...countKeys([message]).keys()].join());
    expect(keys).toStrictEqual(expected.filter((key) => key.startsWith("activities/")).slice(-5));
    expect(await preview("--console", "acme", "--feed", "threats")).toHaveLength(8);
  });

  test.concurrent.each([
    { options: ["--console", "acmee"], told: 'no console is named "acmee"; did you mean "acme"?' },
    { options: ["--feed", "thread"], told: 'no feed is named "thread"' },
    { options: ["--collector", "nowhere"], told: 'no collector is named "nowhere"' },
  ])("ends with 2 for a name that is not configured: $options", async ({ options, told }) => {
    const { code, stdout, stderr } = await home.command("preview", "-c", home.configFile, ...options);
    expect([code, stdout, stderr]).toStrictEqual([2, "", expect.stringContaining(told) as string]);
    expect(stderr).toContain("BRIDGE_CONFIG_USAGE");
  });

  test("ends with 1 and the reason when the console refuses the token", async () => {
    console.tokens.clear();
    const { code, stdout, stderr } = await home.command("preview", "-c", home.configFile, "--console", "acme");
    expect([code, stdout]).toStrictEqual([1, ""]);
    expect(stderr).toContain("BRIDGE_FEED_UNAUTHORIZED");
    expect(stderr).not.toContain("    at ");
  });
});

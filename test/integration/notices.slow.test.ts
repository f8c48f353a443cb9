import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { MAX_RECORD_LENGTH } from "../../src/sentinelone/oversized.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { type DecodedCef, cefPart, decodeCef } from "../support/cef-decoder.ts";

const LONGEST_MESSAGE = 8100;

function activity(id: number, more: object): string {
  const createdAt = new Date(Date.now() - 60_000 + id).toISOString();
  return JSON.stringify({ id: String(id), createdAt, activityType: 27, ...more });
}

test("poison, a site that nobody takes and a salvaged spool: the SIEM is told of each", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  console.addActivities([
    activity(1, { siteName: "Alder" }),
    activity(2, { siteName: "Alder", primaryDescription: "x".repeat(MAX_RECORD_LENGTH) }),
    activity(3, { siteName: "Birch" }),
    activity(4, { siteName: "Alder", primaryDescription: "y".repeat(MAX_RECORD_LENGTH - 1000) }),
  ]);
  home.configure({
    consoles: [home.console(console)],
    collectors: [
      { name: "alder", address: collector.address, match: { sites: ["Alder"] } },
      { name: "own", address: collector.address, match: { feeds: ["bridge"] } },
    ],
  });
  const { messages } = collector.received;
  const decoded = (): DecodedCef[] => messages.map((message) => decodeCef(cefPart(message)));
  const notice = (code: string): DecodedCef | undefined =>
    decoded().find(({ classId, extension }) => classId === "bridge.notice" && extension.get("S1code") === code);

  const bridge = await home.start();
  await eventually(
    () => notice("dead_letters") !== undefined,
    () => `the dead letter is told: ${bridge.stderr}`,
  );
  await eventually(
    () => notice("unrouted") !== undefined,
    () => `the site is told: ${bridge.stderr}`,
  );
  expect(notice("dead_letters")?.extension.get("reason")).toContain("larger than a record may be");
  expect(notice("unrouted")?.extension.get("reason")).toBe("site Birch");
  const keys = (): (string | undefined)[] => decoded().map(({ extension }) => extension.get("S1eventKey"));
  await eventually(() => keys().includes("activities/4"), "what is just not too large arrives");
  expect(keys()).toContain("activities/1");
  expect(Math.max(...messages.map((message) => Buffer.byteLength(message)))).toBeLessThan(LONGEST_MESSAGE);
  expect(await bridge.total("s1bridge_feed_dead_letters_total")).toBe(1);
  const letters = readFileSync(join(home.spool, "dead-letters.ndjson"), "utf8").trimEnd().split("\n");
  expect(letters.map((line) => JSON.parse(line) as object)).toMatchObject([{ console: "acme", feed: "activities" }]);
  expect(letters.join().length).toBeLessThan(200_000);
  expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });

  const database = new DatabaseSync(join(home.spool, "spool.db"));
  database.exec("UPDATE feeds SET checkpoint = checkpoint + 4096");
  database.close();
  const again = await home.start();
  await eventually(
    () => notice("salvaged") !== undefined,
    () => `the repair is told: ${again.stderr}`,
  );
  expect(await again.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
});

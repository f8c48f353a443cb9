import { describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { EAGER_FEED, eventually } from "../support/bridge-process.ts";
import { activity, threat } from "./feed-fixture.ts";
import { activitiesOf, archive, backfill, beginMs, console, home, iso, siem } from "../support/backfill-world.ts";

describe("backfill", () => {
  test.each(["beside the running bridge", "without one"])(
    "forwards the past once, and again only when asked to, %s",
    async (where) => {
      const bridge = where === "without one" ? undefined : await home.start();
      const first = await backfill("--json");
      expect([first.code, first.stderr]).toEqual([0, ""]);
      const lines = first.stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines[0]).toMatchObject({ kind: "begin", from: iso(0), until: iso(1), total: 2500 });
      expect(lines.filter(({ kind }) => kind === "progress").map(({ read }) => read)).toEqual([1000, 2000, 2500]);
      expect(lines.at(-1)).toEqual({ kind: "end", read: 2500, added: 2500, unconfirmedBy: [] });
      expect([activitiesOf(siem), activitiesOf(archive)]).toEqual([2500, 2500]);
      expect((await backfill()).stdout).toBe(
        "acme/activities: 2500 read, 0 sent, 2500 were sent before or are excluded\n",
      );
      expect((await backfill("--resend", "--collector", "archive")).code).toBe(0);
      expect([siem.received.duplicates, archive.received.duplicates]).toEqual([0, 2500]);
      expect(
        (await home.command("verify", "-c", home.configFile, "--from", iso(0), "--to", iso(1), "--ids")).code,
      ).toBe(0);
      await bridge?.signal("SIGTERM");
    },
  );

  test("for one collector does not count as sent to the other", async () => {
    await backfill("--collector", "archive");
    expect([siem.received.keys.size, archive.received.keys.size]).toEqual([0, 2500]);
    expect((await backfill()).stdout).toContain("2500 sent");
    expect(siem.received.keys.size).toBe(2500);
    expect((await backfill("--collector", "archive")).stdout).toContain(" 0 sent");
  });
});

test("a live event waits for a page of a backfill at most, be the collector as slow as it may", async () => {
  const pages = 5;
  console.addActivities(
    Array.from({ length: (pages - 2.5) * 1000 }, (_, at) => activity(String(20_000 + at), beginMs + 3_000_000 + at)),
  );
  await using slow = await DemoCollector.start({ behaviour: () => ({ bytesPerSecond: 400_000 }) });
  const feeds = { activities: { ...EAGER_FEED, start: "10h" }, threats: EAGER_FEED };
  home.configure({
    consoles: [home.console(console, { feeds })],
    collectors: [{ name: "slow", address: slow.address }],
  });
  await home.start();
  const { messages } = slow.received;
  const filled = backfill();
  const running = new Set([filled]);
  void filled.finally(() => running.clear());
  await slow.received.atLeast(1);
  const before: number[] = [];
  for (let live = 0; running.size > 0; live += 1) {
    const key = `S1eventKey=threats/${7000 + live}/`;
    console.addThreats([threat(String(7000 + live), Date.now())]);
    await console.requests.next(({ path }) => path === "/threats");
    const read = messages.length;
    const arrived = (): number => messages.findIndex((text, at) => at >= read && text.includes(key));
    await eventually(() => arrived() >= 0, "the live event arrives");
    before.push(messages.slice(read, arrived()).filter((text) => text.includes("S1eventKey=activities/")).length);
  }
  expect((await filled).code).toBe(0);
  expect(messages.filter((text) => text.includes("S1eventKey=activities/")).length).toBe(pages * 1000);
  expect(before.length).toBeGreaterThan(2);
  // The page in the spool, and one that may come between the console's answer and the moment at which it is stored.
  expect(Math.max(...before)).toBeLessThanOrEqual(2000);
});

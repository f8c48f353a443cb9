import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { LETTER_FILES } from "../../src/spool/dead-letters.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { cefPart, decodeCef } from "../support/cef-decoder.ts";

const PAGES = 6;
const LETTERS = 1000;

/** A page of which nothing is a record; no two are alike. */
function badPage(page: number): string {
  const data = Array.from({ length: LETTERS }, (_, at) => `${page * LETTERS + at} ${"x".repeat(400)}`);
  return JSON.stringify({ data, pagination: { nextCursor: null, totalItems: LETTERS } });
}

test("a console that sends nothing but bad records does not fill the disk, and log, metric and SIEM tell what was deleted", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  for (let page = 0; page < PAGES; page++) {
    const answer = { status: 200, headers: { "content-type": "application/json" }, body: badPage(page) };
    console.faults.add({ kind: "answer", answer }, { path: "/activities", times: 1 });
  }
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address }],
    spool: { dead_letters_max_size: "1MiB" },
  });
  const bridge = await home.start();
  const line = await bridge.logged(({ code }) => code === "BRIDGE_SPOOL_LETTERS_DROPPED", "what was deleted");
  expect(line).toMatchObject({ level: "error", console: "acme", feed: "activities" });
  const kept = async (): Promise<number> => await bridge.total("s1bridge_feed_dead_letters_total");
  await eventually(async () => (await kept()) === PAGES * LETTERS, "all bad records came");
  const dropped = await bridge.total("s1bridge_feed_dead_letters_dropped_total");
  expect(dropped).toBeGreaterThan(LETTERS);
  const notice = (): string | undefined =>
    collector.received.messages
      .map((message) => decodeCef(cefPart(message)).extension.get("S1code"))
      .find((code) => code === "dead_letters_dropped");
  await eventually(() => notice() !== undefined, "the notice");
  const sizes = LETTER_FILES.map((name) => statSync(join(home.spool, name)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1 << 20);
  const { stdout } = await home.command("spool", "ls", "-c", home.configFile);
  expect(stdout).toContain(`dead letters: ${PAGES * LETTERS - dropped} (${dropped} older ones deleted)`);
});

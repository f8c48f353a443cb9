import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { hang } from "../../src/demo/console/faults.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, eventually, statusSays } from "../support/bridge-process.ts";
import { supply } from "../support/event-keys.ts";
import { requireMounts } from "../support/requires.ts";

/** The two of the ten faults that take long or a disk of their own, see ten-faults.test.ts. */

test.skipIf(requireMounts().missing)(
  "5. a full disk: /readyz and status say that the disk has no room, and everything goes on when it has",
  async () => {
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    mkdirSync(home.spool);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", home.spool]);
    try {
      const out = join(home.directory, "out");
      home.configure({
        consoles: [home.console(console)],
        collectors: [{ name: "file", address: `file://${out}` }],
        spool: { min_free: "32MiB" },
      });
      const bridge = await home.start();
      const other = join(home.spool, "somebody-elses-file");
      writeFileSync(other, Buffer.alloc(40 << 20));
      const startMs = Date.now() - 60_000;
      const expected = supply(console, {
        activities: generateActivities({ seed: 7, count: 50, startMs, stepMs: 20 }),
      });
      const cause = /the disk of the spool has [\d.]+ MiB free, less than min_free, and polling waits/;
      await eventually(
        async () => cause.test((await bridge.get("/readyz")).text),
        () => bridge.stderr,
      );
      await statusSays(home, cause);
      await bridge.logged(({ msg }) => msg.startsWith("the spool is full"), "the full disk");
      execFileSync("rm", [other]);
      await bridge.confirmed(expected.length);
      expect((await bridge.get("/readyz")).status).toBe(200);
    } finally {
      execFileSync("umount", ["-l", home.spool]);
    }
  },
);

test("7. a silent console: /readyz, status and the log say that it does not answer", async () => {
  await using console = await DemoConsole.start();
  console.faults.add(hang, { times: 1_000_000 });
  await using home = new BridgeHome();
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "file", address: `file://${join(home.directory, "out")}` }],
  });
  const bridge = await home.start();
  expect((await bridge.get("/readyz")).text).toContain("acme/activities has not read a page yet");
  await bridge.logged(({ code }) => code === "BRIDGE_FEED_UNAVAILABLE", "no answer", 150_000);
  const text = await statusSays(home, /^acme\/activities +failing .*BRIDGE_FEED_UNAVAILABLE .*could not be read/m);
  expect(text).toMatch(/Headers? Timeout|HeadersTimeout|no answer/i);
});

import { join } from "node:path";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { NotifySocket } from "../support/notify-socket.ts";
import { requireProgram } from "../support/requires.ts";

const missing = requireProgram("systemd-notify").missing || requireProgram("perl").missing;

describe.skipIf(missing)("systemd", () => {
  test("is told by its own program that the bridge is ready, what it does, that it lives, and that it stops; the log warns of a token that everybody can read", async () => {
    const directory = mkdtempSync(join(tmpdir(), "s1bridge-notify-"));
    try {
      await using socket = await NotifySocket.open(join(directory, "notify"));
      await using console = await DemoConsole.start();
      await using collector = await DemoCollector.start();
      await using home = new BridgeHome({ env: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "3000000" } });
      home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });
      chmodSync(home.tokenFile, 0o644);
      const bridge = await home.start();
      await socket.told("READY=1");
      await socket.told("STATUS=ready: 2 feeds, 1 collectors");
      expect(socket.messages.find((message) => message.includes("STATUS=ready"))).toContain("WATCHDOG=1");
      await bridge.signal("SIGTERM");
      await socket.told("STOPPING=1");
      const order = ["READY=1", "STATUS=ready", "STOPPING=1"].map((text) =>
        socket.messages.findIndex((message) => message.includes(text)),
      );
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(bridge.log.filter(({ level }) => level === "warn")).toEqual([
        expect.objectContaining({ exposed: expect.stringContaining("consoles.acme.token") as string }),
      ]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DeliveryFault, delivery } from "../../src/bridge/delivery.ts";
import type { Collector } from "../../src/bridge/ports.ts";
import { ResendCollector } from "../../src/collector/resend.ts";
import { StreamCollector } from "../../src/collector/stream.ts";
import { eventually } from "../support/bridge-process.ts";
import { FakeReader } from "../unit/bridge/fakes.ts";

/**
 * A link that is dead: packets vanish, and nobody sends a reset. With unacknowledged data neither keep-alive nor the kernel
 * says anything for 15 minutes; only the watchdog does. Needs a network namespace, and so root on Linux.
 */
const NAMESPACE = `s1b${process.pid}`;
const [OURS, THEIRS] = ["10.213.87.1", "10.213.87.2"] as const;
const LINK = `s1b${process.pid}`;

function ip(...parameters: string[]): void {
  execFileSync("ip", parameters, { stdio: "pipe" });
}

function canUnplug(): boolean {
  try {
    ip("netns", "add", NAMESPACE);
    ip("netns", "del", NAMESPACE);
    return true;
  } catch {
    process.stderr.write("skipped: no network namespaces here\n");
    return false;
  }
}

/** Accepts, reads, writes each message to the file, and answers the close after that. */
const RECEIVER = `
  const { createServer } = require("node:net");
  const { appendFileSync } = require("node:fs");
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let rest = "";
    socket.on("data", (chunk) => {
      const lines = (rest + chunk).split("\\n");
      rest = lines.pop();
      if (lines.length > 0) appendFileSync(process.argv[1], lines.join("\\n") + "\\n");
      // Slower than the link, so that something is under way whenever it is cut.
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    socket.on("end", () => socket.end());
    socket.on("error", () => undefined);
  });
  server.listen(0, "${THEIRS}", () => process.stdout.write(server.address().port + "\\n"));
`;

describe.skipIf(!canUnplug())("a link that dies without a word", () => {
  let directory: string;
  let receiver: ChildProcess;
  let port: number;

  beforeEach(async () => {
    ip("netns", "add", NAMESPACE);
    ip("link", "add", LINK, "type", "veth", "peer", "name", `${LINK}p`, "netns", NAMESPACE);
    ip("addr", "add", `${OURS}/30`, "dev", LINK);
    ip("link", "set", LINK, "up");
    ip("-n", NAMESPACE, "addr", "add", `${THEIRS}/30`, "dev", `${LINK}p`);
    ip("-n", NAMESPACE, "link", "set", `${LINK}p`, "up");
    directory = mkdtempSync(join(tmpdir(), "s1bridge-link-"));
    const command = ["netns", "exec", NAMESPACE, process.execPath, "-e", RECEIVER, join(directory, "received")];
    receiver = spawn("ip", command, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(receiver.stdout ?? receiver, "data")) as [Buffer];
    port = Number(line.toString());
  });

  afterEach(async () => {
    receiver.kill("SIGKILL");
    await once(receiver, "close");
    ip("link", "del", LINK);
    ip("netns", "del", NAMESPACE);
    rmSync(directory, { recursive: true, force: true });
  });

  function received(): string[] {
    try {
      return readFileSync(join(directory, "received"), "latin1").trimEnd().split("\n");
    } catch {
      return [];
    }
  }

  test.each([
    ["half_close", (target) => new StreamCollector({ ...target, confirms: true })],
    ["window", (target) => new ResendCollector({ ...target, resend: { maxBytes: 1 << 20, maxMs: 2000 } })],
  ] as [string, (target: ConstructorParameters<typeof ResendCollector>[0]) => Collector][])(
    "is seen by the watchdog, and nothing is missing when it is back: %s",
    async (_confirm, make) => {
      const ids = Array.from({ length: 400_000 }, (_, at) => `event ${at} ${"x".repeat(60)}`);
      const reader = new FakeReader(ids);
      const faults: DeliveryFault[] = [];
      const stop = new AbortController();
      const timeouts = { connectMs: 2000, stallMs: 3000, confirmMs: 10_000, watchMs: 100 };
      const resend = { maxBytes: 1 << 20, maxMs: 2000 };
      const limits = { maxEvents: 5000, maxBytes: 4e6, minAgeMs: 50, maxAgeMs: 500, restMs: 0, fewEvents: 0 };
      const subscription = delivery(
        { reader, collector: make({ host: THEIRS, port, tls: undefined, timeouts, resend }) },
        {
          collector: "c",
          limits,
          backoff: { firstMs: 50, maxMs: 500 },
          stop: { soft: stop.signal, hard: stop.signal },
          onFault: (fault) => void faults.push(fault),
        },
      ).subscribe();
      await eventually(() => received().length > 20_000, "some have come");
      ip("-n", NAMESPACE, "link", "set", `${LINK}p`, "down");
      const downAtMs = performance.now();
      await eventually(() => faults.length > 0, "the watchdog has seen it", 60_000);
      expect(faults[0]?.error).toMatchObject({ code: "BRIDGE_COLLECTOR_STALLED" });
      expect(performance.now() - downAtMs).toBeGreaterThan(2500);
      ip("-n", NAMESPACE, "link", "set", `${LINK}p`, "up");
      await eventually(() => reader.position === ids.length, "all of it is released", 120_000);
      stop.abort();
      subscription.unsubscribe();
      const came = received();
      expect(new Set(came).size).toBe(ids.length);
      process.stdout.write(`dead link, ${_confirm}: ${faults.length} faults, ${came.length - ids.length} twice\n`);
    },
  );
});

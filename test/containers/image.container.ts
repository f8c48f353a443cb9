import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildFacts } from "../../scripts/build-facts.ts";
import { buildImage } from "../../scripts/build-image.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";
import { freePort } from "../support/free-port.ts";
import { linesOf } from "../support/collect.ts";

/**
 * The image, built by S1BRIDGE_ENGINE (podman unless given) from the Dockerfile, or S1BRIDGE_IMAGE as it is. It runs on the
 * host's network, where the console is, and otherwise as README.md says: without rights, its root read-only. rsyslog is in a container of
 * its own, with the configuration of deploy/compose.
 */
const ENGINE = process.env["S1BRIDGE_ENGINE"] ?? "podman";
const IMAGE = process.env["S1BRIDGE_IMAGE"] ?? "localhost/s1bridge:under-test";
/** What the machine needs beside it, such as `--build-arg NODE_IMAGE=…`. */
const BUILD_ARGUMENTS = (process.env["S1BRIDGE_BUILD_ARGUMENTS"] ?? "").split(" ").filter((word) => word !== "");
const isMissing = spawnSync(ENGINE, ["version"], { stdio: "ignore" }).status !== 0;
if (isMissing) process.stderr.write(`skipped: there is no ${ENGINE}\n`);

function engine(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(ENGINE, words, { encoding: "utf8", maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${ENGINE} ${words.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout.trim();
}

const RSYSLOG_IMAGE = "localhost/s1bridge-rsyslog:under-test";
const COMPOSE = join(import.meta.dirname, "../../deploy/compose");

/** Out of Debian's package, on the base that the image has just been built with. */
function buildRsyslog(directory: string): void {
  const base = /NODE_IMAGE=(\S+)/.exec(BUILD_ARGUMENTS.join(" "))?.[1] ?? "node:24-bookworm-slim";
  const install = "apt-get update -q && apt-get install -qy --no-install-recommends rsyslog";
  writeFileSync(join(directory, "Dockerfile"), `FROM ${base}\nRUN ${install}\n`);
  engine("build", "-t", RSYSLOG_IMAGE, directory);
}

/** Runs it under the name, with what it receives in the folder, and gives the port of the loopback that leads to it. */
function startRsyslog(name: string, received: string): number {
  const mounts = ["-v", `${join(COMPOSE, "rsyslog.conf")}:/etc/rsyslog.conf:ro`, "-v", `${received}:/received`];
  engine("run", "-d", "--name", name, "-p", "127.0.0.1::514", ...mounts, RSYSLOG_IMAGE, "rsyslogd", "-n");
  return Number(/:(\d+)$/m.exec(engine("port", name, "514/tcp"))?.[1]);
}

describe.skipIf(isMissing)("the image", () => {
  beforeAll(() => {
    if (process.env["S1BRIDGE_IMAGE"] === undefined) buildImage(ENGINE, IMAGE, BUILD_ARGUMENTS);
  });

  test("says what it is in its labels", () => {
    const { version } = buildFacts();
    const labels = JSON.parse(engine("inspect", "-f", "{{json .Config.Labels}}", IMAGE)) as Record<string, string>;
    expect(labels).toMatchObject({
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.revision": expect.stringMatching(/^[0-9a-f]{12}\+?$/) as string,
      "org.opencontainers.image.created": expect.stringMatching(/^20\d\d-\d\d-\d\dT/) as string,
    });
  });

  test("brings a console's records into rsyslog's file, says that it lives, and ends at SIGTERM with 0", async () => {
    await using console = await DemoConsole.start({ token: "the-token" });
    const expected = supply(console, {
      activities: generateActivities({ seed: 1, count: 500, startMs: Date.now() - 60_000, stepMs: 100 }),
      threats: generateThreats({ seed: 2, count: 20, startMs: Date.now() - 60_000, stepMs: 1000 }),
    });
    const directory = mkdtempSync(join(tmpdir(), "s1bridge-container-"));
    const name = `s1bridge-test-${process.pid}`;
    const rsyslog = `${name}-rsyslog`;
    const telemetry = await freePort();
    const feed = { every: "1s", settle: "0s", start: "1h" };
    const configuration = (port: number): object => ({
      version: 1,
      consoles: [
        {
          name: "acme",
          url: console.url,
          token: { file: "/run/secrets/acme-token" },
          feeds: { activities: feed, threats: feed },
        },
      ],
      collectors: [{ name: "siem", address: `tcp://127.0.0.1:${port}` }],
      spool: { min_free: "1MiB" },
      telemetry: { listen: `127.0.0.1:${telemetry}` },
    });
    try {
      chmodSync(directory, 0o755);
      buildRsyslog(directory);
      const port = startRsyslog(rsyslog, directory);
      writeFileSync(join(directory, "config.yaml"), JSON.stringify(configuration(port)));
      writeFileSync(join(directory, "token"), "the-token");
      const mounts = ["config.yaml:/etc/s1bridge/config.yaml", "token:/run/secrets/acme-token"].flatMap((mount) => [
        "-v",
        `${join(directory, mount)}:ro`,
      ]);
      const rights = ["--network", "host", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"];
      engine("run", "-d", "--name", name, ...rights, ...mounts, IMAGE);

      expect(
        compareKeys(expected, countKeys(await linesOf(join(directory, "sentinelone.log"), expected.length, 120_000))),
      ).toEqual(COMPLETE);
      const ask = ["node", "/opt/s1bridge/main.js", "healthcheck", "-c", "/etc/s1bridge/config.yaml"];
      expect(engine("exec", name, ...ask)).toBe("ok");
      expect(engine("exec", name, ...ask, "--ready")).toBe("ok");
      // Without a shell, or any program but Node.
      expect(engine("exec", name, "node", "-p", "process.getuid()")).toBe("1000");
      engine("stop", "-t", "15", name);
      expect(engine("inspect", "-f", "{{.State.ExitCode}}", name)).toBe("0");
    } finally {
      spawnSync(ENGINE, ["rm", "-f", "-v", name, rsyslog], { stdio: "ignore" });
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { eventually } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";
import { freePort } from "../support/free-port.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { DebianRoot, ENVIRONMENT } from "./debian-root.ts";
import { buildDeb } from "./build-deb.ts";

/** The Debian package, from an empty Debian to messages in rsyslog's file, over an upgrade, to the purge. */

const packages = { old: inject("oldDeb"), current: inject("currentDeb") };
const directory = mkdtempSync(join(tmpdir(), "s1bridge-package-"));
let debian: DebianRoot;

beforeAll(() => {
  debian = new DebianRoot(inject("emptyDebian"));
});
afterAll(() => {
  debian?.[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
});

const CONFIG = "etc/s1bridge/config.yaml";
const WANTED = "etc/systemd/system/multi-user.target.wants/s1bridge.service";

/** What the unit says, run as systemd would: its user, its credential, its commands. */
function unitCommand(key: "ExecStartPre" | "ExecStart"): readonly string[] {
  const unit = readFileSync(debian.at("lib/systemd/system/s1bridge.service"), "utf8");
  const command = new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];
  if (command === undefined) throw new Error(`no ${key} in the unit`);
  return ["setpriv", "--reuid=s1bridge", "--regid=s1bridge", "--init-groups", "--no-new-privs", ...command.split(" ")];
}

function handOverCredential(token: string): void {
  const folder = debian.at("run/credentials/s1bridge.service");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "acme-token"), token);
  debian.done("chown", "-R", "s1bridge:s1bridge", "/run/credentials/s1bridge.service");
  debian.done("chmod", "0400", "/run/credentials/s1bridge.service/acme-token");
}

/** Runs the service until the condition holds. */
async function serve(until: () => Promise<boolean>): Promise<string> {
  debian.done("install", "-d", "-o", "s1bridge", "-g", "s1bridge", "-m", "0700", "/var/lib/s1bridge");
  debian.done(...unitCommand("ExecStartPre"));
  const child = spawn("chroot", [debian.path, ...unitCommand("ExecStart")], { env: ENVIRONMENT });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => (text += more));
  const exited = once(child, "exit");
  try {
    await eventually(until, () => `what was waited for:\n${text}`, 60_000);
  } finally {
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  }
  return text;
}

test("the package is the same, byte for byte, when it is made again", () => {
  expect(readFileSync(buildDeb(directory)).equals(readFileSync(packages.current))).toBe(true);
});

test.skipIf(requireProgram("lintian").missing)("lintian finds no error", () => {
  const { status, stdout } = spawnSync("lintian", ["--allow-root", "--fail-on", "error", packages.current], {
    encoding: "utf8",
  });
  expect([status, stdout.split("\n").filter((line) => line.startsWith("E:"))]).toEqual([0, []]);
});

describe("in an empty Debian 12", () => {
  test("it installs with what is there, enabled and not started", () => {
    const output = debian.done("dpkg", "-i", debian.bring(packages.old));
    expect(output).toContain("put the API token into /etc/s1bridge/acme-token");
    expect(debian.done("s1bridge", "--version")).toMatch(/^\d+\.\d+\.\d+ \(commit /);
    expect(debian.done("stat", "-c", "%a %U %G", `/${CONFIG}`).trim()).toBe("640 root s1bridge");
    expect(debian.done("stat", "-c", "%a %U %G", "/etc/s1bridge").trim()).toBe("750 root s1bridge");
    expect(debian.done("readlink", `/${WANTED}`)).toContain("/lib/systemd/system/s1bridge.service");
    expect(debian.done("s1bridge", "check", "-c", `/${CONFIG}`)).toContain("ok /etc/s1bridge/config.yaml");
    expect(existsSync(debian.at("var/lib/s1bridge"))).toBe(false);
  });

  test("it brings the manual page and completion", () => {
    expect(statSync(debian.at("usr/share/man/man1/s1bridge.1.gz")).size).toBeGreaterThan(500);
    const words = `source /usr/share/bash-completion/completions/s1bridge
      COMP_WORDS=(s1bridge spool ""); COMP_CWORD=2; _s1bridge; echo "\${COMPREPLY[@]}"`;
    expect(debian.done("bash", "-c", words)).toContain("ls check export");
  });

  test("the service brings a console's records into rsyslog's file, and an upgrade keeps checkpoints", async () => {
    await using console = await DemoConsole.start({ token: "the-token" });
    await using rsyslog = await Rsyslog.start({ transport: "tcp" });
    const records = (seed: number): readonly string[] =>
      supply(console, {
        activities: generateActivities({ seed, count: 100, startMs: Date.now() - 60_000, stepMs: 100 }),
        threats: generateThreats({ seed: seed + 1, count: 10, startMs: Date.now() - 60_000, stepMs: 1000 }),
      });
    const first = records(1);
    const config = `version: 1
consoles:
  - name: acme
    url: ${console.url}
    token: { file: /run/credentials/s1bridge.service/acme-token }
    feeds:
      activities: { every: 1s, settle: 0s, start: 1h }
      threats: { every: 1s, settle: 0s, start: 1h }
collectors: [{ name: siem, address: "tcp://127.0.0.1:${rsyslog.port}" }]
spool: { min_free: 1MiB }
telemetry: { listen: "127.0.0.1:${await freePort()}" }
`;
    writeFileSync(debian.at(CONFIG), config);
    handOverCredential("the-token");
    const arrived = async (count: number): Promise<boolean> => (await rsyslog.linesNow()).length >= count;
    await serve(() => arrived(first.length));
    const shown = (): unknown =>
      JSON.parse(debian.done("s1bridge", "state", "show", "--json", "-c", `/${CONFIG}`)) as unknown;
    const before = shown();

    debian.done("dpkg", "--force-confold", "-i", debian.bring(packages.current));
    expect(readFileSync(debian.at(CONFIG), "utf8")).toBe(config);
    expect(debian.done("stat", "-c", "%a %U %G", `/${CONFIG}`).trim()).toBe("640 root s1bridge");
    expect(shown()).toEqual(before);

    const all = [...first, ...records(3)];
    await serve(() => arrived(all.length));
    expect(compareKeys(all, countKeys(await rsyslog.linesNow()))).toEqual(COMPLETE);
  });

  test("a removal keeps configuration and state, and it can be installed again", () => {
    debian.done("dpkg", "-r", "s1bridge");
    expect([CONFIG, "var/lib/s1bridge/spool.db"].map((path) => existsSync(debian.at(path)))).toEqual([true, true]);
    expect(existsSync(debian.at("usr/bin/s1bridge"))).toBe(false);
    debian.done("dpkg", "-i", "/root/s1bridge.deb");
    expect(debian.done("s1bridge", "state", "show", "-c", `/${CONFIG}`)).toContain("acme");
  });

  test("a purge removes both", () => {
    debian.done("dpkg", "-P", "s1bridge");
    const left = ["etc/s1bridge", "var/lib/s1bridge", "usr/lib/s1bridge", WANTED];
    expect(left.filter((path) => existsSync(debian.at(path)))).toEqual([]);
    expect(debian.run("dpkg", "-s", "s1bridge").status).not.toBe(0);
  });
});

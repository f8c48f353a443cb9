import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { eventually } from "../support/bridge-process.ts";
import { readLines } from "../support/collect.ts";
import { compareKeys, countKeys, supply } from "../support/event-keys.ts";
import { freePort } from "../support/free-port.ts";
import { BootedDebian, bootIsRefused } from "./booted-debian.ts";
import { DebianRoot } from "./debian-root.ts";

/**
 * What an operator does on a forwarder, on a Debian with a real systemd and the rsyslog of Debian: install, configure, start, upgrade,
 * reload, lose the process, stop. Each test goes on where the one before ended.
 */

const refused = bootIsRefused();
if (refused !== undefined) {
  if (process.env["CI"]) throw new Error(`systemd can not be booted here, and CI must not skip its tests: ${refused}`);
  process.stderr.write(`skipped: systemd can not be booted here: ${refused}\n`);
}

const TOKEN = "etc/s1bridge/acme-token";
const CONFIG = "etc/s1bridge/config.yaml";
const RECEIVED = "var/log/siem.log";
const UNIT = "s1bridge.service";

let console_: DemoConsole;
let debian: DebianRoot;
let booted: BootedDebian;
let port: number;
const expected: string[] = [];

/** The console knows more from now on. */
function happen(seed: number): void {
  const startMs = Date.now() - 60_000;
  const activities = generateActivities({ seed, count: 100, startMs, stepMs: 100 });
  expected.push(
    ...supply(console_, { activities, threats: generateThreats({ seed: seed + 1, count: 10, startMs, stepMs: 1000 }) }),
  );
}

async function received(): Promise<ReturnType<typeof compareKeys>> {
  const file = debian.at(RECEIVED);
  return compareKeys(expected, countKeys(existsSync(file) ? await readLines(file) : []));
}

async function arrived(): Promise<void> {
  await eventually(
    async () => (await received()).missing.length === 0,
    () => `all messages in rsyslog's file:\n${journal()}`,
    120_000,
  );
}

function journal(): string {
  return booted.run("journalctl", "--no-pager", "--output=cat", `--unit=${UNIT}`).output;
}

const mainPid = (): number => Number(booted.property(UNIT, "MainPID"));
const isActive = (): boolean => booted.run("systemctl", "is-active", UNIT).output.trim() === "active";

/** Resolves when systemd has started the service anew, and it is ready. */
async function startedAnew(before: number, why: string): Promise<void> {
  await eventually(
    () => ![0, before].includes(mainPid()) && isActive(),
    () => `a new process after ${why}:\n${journal()}`,
    120_000,
  );
}

function tenLines(more = ""): string {
  return `version: 1
consoles:
  - name: acme
    url: ${console_.url}
    token: { file: /run/credentials/${UNIT}/acme-token }
    feeds:
      activities: { every: 1s, settle: 0s, start: 1h }
      threats: { every: 1s, settle: 0s, start: 1h }
collectors: [{ name: siem, address: "tcp://127.0.0.1:${port}" }]
telemetry: { listen: "127.0.0.1:0" }
${more}`;
}

describe.skipIf(refused !== undefined)("on a Debian 12 with its systemd and rsyslog", () => {
  beforeAll(async () => {
    console_ = await DemoConsole.start({ token: "the-token" });
    port = await freePort();
    debian = new DebianRoot(inject("emptyDebian"));
    debian.done("apt-get", "update", "-q");
    debian.done("apt-get", "install", "-qy", "--no-install-recommends", "systemd-sysv", "rsyslog");
    const rsyslog = `module(load="imtcp")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="siem") { action(type="omfile" file="/${RECEIVED}" template="raw" flushOnTXEnd="on") }
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="siem")
`;
    writeFileSync(debian.at("etc/rsyslog.d/10-siem.conf"), rsyslog);
    booted = await BootedDebian.boot(debian);
  });
  afterAll(async () => {
    await booted?.[Symbol.asyncDispose]();
    debian?.[Symbol.dispose]();
    await console_?.[Symbol.asyncDispose]();
  });

  test("the package of an earlier commit is enabled, and skipped until a token is there", () => {
    booted.done("apt-get", "install", "-qy", "--no-install-recommends", debian.bring(inject("oldDeb")));
    expect(booted.done("systemctl", "is-enabled", UNIT).trim()).toBe("enabled");
    booted.done("systemctl", "start", UNIT);
    expect([booted.property(UNIT, "ActiveState"), booted.property(UNIT, "ConditionResult")]).toEqual([
      "inactive",
      "no",
    ]);
  });

  test("ten lines of configuration and a token bring the console's records into rsyslog's file", async () => {
    writeFileSync(debian.at(CONFIG), tenLines());
    writeFileSync(debian.at(TOKEN), "the-token", { mode: 0o600 });
    happen(1);
    booted.done("systemctl", "start", UNIT);
    expect(isActive()).toBe(true);
    await arrived();
  });

  test("an upgrade starts it anew with the checkpoints that were there: nothing is missing, nothing comes twice", async () => {
    const before = mainPid();
    const keepConfig = ["-o", "Dpkg::Options::=--force-confold"];
    booted.done(
      "apt-get",
      "install",
      "-qy",
      "--no-install-recommends",
      ...keepConfig,
      debian.bring(inject("currentDeb")),
    );
    await startedAnew(before, "the upgrade");
    expect(readFileSync(debian.at(CONFIG), "utf8")).toBe(tenLines());
    happen(3);
    await arrived();
    expect(await received()).toEqual({ missing: [], unknown: [], duplicates: 0 });
  });

  test("the status line says that it is ready", async () => {
    await eventually(
      () => booted.property(UNIT, "StatusText").startsWith("ready: 2 feeds, 1 collectors"),
      () => `a status line, not ${booted.property(UNIT, "StatusText")}`,
      120_000,
    );
    expect(booted.done("systemctl", "status", "--no-pager", UNIT)).toContain("(s1bridge run -c)");
  });

  test("it runs as its user, without rights, its files out of everybody's reach; systemd had nothing to leave out", () => {
    const status = booted.done("cat", `/proc/${mainPid()}/status`);
    const user = booted.done("id", "-u", "s1bridge").trim();
    expect(status).toMatch(new RegExp(`^Uid:\\s+${user}\\s+${user}\\s`, "m"));
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    const inside = (...command: string[]): number | null =>
      booted.run("nsenter", "--target", String(mainPid()), "--mount", "--", ...command).status;
    expect(inside("touch", "/etc/s1bridge/x")).not.toBe(0);
    expect(inside("touch", "/var/lib/s1bridge/x")).toBe(0);
    for (const path of [`/${TOKEN}`, `/run/credentials/${UNIT}/acme-token`])
      expect(booted.run("setpriv", "--reuid=nobody", "--clear-groups", "cat", path).status).not.toBe(0);
    expect(booted.run("setpriv", "--reuid=s1bridge", "--clear-groups", "cat", `/${TOKEN}`).status).not.toBe(0);
    const complaints = booted
      .done("journalctl", "--no-pager", "--output=cat", "_PID=1")
      .match(/^.*s1bridge.*ignor.*$/gim);
    expect(complaints ?? []).toEqual([]);
  });

  test("a reload takes over a changed file, and one with a fault fails and changes nothing", async () => {
    const pid = mainPid();
    writeFileSync(debian.at(CONFIG), tenLines().replace("name: siem", "hostname: changed, name: siem"));
    booted.done("systemctl", "reload", UNIT);
    happen(5);
    await arrived();
    expect((await readLines(debian.at(RECEIVED))).at(-1)).toMatch(/^<\d+>\w+ +\d+ [\d:]+ changed CEF:/);

    writeFileSync(debian.at(CONFIG), tenLines().replace("every: 1s", "evry: 1s"));
    expect(booted.run("systemctl", "reload", UNIT).status).not.toBe(0);
    expect(journal()).toMatch(/evry.*did you mean.*every/s);
    writeFileSync(debian.at(CONFIG), tenLines());
    booted.done("systemctl", "reload", UNIT);
    expect([mainPid(), isActive()]).toEqual([pid, true]);
  });

  test("after kill -9 systemd starts it again, with the token as it is then", async () => {
    const credential = (): string =>
      booted.done(
        "nsenter",
        "--target",
        String(mainPid()),
        "--mount",
        "--",
        "cat",
        `/run/credentials/${UNIT}/acme-token`,
      );
    writeFileSync(debian.at(TOKEN), "a-new-token");
    console_.tokens.add("a-new-token");
    expect(credential()).toBe("the-token");
    const before = mainPid();
    booted.done("systemctl", "kill", "--signal=KILL", "--kill-who=main", UNIT);
    await startedAnew(before, "kill -9");
    expect(credential()).toBe("a-new-token");
    happen(7);
    await arrived();
  });

  test("a process that does not move is ended by the watchdog, leaves no core, and is started again", async () => {
    booted.done("mkdir", "-p", `/run/systemd/system/${UNIT}.d`);
    const soon = "[Service]\\nWatchdogSec=15s\\nRestartSec=100ms\\n";
    booted.done("sh", "-c", `printf '${soon}' >/run/systemd/system/${UNIT}.d/soon.conf`);
    booted.done("systemctl", "daemon-reload");
    booted.done("systemctl", "restart", UNIT);
    // It lives past its first limit: it is fed.
    const first = booted.property(UNIT, "WatchdogTimestampMonotonic");
    await eventually(() => booted.property(UNIT, "WatchdogTimestampMonotonic") !== first, "a sign of life", 60_000);
    const before = mainPid();
    booted.done("systemctl", "kill", "--signal=STOP", "--kill-who=main", UNIT);
    await startedAnew(before, "a hang");
    const told = booted.done("journalctl", "--no-pager", "--output=cat", "_PID=1");
    expect(told).toContain("Watchdog timeout");
    expect(told).not.toContain("dumped core");
    happen(9);
    await arrived();
  });

  test("an instance beside it has a configuration, a token, a spool of its own", async () => {
    booted.done("mkdir", "/etc/s1bridge/site");
    const config = tenLines("spool: { directory: /var/lib/s1bridge/site }\n")
      .replace(UNIT, "s1bridge@site.service")
      .replace("name: siem", "hostname: site, name: siem");
    writeFileSync(debian.at("etc/s1bridge/site/config.yaml"), config);
    writeFileSync(debian.at("etc/s1bridge/site/acme-token"), "the-token", { mode: 0o600 });
    booted.done("systemctl", "start", "s1bridge@site");
    const ofSite = async (): Promise<string[]> =>
      (await readLines(debian.at(RECEIVED))).filter((line) => / site CEF:/.test(line));
    await eventually(
      async () => compareKeys(expected, countKeys(await ofSite())).missing.length === 0,
      () => booted.run("journalctl", "--no-pager", "--unit=s1bridge@site").output,
      120_000,
    );
    expect(existsSync(debian.at("var/lib/s1bridge/site/spool.db"))).toBe(true);
  });

  test("a stop is clean, a removal stops it, a purge leaves the tokens alone", () => {
    booted.done("systemctl", "stop", UNIT);
    expect([booted.property(UNIT, "Result"), booted.property(UNIT, "ExecMainStatus")]).toEqual(["success", "0"]);
    booted.done("apt-get", "remove", "-qy", "s1bridge");
    expect(booted.run("systemctl", "is-active", "s1bridge@site").output.trim()).not.toBe("active");
    expect([CONFIG, "var/lib/s1bridge/spool.db"].map((path) => existsSync(debian.at(path)))).toEqual([true, true]);
    booted.done("apt-get", "purge", "-qy", "s1bridge");
    expect(["var/lib/s1bridge", CONFIG, TOKEN].map((path) => existsSync(debian.at(path)))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

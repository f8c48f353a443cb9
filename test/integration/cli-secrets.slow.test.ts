import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { answerFault } from "../../src/demo/console/faults.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { REFUSING_PORT } from "../support/free-port.ts";
import { BridgeHome, type BridgeProcess } from "../support/bridge-process.ts";
import { supply } from "../support/event-keys.ts";
import { makeCertificates } from "../support/tls.ts";

const TOKEN = "eyJmarkedTOKEN0123456789";
const PROXY_PASSWORD = "markedPROXYpassword";

/** A gateway's error page that shows the request it got, as some do. */
const echo = answerFault({
  status: 500,
  body: JSON.stringify({
    errors: [{ code: 5000010, title: "Server Error", detail: `authorization: ApiToken ${TOKEN}` }],
  }),
});

/** Secrets of the API in a record, which may be stored and never leaves. */
const IN_RECORD = "markedSECRETofARECORD";

/** What never is in a place where only those look who may not know it. */
const SECRETS = [TOKEN, PROXY_PASSWORD, "markedTELEMETRYtoken", "markedSIEMtoken"] as const;
const [, , TELEMETRY_TOKEN, SIEM_TOKEN] = SECRETS;

test("no secret is in anything that the bridge prints, stores, serves or sends", async () => {
  await using good = await DemoConsole.start({ token: TOKEN });
  await using refusing = await DemoConsole.start({ token: "another" });
  await using failing = await DemoConsole.start({ token: TOKEN });
  await using collector = await DemoCollector.start();
  await using siem = await DemoCollector.start();
  await using home = new BridgeHome({ token: TOKEN });
  using certificates = makeCertificates();
  const file = (name: string, text: string): { readonly file: string } => {
    const path = join(home.directory, name);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return { file: path };
  };
  const telling = [...generateActivities({ seed: 3, count: 5, startMs: Date.now() - 120_000, stepMs: 1000 })].map(
    (text) => withSecrets(text),
  );
  const expected = supply(good, {
    activities: [...generateActivities({ seed: 1, count: 50, startMs: Date.now() - 60_000, stepMs: 1000 }), ...telling],
    threats: generateThreats({ seed: 2, count: 5, startMs: Date.now() - 60_000, stepMs: 1000 }),
  });
  good.activities.add(["17"]);
  failing.faults.add(echo, { times: 1000 });
  const proxy = `http://someone:${PROXY_PASSWORD}@127.0.0.1:${REFUSING_PORT}`;
  const { certFile, keyFile } = certificates.client;
  home.configure({
    consoles: [
      home.console(good, { name: "good" }),
      home.console(refusing, { name: "refusing" }),
      home.console(failing, { name: "failing" }),
      home.console(good, { name: "proxied", proxy }),
    ],
    collectors: [
      { name: "siem", address: collector.address },
      { name: "json", address: `file://${join(home.directory, "json.log")}`, format: "json", unmapped_data: true },
      {
        name: "token",
        address: siem.address,
        format: "cef2",
        header: "rfc5424",
        siem_token: file("siem-token", SIEM_TOKEN),
      },
      {
        name: "refused",
        address: `tls://127.0.0.1:${REFUSING_PORT}`,
        tls: { cert_file: certFile, key_file: keyFile, ca_file: certificates.caFile },
      },
    ],
    telemetry: { listen: "127.0.0.1:0", token: file("telemetry-token", TELEMETRY_TOKEN) },
    heartbeat: { every: "1s" },
    log: { level: "debug", format: "json" },
  });

  const bridge = await home.start();
  for (const name of ["refusing", "failing", "proxied"])
    await bridge.logged((line) => line["console"] === name && line["code"] !== undefined, `${name} failed`);
  await bridge.logged((line) => line["collector"] === "refused" && line["code"] !== undefined, "TLS failed");
  await Promise.all([collector.received.atLeast(expected.length), siem.received.atLeast(expected.length)]);
  const served = await Promise.all(
    ["/metrics", "/api/status", "/readyz", "/", "/elsewhere"].map(async (path) => [
      await bridge.get(path),
      await asked(bridge, path),
    ]),
  );
  const status = await home.command("status", "-c", home.configFile);
  const whileItRuns = filesBelow(home.spool);
  process.kill(bridge.pid, "SIGHUP");
  await bridge.logged(({ msg }) => msg === "reloaded", "the reload");
  await bridge.signal("SIGTERM");
  const commands = await Promise.all(
    [
      ["preview", "--console", "failing"],
      ["preview", "--console", "good", "--collector", "siem"],
      ["check", "--json"],
      ["status", "--json"],
      ["spool", "ls"],
      ["state", "show"],
    ].map(([name = "", ...rest]) => home.command(name, "-c", home.configFile, ...rest)),
  );

  const places: Record<string, string> = {
    stdout: bridge.stdout,
    stderr: bridge.stderr,
    served: JSON.stringify(served),
    messages: collector.received.messages.join("\n"),
    json: readFileSync(join(home.directory, "json.log"), "utf8"),
    status: status.stdout + status.stderr,
    commands: commands.map(({ stdout, stderr }) => stdout + stderr).join("\n"),
  };
  const stored = { ...whileItRuns, ...filesBelow(home.spool) };
  const keyText = readFileSync(keyFile, "utf8").split("\n")[1] ?? "no key";
  expect(leaks({ ...places, ...stored }, [...SECRETS, keyText])).toStrictEqual([]);
  // Its own collector gets the SIEM token: that is what it is for.
  expect(leaks({ ...places, token: siem.received.messages.join("\n") }, [TOKEN, IN_RECORD])).toStrictEqual([]);
  // All of that was really looked at.
  expect(Object.keys(stored)).toEqual(expect.arrayContaining(["spool.db", "holder.json", "status.json"]));
  expect(places["stderr"]).toContain("BRIDGE_FEED_UNAUTHORIZED");
  expect(places["stderr"]).toContain("Server Error");
  expect(places["served"]).toContain("BRIDGE_FEED_UNAVAILABLE");
  expect(places["served"]).toContain("s1bridge_api_request_seconds");
  expect(places["messages"]).toContain("bridge.heartbeat");
  expect(siem.received.messages[0]).toContain(SIEM_TOKEN);
});

test("SIGUSR2 shows what is done, and the next one hides it again; no secret in that either", async () => {
  await using console = await DemoConsole.start({ token: TOKEN });
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome({ token: TOKEN });
  home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });
  const bridge = await home.start();
  expect(bridge.log.filter(({ level }) => level === "debug")).toEqual([]);
  process.kill(bridge.pid, "SIGUSR2");
  await bridge.logs(({ level, msg }) => level === "debug" && msg === "page stored", "what is done");
  process.kill(bridge.pid, "SIGUSR2");
  await bridge.logs(({ now }) => now === "info", "that it is hidden");
  expect(leaks({ log: bridge.stderr }, SECRETS)).toEqual([]);
});

function withSecrets(text: string): string {
  const names = ["registrationToken", "licenseKey", "passphrase", "apiToken", "password"];
  const secrets = Object.fromEntries(names.map((name) => [name, `${IN_RECORD}-${name}`]));
  const record = JSON.parse(text) as { data?: object };
  return JSON.stringify({ ...record, ...secrets, data: { ...record.data, ...secrets, deeper: { list: [secrets] } } });
}

async function asked(bridge: BridgeProcess, path: string): Promise<string> {
  const { telemetry } = await bridge.started();
  const headers = { authorization: `Bearer ${TELEMETRY_TOKEN}`, connection: "close" };
  return await (await fetch(`http://${String(telemetry)}${path}`, { headers })).text();
}

/** A socket holds nothing. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

function filesBelow(directory: string): Record<string, string> {
  return Object.fromEntries(filesIn(directory).map((name) => [name, readFileSync(join(directory, name), "latin1")]));
}

function leaks(places: Readonly<Record<string, string>>, secrets: readonly string[]): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `${place}: ${text.slice(Math.max(0, text.indexOf(secret) - 100), text.indexOf(secret) + 50)}`),
  );
}

test("SIGUSR1 opens no debugger, which would show what is in the memory", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });
  const bridge = await home.start();
  process.kill(bridge.pid, "SIGUSR1");
  process.kill(bridge.pid, "SIGUSR2");
  await bridge.logged(({ msg }) => msg === "log level changed by SIGUSR2", "the signal after it");
  expect(await bridge.signal("SIGTERM")).toEqual({ code: 0, signal: null });
  expect(bridge.stderr).not.toContain("Debugger");
});

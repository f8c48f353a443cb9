import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { answerFault } from "../../src/demo/console/faults.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { freePort } from "../support/free-port.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { supply } from "../support/event-keys.ts";

const TOKEN = "eyJmarkedTOKEN0123456789";
const PROXY_PASSWORD = "markedPROXYpassword";

/** A gateway's error page that shows the request it got, as some do. */
const echo = answerFault({
  status: 500,
  body: JSON.stringify({
    errors: [{ code: 5000010, title: "Server Error", detail: `authorization: ApiToken ${TOKEN}` }],
  }),
});

test("the token is in nothing that the bridge prints, stores, serves or sends", async () => {
  await using good = await DemoConsole.start({ token: TOKEN });
  await using refusing = await DemoConsole.start({ token: "another" });
  await using failing = await DemoConsole.start({ token: TOKEN });
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome({ token: TOKEN });
  const expected = supply(good, {
    activities: generateActivities({ seed: 1, count: 50, startMs: Date.now() - 60_000, stepMs: 1000 }),
    threats: generateThreats({ seed: 2, count: 5, startMs: Date.now() - 60_000, stepMs: 1000 }),
  });
  good.activities.add(["17"]);
  failing.faults.add(echo, { times: 1000 });
  const proxy = `http://someone:${PROXY_PASSWORD}@127.0.0.1:${await freePort()}`;
  home.configure({
    consoles: [
      home.console(good, { name: "good" }),
      home.console(refusing, { name: "refusing" }),
      home.console(failing, { name: "failing" }),
      home.console(good, { name: "proxied", proxy }),
    ],
    collectors: [{ name: "siem", address: collector.address }],
    log: { level: "debug", format: "json" },
  });

  const bridge = await home.start();
  await bridge.confirmed(expected.length);
  for (const name of ["refusing", "failing", "proxied"])
    await bridge.logged((line) => line["console"] === name && line["code"] !== undefined, `${name} failed`);
  const served = await Promise.all(["/metrics", "/api/status", "/readyz"].map((path) => bridge.get(path)));
  const whileItRuns = filesBelow(home.spool);
  await bridge.signal("SIGTERM");
  const [preview, checked] = await Promise.all([
    home.command("preview", "-c", home.configFile, "--console", "failing"),
    home.command("check", "--json", "-c", home.configFile),
  ]);

  const places = {
    ...whileItRuns,
    ...filesBelow(home.spool),
    stdout: bridge.stdout,
    stderr: bridge.stderr,
    served: JSON.stringify(served),
    messages: collector.received.messages.join("\n"),
    preview: preview.stdout + preview.stderr,
    checked: checked.stdout + checked.stderr,
  };
  const leaks = Object.entries(places).filter(([, text]) => text.includes(TOKEN) || text.includes(PROXY_PASSWORD));
  expect(leaks.map(([place, text]) => `${place}: ${around(text)}`)).toStrictEqual([]);
  // All of that was really looked at.
  expect(Object.keys(places)).toEqual(expect.arrayContaining(["spool.db", "holder.json"]));
  expect(places.stderr).toContain("BRIDGE_FEED_UNAUTHORIZED");
  expect(places.stderr).toContain("Server Error");
  expect(places.served).toContain("BRIDGE_FEED_UNAVAILABLE");
});

function filesBelow(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "latin1")]),
  );
}

function around(text: string): string {
  const at = Math.max(text.indexOf(TOKEN), text.indexOf(PROXY_PASSWORD));
  return text.slice(Math.max(0, at - 100), at + 50);
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { FaultPlan, answerFault } from "../../src/demo/console/faults.ts";
import { forbidden } from "../../src/demo/console/vendor-answers.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { type Telemetry, serveTelemetry } from "../../src/telemetry/server.ts";
import type { BridgeStatus } from "../../src/telemetry/status.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { PATIENCE_MS } from "../support/collect.ts";
import { Browser, CHROMIUM, type Page, violations } from "../support/browser.ts";
import {
  ago,
  busyDay,
  collectorDown,
  consoleOf,
  faultOf,
  feedOf,
  historyOf,
  incidentOf,
  statusOf,
} from "../support/made-up-status.ts";
import { requireProgram } from "../support/requires.ts";

/** `npm run screenshots`: the pictures of the README are of these pages. */
const PICTURES = process.env["S1BRIDGE_SCREENSHOTS"];

const DESKTOP = { width: 1080, height: 900 };
const PHONE = { width: 390, height: 844 };

/** The page of a bridge that tells what a test says. */
async function serve(status: () => BridgeStatus, token?: string): Promise<Telemetry> {
  const source = {
    metrics: new Metrics("0.1.0", { status: async () => status(), consoleNow: () => 0, intervalMs: () => undefined }),
    status: async () => status(),
    history: historyOf,
    standstills: () => [],
  };
  return await serveTelemetry(
    { host: "127.0.0.1", port: 0, token: token === undefined ? undefined : () => token },
    source,
  );
}

/** Resolves when the element's text fits. */
async function says(page: Page, selector: string, pattern: RegExp, ms = PATIENCE_MS): Promise<void> {
  await page.locator(selector).filter({ hasText: pattern }).first().waitFor({ timeout: ms });
}

const DOWN = /^Collector sentinel is down since 14:00:02 UTC$/;

/** No longer than one looks at in a README. */
const PICTURE_HEIGHT = 1000;

async function picture(page: Page, name: string | undefined): Promise<void> {
  if (PICTURES === undefined || name === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  const [width, height] = (await page.evaluate("[innerWidth, document.documentElement.scrollHeight]")) as [
    number,
    number,
  ];
  const clip = { x: 0, y: 0, width, height: Math.min(height, PICTURE_HEIGHT) };
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true, clip });
}

describe.skipIf(requireProgram(CHROMIUM).missing)("the status page in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await Browser.start();
  });
  afterAll(async () => await browser[Symbol.asyncDispose]());

  test.each([
    ["all is well, light", "status-light", busyDay(), { ...DESKTOP, colours: "light" }, /^All delivered$/],
    ["all is well, dark", "status-dark", busyDay(), { ...DESKTOP, colours: "dark" }, /^All delivered$/],
    ["all is well, on a phone", "status-phone", busyDay(), { ...PHONE, colours: "dark" }, /^All delivered$/],
    ["a collector is down, dark", "status-down", collectorDown(), { ...DESKTOP, colours: "dark" }, DOWN],
    [
      "all is well, in half a window",
      undefined,
      busyDay(),
      { width: 800, height: 900, colours: "light" },
      /^All delivered$/,
    ],
    ["a collector is down, on a phone", undefined, collectorDown(), { ...PHONE, colours: "light" }, DOWN],
  ] as const)("%s: readable for everybody, and nothing to complain of", async (_, name, status, look, headline) => {
    const telemetry = await serve(() => status);
    const page = await browser.open(`http://127.0.0.1:${telemetry.port}/`, look);
    await says(page, "h1", headline);
    await says(page, "#span", /last 6 h/);
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    await picture(page, name);
    await page.close();
    await telemetry.close();
    expect(browser.complaints).toEqual([]);
  });

  test("it follows a real bridge: events, a console that refuses, a collector that dies and comes back, the end", async () => {
    const faults = new FaultPlan();
    await using console = await DemoConsole.start({ faults });
    await using collector = await DemoCollector.start();
    await using home = new BridgeHome();
    home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });
    let made = 0;
    const add = (count: number): void => {
      made += count;
      console.addActivities(generateActivities({ seed: made, count, startMs: Date.now() - 1000, stepMs: 1 }));
    };
    add(70);
    const bridge = await home.start();
    const { telemetry } = await bridge.started();
    const page = await browser.open(`http://${String(telemetry)}/`);
    const activities = page.locator("#feeds tr", { hasText: "activities" });
    const totalIs = (total: number): Promise<void> =>
      activities
        .locator('[data-title="Total"]')
        .filter({ hasText: new RegExp(`^${total}$`) })
        .waitFor();
    await says(page, "h1", /^All delivered$/);
    await totalIs(70);
    add(50);
    await totalIs(120);

    faults.add(answerFault(forbidden('<img src=x onerror="alert(1)"> \u202Edeined')), { path: "/threats" });
    await says(page, "h1", /^acme\/threats: the token may not read it, since /);
    await says(page, "#problems", /<img src=x onerror="alert\(1\)"> \uFFFDdeined/);
    await says(page, "#problems", /What to do: Give the service user the permission/);
    expect(await page.locator("img").count()).toBe(0);

    await collector.goAway();
    add(20);
    await says(page, "h1", /^Collector siem is down since \S+ UTC, and 1 more$/);
    await says(page, "#collectors", /fails\s*BRIDGE_COLLECTOR_UNREACHABLE/);
    await says(page, "#errors", /siem, goes on/);
    expect(await violations(page)).toEqual([]);

    await collector.back();
    await says(page, "#errors", /siem, over/);
    await totalIs(140);
    expect(browser.complaints).toEqual([]);

    await bridge.signal("SIGTERM");
    await says(page, "h1", /^s1bridge does not answer$/);
    await page.close();
    // That nobody answers any more, the browser does say.
    expect(browser.complaints.splice(0).filter((said) => !said.includes("ERR_"))).toEqual([]);
  });

  test("hostile names and texts stay texts, and the browser would not make markup of them", async () => {
    const evil = '</script><img src=x onerror="globalThis.hacked=1"><svg onload=hacked=2>';
    const fault = faultOf("BRIDGE_COLLECTOR_BROKEN", evil);
    const telemetry = await serve(() =>
      statusOf({
        version: evil,
        consoles: [consoleOf(evil, { version: evil })],
        feeds: [feedOf(evil, evil, { state: "failing", fault })],
        collectors: [{ ...collectorDown().collectors[0]!, collector: evil, fault }],
        incidents: [
          incidentOf(evil, "BRIDGE_COLLECTOR_BROKEN", { message: evil }),
          incidentOf("a", evil, { message: evil }),
        ],
        refused: { at: ago(1), code: evil, file: evil, faults: [evil] },
        unrouted: [{ belongsTo: evil, events: 1, lastAt: ago(1) }],
      }),
    );
    const page = await browser.open(`http://127.0.0.1:${telemetry.port}/`);
    await says(page, "#errors", /onerror/);
    for (const where of ["h1", "#problems", "#collectors", "#feeds", "#errors", "#version"])
      expect(await page.locator(where).innerText()).toContain(evil);
    expect(await page.evaluate("[document.images.length, document.scripts.length, globalThis.hacked]")).toEqual([
      0,
      2,
      undefined,
    ]);
    expect(browser.complaints).toEqual([]);
    await expect(page.evaluate("document.body.innerHTML = 'x'")).rejects.toThrow("TrustedHTML");
    browser.complaints.length = 0;
    await page.close();
    await telemetry.close();
  });

  test("a password that the browser has been told goes with everything that the page asks for", async () => {
    const telemetry = await serve(statusOf, "open sesame");
    const page = await browser.open(`http://me:open%20sesame@127.0.0.1:${telemetry.port}/`);
    await says(page, "h1", /^All delivered$/);
    await says(page, "#span", /last 6 h/);
    await page.close();
    await telemetry.close();
    expect(browser.complaints).toEqual([]);
  });

  test("many consoles are folded, and the keyboard unfolds them", async () => {
    const names = ["acme", "globex", "initech", "umbrella"];
    const fault = faultOf("BRIDGE_FEED_UNAVAILABLE", "503");
    const feeds = names.map((name) => feedOf(name, "threats", name === "globex" ? { state: "failing", fault } : {}));
    const telemetry = await serve(() => statusOf({ consoles: names.map((name) => consoleOf(name)), feeds }));
    const page = await browser.open(`http://127.0.0.1:${telemetry.port}/`, PHONE);
    const shown = async (): Promise<string[]> =>
      (await page.locator("#feeds tbody[data-open=true] button").allTextContents()).toSorted();
    await says(page, "#feeds", /umbrella/);
    expect(await shown()).toEqual(["globex"]);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("acme");
    await page.keyboard.press("Enter");
    expect(await shown()).toEqual(["acme", "globex"]);
    expect(await violations(page)).toEqual([]);
    await page.close();
    await telemetry.close();
  });
});

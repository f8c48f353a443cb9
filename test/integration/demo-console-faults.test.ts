import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import * as faults from "../../src/demo/console/faults.ts";
import { loadRecords } from "../../src/demo/records/recorded.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { ask, list, TOKEN } from "../support/ask-console.ts";

const fixtures = join(import.meta.dirname, "../fixtures/api");
const START_MS = Date.UTC(2026, 10, 20, 8);
let demo: DemoConsole;

beforeEach(async () => {
  demo = await DemoConsole.start({ token: TOKEN });
});

afterEach(() => demo.close());

describe("faults", () => {
  beforeEach(() => demo.addActivities(generateActivities({ seed: 2, count: 30, startMs: START_MS, stepMs: 1 })));

  test("hit the requests that they are meant for, as often as they are meant to", async () => {
    demo.faults.add(faults.throttled(7), { path: "/activities", times: 2, after: 1 });
    demo.faults.add(faults.serverErrorWithHtml, { path: "/threats" });
    expect((await ask(demo, "/activities")).status).toBe(200);
    const throttled = await ask(demo, "/activities");
    expect([throttled.status, throttled.headers.get("retry-after")]).toEqual([429, "7"]);
    expect([throttled.headers.get("content-type"), await throttled.text()]).toEqual([
      "text/html",
      expect.stringContaining("429 Too Many Requests"),
    ]);
    expect((await ask(demo, "/threats")).status).toBe(500);
    expect(demo.faults.pending).toBe(1);
    expect((await ask(demo, "/activities")).status).toBe(429);
    expect((await ask(demo, "/activities")).status).toBe(200);
  });

  test("truncated JSON, errors inside a 200, a login redirect", async () => {
    demo.faults.add({ kind: "truncated", bytes: 500 });
    demo.faults.add(faults.errorsInside);
    demo.faults.add(faults.loginRedirect);
    const torn = await ask(demo, "/activities");
    expect(torn.status).toBe(200);
    await expect(torn.json()).rejects.toThrow(SyntaxError);
    expect(await (await ask(demo, "/activities")).json()).toMatchObject({ errors: [{ code: 5000010 }] });
    const redirect = await ask(demo, "/activities");
    expect([redirect.status, redirect.headers.get("location")]).toEqual([302, "/login"]);
  });

  test.each([
    ["null", "null"],
    ["", ""],
    ["missing", undefined],
  ] as const)("a cursor %j", async (value, cursor) => {
    demo.faults.add({ kind: "cursor", value });
    expect((await list(demo, "/activities?limit=10")).pagination.nextCursor).toBe(cursor);
  });

  test("a cursor that repeats", async () => {
    const { nextCursor } = (await list(demo, "/activities?limit=10")).pagination;
    demo.faults.add({ kind: "cursor", value: "repeat" });
    const again = await list(demo, `/activities?limit=10&cursor=${encodeURIComponent(nextCursor ?? "")}`);
    expect(again.pagination.nextCursor).toBe(nextCursor);
  });

  test("a hanging answer, a reset in the middle, and a slow body", async () => {
    demo.faults.add(faults.hang);
    const hanging = fetch(`${demo.url}/web/api/v2.1/system/status`, { signal: AbortSignal.timeout(50) });
    await expect(hanging).rejects.toThrow(/timeout/);
    demo.faults.add(faults.reset(100));
    await expect(ask(demo, "/activities").then((answer) => answer.text())).rejects.toThrow(/terminated|socket/);
    demo.faults.add({ kind: "slow", chunkBytes: 4000, everyMs: 1 });
    expect((await list(demo, "/activities?limit=30")).data).toHaveLength(30);
  });
});

test("requests are counted, logged, and can be waited for", async () => {
  const next = demo.requests.next(({ path }) => path === "/threats");
  for (let asked = 0; asked < 5; asked += 1) await ask(demo, "/activities?limit=1");
  await ask(demo, "/threats?limit=2");
  expect((await next).search.get("limit")).toBe("2");
  expect(demo.requests.count("/activities")).toBe(5);
  expect(demo.requests.busiestSecond("/activities")).toBe(5);
  expect(demo.requests.recent.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
});

describe("recorded answers", () => {
  test("records are told apart by shape, kept to the byte, and what is left out is counted", async () => {
    const recorded = loadRecords(fixtures);
    expect(recorded).toMatchObject({ files: 6, expected: 4, repeatedIds: { activities: ["111111111111111111"] } });
    expect(recorded.activities).toHaveLength(3);
    expect(recorded.threats).toHaveLength(2);
    expect(Object.fromEntries(recorded.skipped)).toEqual({
      "a file that is not JSON": 1,
      "a record of another kind": 1,
      "not a record": 1,
    });
    const page = readFileSync(join(fixtures, "activities_page.json.resp"), "utf8");
    for (const text of recorded.activities.slice(1)) expect(page).toContain(text);
    demo.addActivities(recorded.activities);
    demo.addThreats(recorded.threats);
    const body = await (await ask(demo, "/activities", { "accept-encoding": "gzip" })).text();
    expect(body).toContain(recorded.activities[1]);
    expect(body).toContain('"accountId": 2162006006177988609,');
    expect((await list(demo, "/threats?sortBy=updatedAt&siteIds=2162006014574985218")).data).toHaveLength(2);
    expect((await list(demo, "/activities?createdAt__gte=2020-01-01T00:00:00Z")).data).toHaveLength(2);
  });
});

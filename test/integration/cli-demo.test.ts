import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { BridgeHome } from "../support/bridge-process.ts";

test.concurrent("the demo ends with 0 and has lost nothing", async () => {
  await using home = new BridgeHome();
  const { code, stdout, stderr } = await home.command("demo", "--events", "500", "--spool", home.spool);
  expect([code, stderr]).toStrictEqual([0, ""]);
  expect(stdout).toContain("fetched 525, delivered 525, confirmed 525, lost 0, duplicates 0\n");
  expect(stdout).toContain("CEF:0|SentinelOne|Mgmt|");
  expect(stdout).toMatch(/^status page: http:\/\/127\.0\.0\.1:\d+\/ /m);
});

test.concurrent("the demo serves the recorded answers of a folder", async () => {
  await using home = new BridgeHome();
  const records = join(home.directory, "records");
  mkdirSync(join(records, "below"), { recursive: true });
  const timeline = { seed: 4, startMs: Date.parse("2026-01-01"), stepMs: 1000 };
  const activities = [...generateActivities({ ...timeline, count: 30 })];
  const page = `{"data":[${activities.join(",")}],"pagination":{"nextCursor":"null","totalItems":30}}`;
  writeFileSync(join(records, "activities_page.json.resp"), page);
  writeFileSync(
    join(records, "below", "threats.json"),
    `[${[...generateThreats({ ...timeline, count: 4 })].join(",")}]`,
  );
  writeFileSync(join(records, "torn.json"), page.slice(0, 500));

  const { code, stdout } = await home.command("demo", "--records", records, "--spool", home.spool);
  expect(code).toBe(0);
  expect(stdout).toContain("30 activities and 4 threats of 3 files; left out: 1 × a file that is not JSON");
  expect(stdout).toContain("fetched 34, delivered 34, confirmed 34, lost 0, duplicates 0\n");
});

test.concurrent("the demo plays a scenario and tells what of it happened, and refuses one that is wrong", async () => {
  await using home = new BridgeHome();
  const scenario = join(home.directory, "scenario.yaml");
  writeFileSync(
    scenario,
    `version: 1
console: [{ fault: bad_gateway, path: /activities }, { fault: late, count: 10, for: 1s }, { fault: hang, after: 9999 }]
collector: [{ fault: reset, bytes: 1000 }]
`,
  );
  const played = await home.command("demo", "--events", "200", "--spool", home.spool, "--scenario", scenario);
  expect(played.stdout).toContain("the scenario played: bad_gateway 1×, late 1×, hang not reached, reset 1×\n");
  expect(played.stdout).toMatch(/fetched 220, delivered \d+, confirmed 220, lost 0,/);
  expect(played.code).toBe(0);

  writeFileSync(scenario, "version: 1\nconsole: [{ fault: hangs }]\n");
  const refused = await home.command("demo", "--scenario", scenario);
  expect([refused.code, refused.stdout]).toEqual([2, ""]);
  expect(refused.stderr).toMatch(/scenario\.yaml:2:20 console\[0\]\.fault: expected one of .*did you mean "hang"/);
});

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

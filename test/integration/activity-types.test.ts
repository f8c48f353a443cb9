import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { answerFault } from "../../src/demo/console/faults.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";

function activity(id: string, activityType: number, agoMs: number): string {
  const createdAt = new Date(Date.now() - agoMs).toISOString();
  return JSON.stringify({ id, activityType, createdAt, primaryDescription: "something", data: {} });
}

function learntNames(spool: string): number {
  const database = new DatabaseSync(join(spool, "spool.db"), { readOnly: true, timeout: 5000 });
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM activity_types").get()?.["n"]);
  } finally {
    database.close();
  }
}

test("a type that we have no name for gets the console's own, also after a restart on which it does not tell", async () => {
  await using console = await DemoConsole.start();
  const body = JSON.stringify({ data: [{ id: 54_321, action: "Teapot | Filled" }, { id: 1 }, null] });
  console.faults.add(answerFault({ status: 200, body }), { path: "/activities/types", times: 1 });
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address: collector.address }] });

  const first = await home.start();
  await eventually(() => learntNames(home.spool) > 0, "the console's names are stored");
  console.addActivities([activity("1", 54_321, 5000)]);
  await collector.received.keysAtLeast(1);
  await first.signal("SIGTERM");

  console.missing.add("activities/types");
  const second = await home.start();
  console.addActivities([activity("2", 54_321, 3000), activity("3", 54_322, 2000)]);
  await collector.received.keysAtLeast(3);
  await second.signal("SIGTERM");
  const names = collector.received.messages.map((message) => message.split("|").slice(4, 6).join(" "));
  expect(names.toSorted()).toEqual(["54321 Teapot \\", "54321 Teapot \\", "54322 Activity 54322"]);
});

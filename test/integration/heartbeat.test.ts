import { expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import { type DecodedCef, cefPart, decodeCef } from "../support/cef-decoder.ts";
import { supply } from "../support/event-keys.ts";

function decoded(messages: readonly string[]): DecodedCef[] {
  return messages.map((message) => decodeCef(cefPart(message)));
}

function ofClass(messages: readonly string[], classId: string): DecodedCef[] {
  return decoded(messages).filter((cef) => cef.classId === classId);
}

function numbers(cefs: readonly DecodedCef[], key: string): number[] {
  return cefs.map(({ extension }) => Number(extension.get(key)));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

test.concurrent("heartbeats and events are numbered without a gap over a restart, and a heartbeat stands behind what it counts", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  const startMs = Date.now() - 60_000;
  const expected = supply(console, {
    activities: generateActivities({ seed: 1, count: 200, startMs, stepMs: 100 }),
    threats: [],
  });
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address, sequence: true }],
    heartbeat: { every: "1s" },
  });
  const { messages } = collector.received;
  const beats = (): DecodedCef[] =>
    ofClass(messages, "bridge.heartbeat").filter(({ extension }) => extension.get("S1feed") === "activities");
  for (const [counted, run] of [
    [expected.length, 1],
    [expected.length, 2],
  ] as const) {
    const bridge = await home.start();
    const before = beats().length;
    await eventually(
      () => beats().length >= before + 2 && numbers(beats(), "S1lastSeq").at(-1) === counted,
      () => `two heartbeats of run ${run}:\n${bridge.stderr}`,
    );
    expect(await bridge.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
  }
  expect(numbers(beats(), "S1heartbeat")).toEqual(upTo(beats().length));
  const activities = decoded(messages).filter(({ extension }) =>
    extension.get("S1eventKey")?.startsWith("activities/"),
  );
  expect(numbers(activities, "S1seq")).toEqual(upTo(expected.length));
  const claims = decoded(messages).flatMap(({ classId, extension }, at) => {
    if (classId !== "bridge.heartbeat" || extension.get("S1feed") !== "activities") return [];
    const before = decoded(messages.slice(0, at)).filter((cef) =>
      cef.extension.get("S1eventKey")?.startsWith("activities/"),
    );
    return [{ counted: Number(extension.get("S1lastSeq")), before: before.length }];
  });
  expect(claims.filter(({ counted, before }) => counted > before)).toEqual([]);
  const keys = decoded(messages).map(({ extension }) => extension.get("S1eventKey"));
  expect(new Set(keys).size).toBe(keys.length);
});

test.concurrent("a record that can not become an event is kept, and the SIEM is told once a minute", async () => {
  await using console = await DemoConsole.start();
  await using collector = await DemoCollector.start();
  await using home = new BridgeHome();
  const body = JSON.stringify({ data: ["no object"], pagination: { nextCursor: null, totalItems: 1 } });
  const answer = { status: 200, headers: { "content-type": "application/json" }, body };
  console.faults.add({ kind: "answer", answer }, { path: "/activities" });
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "siem", address: collector.address }],
  });
  const bridge = await home.start();
  await eventually(
    () => ofClass(collector.received.messages, "bridge.notice").length > 0,
    () => bridge.stderr,
  );
  const [notice] = ofClass(collector.received.messages, "bridge.notice");
  expect(Object.fromEntries(notice?.extension ?? [])).toMatchObject({ S1code: "dead_letters", cnt: "1" });
});

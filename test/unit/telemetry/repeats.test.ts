import { expect, test } from "vitest";
import type { Logger } from "../../../src/telemetry/log.ts";
import { Repeats } from "../../../src/telemetry/repeats.ts";

function logged(): { repeats: Repeats; lines: unknown[]; pass: (seconds: number) => void } {
  const lines: unknown[] = [];
  const write =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push([level, message, fields]);
  let now = 0;
  const log = { info: write("info"), warn: write("warn"), error: write("error") } as unknown as Logger;
  return { repeats: new Repeats(log, () => now), lines, pass: (seconds) => (now += seconds * 1000) };
}

const FAULT = { key: "a", level: "warn", message: "failed", fields: { feed: "threats" } } as const;

test("what repeats is told at once, and then every ten minutes with how often it did", () => {
  const { repeats, lines, pass } = logged();
  for (let at = 0; at <= 240; at++) {
    repeats.tell(FAULT);
    pass(2.5);
  }
  repeats.look();
  expect(lines).toEqual([
    ["warn", "failed", { feed: "threats" }],
    ["warn", "failed", { feed: "threats", same: 240, inSeconds: expect.closeTo(600, -1) as number }],
  ]);
});

test("what was not told yet is told at the end, and what has stopped is forgotten", () => {
  const { repeats, lines, pass } = logged();
  repeats.tell(FAULT);
  repeats.end();
  expect(lines).toHaveLength(1);
  repeats.tell(FAULT);
  repeats.end();
  expect(lines).toHaveLength(2);
  pass(601);
  repeats.look();
  repeats.tell(FAULT);
  expect(lines).toHaveLength(3);
});

test("what is over and begins again is told, but not each time when it flaps", () => {
  const { repeats, lines, pass } = logged();
  expect(repeats.over("a")).toBe(false);
  for (let times = 0; times < 30; times++) {
    repeats.tell(FAULT);
    expect(repeats.over("a")).toBe(true);
    pass(1);
  }
  expect(lines).toHaveLength(1);
  pass(60);
  repeats.over("a");
  repeats.tell(FAULT);
  expect(lines.slice(1)).toEqual([
    ["warn", "failed", { feed: "threats", same: 29, inSeconds: 90 }],
    ["warn", "failed", { feed: "threats" }],
  ]);
});

test("numbers are added up, and each key is for itself", () => {
  const { repeats, lines, pass } = logged();
  const drop = { ...FAULT, everyMs: 60_000 };
  for (const events of [3, 4, 5]) repeats.tell({ ...drop, events });
  repeats.tell({ ...drop, key: "b", events: 1 });
  pass(60);
  repeats.look();
  expect(lines.map((line) => (line as [string, string, object])[2])).toEqual([
    { feed: "threats", events: 3 },
    { feed: "threats", events: 1 },
    { feed: "threats", events: 9, same: 2, inSeconds: 60 },
  ]);
});

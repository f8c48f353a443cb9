import { describe, expect, test } from "vitest";
import { Course } from "../../../../src/telemetry/page/course.ts";
import { HEIGHT, WIDTH, sparkline } from "../../../../src/telemetry/page/sparkline.ts";
import {
  age,
  clock,
  count,
  counted,
  parts,
  plain,
  secondsSince,
  share,
  size,
} from "../../../../src/telemetry/page/words.ts";

const NOW = Date.parse("2026-11-22T14:03:22.500Z");

test("numbers are told as people read them", () => {
  expect([count(0), count(1204), count(0.4), counted(1, "event"), counted(0, "event")]).toEqual([
    "0",
    "1,204",
    "0",
    "1 event",
    "0 events",
  ]);
  expect([null, -3, 0.4, 119, 120, 7199, 7200, 172_800].map(age)).toEqual([
    "-",
    "0 s",
    "0 s",
    "119 s",
    "2 min",
    "120 min",
    "2.0 h",
    "2 d",
  ]);
  expect([size(0), size(9.44 * 2 ** 20), size(2 ** 31)]).toEqual(["0.0 MiB", "9.4 MiB", "2.0 GiB"]);
  expect([share(0, 0), share(1, 300), share(150, 1000), share(999, 1000)]).toEqual(["0 %", "0.3 %", "15 %", "100 %"]);
});

test("a time of another day has its day", () => {
  expect(clock("2026-11-22T00:00:01.000Z", NOW)).toBe("00:00:01 UTC");
  expect(clock("2026-11-21T23:59:59.000Z", NOW)).toBe("2026-11-21 23:59:59 UTC");
  expect([secondsSince("2026-11-22T14:03:20.000Z", NOW), secondsSince("2026-11-22T15:00:00.000Z", NOW)]).toEqual([
    2.5, 0,
  ]);
});

test("a text of others stays one line, without what steers", () => {
  expect(plain("a\r\n  b\u2028c")).toBe("a b c");
  expect(plain("\u001B[31mred \u202Egpj.exe \u2066x \u200Fy \uD800")).toBe(
    "\uFFFD[31mred \uFFFDgpj.exe \uFFFDx \uFFFDy \uFFFD",
  );
  expect(plain("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
});

test("what stands between back quotes is code", () => {
  expect(parts("set `url`, or `ca_file`")).toEqual([
    { text: "set ", isCode: false },
    { text: "url", isCode: true },
    { text: ", or ", isCode: false },
    { text: "ca_file", isCode: true },
  ]);
});

describe("a sparkline", () => {
  test("goes from the bottom to the top, within its frame", () => {
    const { line, max } = sparkline(
      Array.from({ length: 61 }, (_, at) => at),
      { least: 10 },
    );
    expect([max, line.slice(0, 7), line.slice(-8)]).toEqual([60, "M0 24.5", `L${WIDTH} 1.5`]);
  });

  test("is a flat line where nothing happened, and none where nothing is known", () => {
    expect(
      sparkline(
        Array.from({ length: 30 }, () => 0),
        { least: 10 },
      ).line,
    ).toMatch(/^M0 24\.5(L[\d.]+ 24\.5)+$/);
    expect(sparkline([], { least: 10 })).toEqual({ line: "", area: "", max: 0 });
    expect(sparkline([null, null], { least: 10 })).toEqual({ line: "", area: "", max: 0 });
  });

  test("has a gap where nothing is known, and shows a single value", () => {
    const { line, area } = sparkline([1, 2, null, 4], { least: 10 });
    expect(line.match(/M/g)).toHaveLength(2);
    expect(line).toMatch(/M120 [\d.]+h0\.1$/);
    expect(area.match(/Z/g)).toHaveLength(2);
    expect(area).toContain(`L120 ${HEIGHT}Z`);
  });

  test("stands at the right while there is little", () => {
    expect(sparkline([3, 3], { least: 10 }).line).toMatch(/^M115\.9 /);
  });

  test("makes no mountain of little", () => {
    expect(sparkline([1, 1], { least: 100 }).line).toMatch(/ 24\.3$/);
  });
});

test("the totals are the sums of what is known", () => {
  const course = new Course({
    stepSeconds: 60,
    until: "",
    feeds: [
      { console: "a", feed: "threats", events: [1, null, null], lagSeconds: [null, null, 7] },
      { console: "b", feed: "threats", events: [2, 5, null], lagSeconds: [] },
    ],
    collectors: [],
    spool: { events: Array.from({ length: 359 }, () => 1), bytes: [] },
  });
  expect(course.read).toEqual([3, 5, null]);
  expect(course.feed("a", "threats").lagSeconds).toEqual([null, null, 7]);
  expect(course.feed("c", "threats")).toEqual({ events: [], lagSeconds: [] });
  expect(course.collector("siem")).toEqual({ events: [], oldestWaitingSeconds: [] });
  expect(course.span).toBe("6 h");
});

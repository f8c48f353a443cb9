import { describe, expect, test } from "vitest";
import { Incidents } from "../../../src/telemetry/incidents.ts";

const MINUTE_MS = 60_000;

function refused(about: string, message = "refused", code = "BRIDGE_COLLECTOR_UNREACHABLE") {
  return { kind: "collector", about, code, message } as const;
}

describe("incidents", () => {
  test("are one for each fault that goes on, with its last words", () => {
    const incidents = new Incidents();
    incidents.fault(refused("siem", "first"), 0);
    incidents.fault(refused("siem", "second"), 5000);
    incidents.fault(refused("siem", "broken", "BRIDGE_COLLECTOR_BROKEN"), 6000);
    expect(incidents.list()).toEqual([
      expect.objectContaining({ code: "BRIDGE_COLLECTOR_BROKEN", times: 1 }),
      {
        ...refused("siem", "second"),
        since: "1970-01-01T00:00:00.000Z",
        at: "1970-01-01T00:00:05.000Z",
        times: 2,
        overAt: null,
      },
    ]);
  });

  test("are over when the feed or collector works again, and only its own", () => {
    const incidents = new Incidents();
    incidents.fault(refused("siem"), 0);
    incidents.fault(refused("other"), 0);
    incidents.over("collector", "siem", 1000);
    incidents.over("feed", "other", 1000);
    incidents.over("collector", "siem", 2000);
    expect(incidents.list().map(({ about, overAt }) => [about, overAt])).toEqual([
      ["other", null],
      ["siem", "1970-01-01T00:00:01.000Z"],
    ]);
  });

  test("go on when they begin again within ten minutes, and are new afterwards", () => {
    const incidents = new Incidents();
    const told = () => incidents.list().map(({ since, times, overAt }) => [since, times, overAt]);
    incidents.fault(refused("siem"), 0);
    incidents.over("collector", "siem", MINUTE_MS);
    incidents.fault(refused("siem"), 9 * MINUTE_MS);
    expect(told()).toEqual([["1970-01-01T00:00:00.000Z", 2, null]]);
    incidents.over("collector", "siem", 10 * MINUTE_MS);
    incidents.fault(refused("siem"), 21 * MINUTE_MS);
    expect(told()).toEqual([["1970-01-01T00:21:00.000Z", 1, null]]);
  });

  test("are 20 at most: what is over goes first, then the oldest", () => {
    const incidents = new Incidents();
    for (let at = 0; at < 20; at += 1) incidents.fault(refused(`siem-${at}`), at);
    incidents.over("collector", "siem-7", 100);
    incidents.fault(refused("twenty"), 101);
    incidents.fault(refused("twenty-one"), 102);
    const left = incidents.list().map(({ about }) => about);
    expect([left.length, left[0], left[1]]).toEqual([20, "twenty-one", "twenty"]);
    expect(left).not.toContain("siem-7");
    expect(left).not.toContain("siem-0");
  });

  test("of what is not configured any more are over", () => {
    const incidents = new Incidents();
    incidents.fault(refused("gone"), 0);
    incidents.fault(refused("stays"), 0);
    incidents.watch((kind, about) => kind === "collector" && about === "stays", 1000);
    expect(incidents.list().map(({ about, overAt }) => [about, overAt !== null])).toEqual([
      ["stays", false],
      ["gone", true],
    ]);
  });
});

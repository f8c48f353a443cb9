import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/config/fault.ts";
import { COLLECTOR_FAULTS, CONSOLE_FAULTS } from "../../../src/demo/scenario/kinds.ts";
import { ScenarioPlayer } from "../../../src/demo/scenario/player.ts";
import { parseScenario, readScenario } from "../../../src/demo/scenario/schema.ts";

const EXAMPLES = join(import.meta.dirname, "../../../docs/scenarios");

function faultsOf(text: string): string[] {
  try {
    parseScenario(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
  }
}

describe("a scenario's file", () => {
  test.each(readdirSync(EXAMPLES))("%s is valid", (name) => {
    expect(readScenario(join(EXAMPLES, name)).description).toBeDefined();
  });

  test("tells all that is wrong at once, with place and what was meant", () => {
    const text = `version: 1
console:
  - { fault: throtled }
  - { fault: torn, bytes: many }
  - { fault: hang, rows: 3 }
  - { fault: clock_ahead, times: 2 }
  - { fault: slow, for: 3s, times: 2, evry: 1s }
collectors: []
`;
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^3:14 console\[0\]\.fault: expected one of .*did you mean "throttled"\?$/),
      expect.stringMatching(/^4:27 console\[1\]\.bytes: expected 0-\d+, got "many"$/),
      "5:26 console[2].rows: not for hang",
      "6:5 console[3]: clock_ahead needs by",
      "6:5 console[3]: clock_ahead happens by time: give at and for",
      "7:36 console[4].times: either for or times, not both",
      '7:39 console[4].evry: unknown key, did you mean "every"?',
      '8:1 collectors: unknown key, did you mean "collector"?',
    ]);
  });

  test.each([
    ["console", Object.entries(CONSOLE_FAULTS)],
    ["collector", Object.entries(COLLECTOR_FAULTS)],
  ] as const)("takes every fault of the %s with its own keys", (side, kinds) => {
    const values = { path: "/x", retry_after: 1, bytes: 1, every: "1s", by: "1m", rows: 1, count: 1 };
    const rows = kinds.map(([fault, { options }]) => ({
      fault,
      ...Object.fromEntries(options.map((option) => [option, values[option]])),
    }));
    expect(faultsOf(JSON.stringify({ version: 1, [side]: rows }))).toEqual([]);
  });
});

describe("a scenario is played", () => {
  let nowMs = 0;

  function player(text: string): ScenarioPlayer {
    nowMs = 5000;
    const made = new ScenarioPlayer(parseScenario(`version: 1\n${text}`), () => nowMs);
    made.elapsedMs();
    return made;
  }

  function request(path: string, search = ""): { path: string; search: URLSearchParams } {
    return { path, search: new URLSearchParams(search) };
  }

  function status(one: ScenarioPlayer, path: string, search = ""): number | string | undefined {
    const fault = one.next(request(path, search));
    return fault?.kind === "answer" ? fault.answer.status : fault?.kind;
  }

  test("by count: so many requests pass, so many are hit, of the path that is meant", () => {
    const one = player("console: [{ fault: bad_gateway, path: /activities, after: 1, times: 2 }, { fault: torn }]");
    expect(
      ["/activities", "/threats", "/activities", "/activities", "/activities"].map((path) => status(one, path)),
    ).toEqual(["truncated", undefined, 502, 502, undefined]);
    expect(one.played()).toEqual([
      { fault: "bad_gateway", times: 2 },
      { fault: "torn", times: 1 },
    ]);
  });

  test("by time: not before, and no longer", () => {
    const one = player("console: [{ fault: unavailable, at: 10s, for: 5s }]");
    const seen = [0, 9999, 10_000, 12_000, 14_999, 15_000].map((ms) => {
      nowMs = 5000 + ms;
      return status(one, "/threats");
    });
    expect(seen).toEqual([undefined, undefined, 503, 503, 503, undefined]);
  });

  test("only a request with a cursor can have it refused", () => {
    const one = player("console: [{ fault: cursor_refused }]");
    expect([status(one, "/agents"), status(one, "/agents", "cursor=x")]).toEqual([undefined, 400]);
  });

  test("a clock that is off, and a token that is revoked, hold as long as they are told to", () => {
    const one = player("console: [{ fault: clock_ahead, by: 10m, for: 5s }, { fault: revoked, at: 2s, for: 2s }]");
    expect([one.clockOffsetMs(), status(one, "/system/info")]).toEqual([600_000, undefined]);
    nowMs += 3000;
    expect([one.clockOffsetMs(), status(one, "/system/info")]).toEqual([600_000, 401]);
    nowMs += 3000;
    expect([one.clockOffsetMs(), status(one, "/system/info")]).toEqual([0, undefined]);
  });

  test("connections are treated one after the other as told, and then well", () => {
    const one = player("collector: [{ fault: stall, after: 1, bytes: 10 }, { fault: close_on_accept }]");
    expect([one.behaviour(), one.behaviour(), one.behaviour()]).toEqual([
      { closeOnAccept: true },
      { stall: { afterBytes: 10, ms: 2000 } },
      {},
    ]);
  });
});

import * as z from "zod";
import { acrossKeys, duration, expected, wholeNumber } from "../../config/values.ts";
import { type LoadedFile, parseYaml, readYaml } from "../../config/yaml-file.ts";
import { COLLECTOR_FAULTS, CONSOLE_FAULTS, type FaultKind } from "./kinds.ts";

/** When a fault happens, and how often: `at` and `for` by time since the start, `after` and `times` by count. */
function play(kinds: Readonly<Record<string, FaultKind>>, more: z.ZodRawShape) {
  const names = Object.keys(kinds) as [string, ...string[]];
  const keys = z.strictObject(
    {
      fault: z.enum(names),
      at: duration().optional(),
      for: duration(1).optional(),
      after: wholeNumber(1, 1_000_000).optional(),
      times: wholeNumber(1, 1_000_000).optional(),
      bytes: wholeNumber(0, 1 << 30).optional(),
      every: duration(1, 60_000).optional(),
      ...more,
    },
    expected("a mapping with `fault`"),
  );
  return acrossKeys(keys, (sound, fault) => {
    const given = sound as Partial<Play>;
    const kind = given.fault === undefined ? undefined : kinds[given.fault];
    if (kind === undefined) return;
    for (const key of SPECIAL) {
      if (given[key] !== undefined && !kind.options.includes(key)) fault([key], `not for ${given.fault}`);
    }
    for (const key of kind.needs ?? []) if (given[key] === undefined) fault([], `${given.fault} needs ${key}`);
    if (kind.timed === true && (given.after !== undefined || given.times !== undefined))
      fault([], `${given.fault} happens by time: give at and for`);
    if (given.for !== undefined && given.times !== undefined) fault(["times"], "either for or times, not both");
  });
}

/** Options that only some faults have. */
const SPECIAL = ["path", "retry_after", "bytes", "every", "by", "rows", "count"] as const;

export type SpecialOption = (typeof SPECIAL)[number];

/** A fault of a scenario, as its file has it. */
export interface Play {
  readonly fault: string;
  readonly at?: number;
  readonly for?: number;
  readonly after?: number;
  readonly times?: number;
  readonly path?: string;
  readonly retry_after?: number | "date";
  readonly bytes?: number;
  readonly every?: number;
  readonly by?: number;
  readonly rows?: number;
  readonly count?: number;
}

const consolePlay = play(CONSOLE_FAULTS, {
  path: z
    .string(expected("a path such as /activities"))
    .regex(/^\/\S+$/, expected("a path such as /activities"))
    .optional(),
  retry_after: z.union([wholeNumber(0, 3600), z.literal("date")], expected("seconds, or date")).optional(),
  by: duration(1000).optional(),
  rows: wholeNumber(1, 1000).optional(),
  count: wholeNumber(1, 100_000).optional(),
});

const scenarioSchema = z.strictObject(
  {
    version: z.literal(1),
    description: z.string(expected("text")).optional(),
    console: z.array(consolePlay, expected("a list of faults")).default([]),
    collector: z.array(play(COLLECTOR_FAULTS, {}), expected("a list of faults")).default([]),
  },
  expected("a mapping"),
);

/** Faults in the order in which they are looked at, of an embedded console and an embedded collector. */
export interface Scenario {
  readonly description?: string | undefined;
  readonly console: readonly Play[];
  readonly collector: readonly Play[];
}

/** Reads a scenario. Throws a `ConfigError` that carries every fault of the file. */
export function readScenario(file: string): Scenario {
  return scenarioOf(readYaml(scenarioSchema, file, process.env));
}

/** As `readScenario`, for a text that is there already. */
export function parseScenario(text: string, file = "scenario.yaml"): Scenario {
  return scenarioOf(parseYaml(scenarioSchema, text, {}, file));
}

function scenarioOf({ value }: LoadedFile<z.output<typeof scenarioSchema>>): Scenario {
  return value as Scenario;
}

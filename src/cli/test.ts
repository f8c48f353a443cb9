import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { assembleMessageOptions, assembleRoutes } from "../bridge/assemble.ts";
import { formatPath } from "../config/fault.ts";
import { ConfigError, type Fault } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { type TestCase, expectationsSchema } from "../config/schema/expectations.ts";
import { readYaml } from "../config/yaml-file.ts";
import { type JsonRecord, type SecurityEvent, eventKey } from "../event/event.ts";
import { type Micros, parseTime } from "../event/time.ts";
import { describeError } from "../lib/errors.ts";
import { parseExact } from "../lib/exact-json.ts";
import { type ExplainedEvent, createExplainer } from "../message/explain.ts";
import { createRouter } from "../message/router.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { type Paint, paint, useColour } from "./terminal.ts";
import { readUsable } from "./usable.ts";
import { UsageError } from "./usage-error.ts";

export interface TestOptions {
  /** The expectations; beside the configuration when it is not given. */
  readonly expectations?: string;
  readonly json?: boolean;
}

/** One thing that is not as it was expected. */
interface Difference {
  /** As in `collectors`, or `sentinel: suser` for a key of one collector's message. */
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

interface Result {
  readonly name: string;
  readonly differences: readonly Difference[];
}

/** `s1bridge test`: what becomes of records, by mapping and routing, against what is expected. Needs no network. */
export function test(file: string, options: TestOptions): ExitCode {
  const { config } = readUsable(file);
  const expectations = options.expectations ?? besides(file);
  if (!existsSync(expectations))
    throw new UsageError(`there are no expectations in ${expectations}; docs/routing.md shows how they are written`);
  const results = runTests(config, expectations);
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ tests: results.length, failed, results }, undefined, 2)}\n`);
  } else {
    process.stdout.write(report(results, paint(useColour(process.stdout))));
  }
  return failed === 0 ? EXIT.done : EXIT.failed;
}

/** `config.test.yaml` for `config.yaml`. */
function besides(file: string): string {
  return file.replace(/(\.ya?ml)?$/, ".test$1");
}

function runTests(config: Config, file: string): readonly Result[] {
  const { value, locate } = readYaml(expectationsSchema, file, process.env);
  const faults: Fault[] = [];
  const route = createRouter({ routes: assembleRoutes(config.collectors) });
  const explainers = new Map(
    config.collectors.map((entry) => [entry.name, createExplainer(assembleMessageOptions(entry))] as const),
  );
  const results = value.tests.map((entry, at): Result => {
    const { name, expect } = entry;
    try {
      const event = eventOf(entry, config, dirname(file));
      const { collectors } = route(event);
      const named = expect.collector === undefined ? collectors : [expect.collector];
      const explained = named.flatMap((collector) => {
        const explain = explainers.get(collector);
        if (explain === undefined) throw new Error(`no collector is named ${JSON.stringify(collector)}`);
        return [[collector, explain(event)] as const];
      });
      return { name, differences: [...compareRoute(expect, collectors), ...compareMessages(expect, explained)] };
    } catch (error) {
      const path = ["tests", at];
      faults.push({ file, ...locate(path), path: formatPath(path), message: describeError(error) });
      return { name, differences: [] };
    }
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return results;
}

function eventOf(entry: TestCase, { consoles }: Config, directory: string): SecurityEvent {
  const { feed } = entry;
  const console = entry.console ?? consoles[0]?.name ?? "";
  if (!consoles.some(({ name }) => name === console)) throw new Error(`no console is named ${JSON.stringify(console)}`);
  const record = recordOf(entry, directory);
  const id = typeof record["id"] === "string" ? record["id"] : digest(record);
  const updatedAt = typeof record["updatedAt"] === "string" ? record["updatedAt"] : "1970-01-01T00:00:00.000000Z";
  return {
    console,
    consoleVersion: undefined,
    feed,
    change: feed === "activities" ? "event" : entry.change,
    id,
    key: eventKey(feed, id, feed === "activities" ? undefined : updatedAt),
    time: parseTime(record["createdAt"]) ?? parseTime(updatedAt) ?? (0 as Micros),
    record,
  };
}

function digest(record: JsonRecord): string {
  return createHash("sha256").update(JSON.stringify(record)).digest("hex").slice(0, 16);
}

function recordOf({ record, record_file: file }: TestCase, directory: string): JsonRecord {
  const text = file === undefined ? record : readFileSync(resolve(directory, file), "utf8");
  const value: unknown = typeof text === "string" ? parseExact(text) : plain(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("expected a record, a JSON object");
  return value as JsonRecord;
}

/** YAML's own values as the intake gives them: an integer that a number would round is text, nothing is null. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

type Expected = TestCase["expect"];

function compareRoute({ collectors: expected }: Expected, collectors: readonly string[]): readonly Difference[] {
  if (expected === undefined) return [];
  return difference("collectors", listed(expected.toSorted()), listed(collectors.toSorted()));
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

function compareMessages(
  { class_id: classId, name, severity, keys, absent, collectors }: Expected,
  explained: readonly (readonly [string, ExplainedEvent])[],
): readonly Difference[] {
  const asks = classId !== undefined || name !== undefined || severity !== undefined || absent.length > 0;
  if (explained.length === 0 && (asks || Object.keys(keys).length > 0)) {
    return collectors?.length === 0 ? [] : [{ what: "message", expected: "one", got: "none: no collector matches" }];
  }
  return explained.flatMap(([collector, event]) => {
    const about = (what: string): string => `${collector}: ${what}`;
    return [
      ...difference(about("class id"), classId ?? event.classId, event.classId),
      ...difference(about("name"), name ?? event.name, event.name),
      ...difference(about("severity"), String(severity ?? event.severity), String(event.severity)),
      ...Object.entries(keys).flatMap(([key, value]) => difference(about(key), value, event.keys.get(key))),
      ...absent.flatMap((key) => difference(about(key), undefined, event.keys.get(key))),
    ];
  });
}

function difference(what: string, expected: string | undefined, got: string | undefined): readonly Difference[] {
  return expected === got ? [] : [{ what, expected: expected ?? "no such key", got: got ?? "no such key" }];
}

function report(results: readonly Result[], { green, red, bold, dim }: Paint): string {
  const lines = results.flatMap(({ name, differences }) => {
    if (differences.length === 0) return [`${green("ok")}     ${name}`];
    const width = Math.max(...differences.map(({ what }) => what.length));
    return [
      `${red("failed")} ${bold(name)}`,
      ...differences.flatMap(({ what, expected, got }) => [
        `         ${what.padEnd(width)}  ${dim("expected")} ${green(expected)}`,
        `         ${" ".repeat(width)}  ${dim("got")}      ${red(got)}`,
      ]),
    ];
  });
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  const summary = failed === 0 ? green(`${results.length} ok`) : red(`${failed} of ${results.length} failed`);
  return `${[...lines, summary].join("\n")}\n`;
}

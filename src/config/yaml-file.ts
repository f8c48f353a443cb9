import { readFileSync } from "node:fs";
import type * as z from "zod";
import { describeError } from "../lib/errors.ts";
import { closest } from "../lib/suggest.ts";
import { readText, type ConfigText, type Position } from "./document.ts";
import { ConfigError, formatPath, sortFaults, type Fault } from "./fault.ts";
import { isSecret, schemaAt } from "./reference.ts";
import type { Path } from "./values.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A YAML file that is valid, and where its keys stand in it. */
export interface LoadedFile<T> {
  readonly value: T;
  readonly file: string;
  /** The place of a value; for a key that is left to its default, the place of its parent. */
  readonly locate: (path: Path) => Position;
}

/** Reads a file and validates it by a schema. Throws a `ConfigError` that carries every fault. */
export function readYaml<S extends z.ZodType>(schema: S, file: string, env: Environment): LoadedFile<z.output<S>> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError([wholeFile(file, `can not be read: ${describeError(error)}`)], { cause: error });
  }
  return parseYaml(schema, text, env, file);
}

/** As `readYaml`, for a text that is there already; `file` is the name in the faults. */
export function parseYaml<S extends z.ZodType>(
  schema: S,
  text: string,
  env: Environment,
  file: string,
): LoadedFile<z.output<S>> {
  const source = readText(text, env);
  const problems = source.problems.map(({ path, message, position }) => ({ file, ...position, path, message }));
  if (source.value === undefined) throw new ConfigError(sortFaults(problems));
  if (source.value === null) throw new ConfigError([wholeFile(file, "is empty")]);

  // A parser that is compiled first pays when it is used a hundred times.
  const result = schema.safeParse(source.value, { error: generalMessage, jitless: true });
  const broken = new Set(problems.map(({ path }) => path).filter((path) => path !== ""));
  const about: About = { schema, source, file };
  const invalid = (result.error?.issues ?? [])
    .flatMap((issue) => issueFaults(issue, about))
    .filter(({ path }) => !broken.has(path));
  if (!result.success || problems.length > 0) throw new ConfigError(sortFaults([...problems, ...invalid]));
  return { value: result.data, file, locate: (path) => source.places.value(path) };
}

/** What a fault is told with. */
interface About {
  readonly schema: z.ZodType;
  readonly source: ConfigText;
  readonly file: string;
}

function wholeFile(file: string, message: string): Fault {
  return { file, line: 0, column: 0, path: "", message };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text, in quotes if it is a number",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/** The message of an issue to which the schema gave none. */
function generalMessage(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.length === 1 ? "" : "one of "}${issue.values.join(", ")}`;
    case "invalid_key":
      return issue.issues[0]?.message ?? "this key is not allowed";
    default:
      return "invalid";
  }
}

function issueFaults(issue: z.core.$ZodIssue, about: About): readonly Fault[] {
  const { source, file } = about;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey([...issue.path, key], about));
  }
  const { path, message } = issue;
  const position = issue.code === "invalid_key" ? source.places.key(path) : source.places.value(path);
  const fault = { file, ...position, path: formatPath(path) };
  const untyped = issue.code === "invalid_type" || issue.code === "invalid_value";
  if (untyped && source.places.shown(path) === undefined) return [{ ...fault, ...missing(path, about) }];
  if (!message.startsWith("expected ")) return [{ ...fault, message }];
  return [{ ...fault, ...mismatch(issue, about) }];
}

function missing(path: Path, { schema }: About): Pick<Fault, "message" | "expected"> {
  const form = schemaAt(path, schema)?.["x-form"]?.replaceAll("`", "");
  return form === undefined ? { message: "missing" } : { message: `missing, expected ${form}`, expected: form };
}

function mismatch(
  issue: z.core.$ZodIssue,
  { schema, source }: About,
): Pick<Fault, "message" | "expected" | "got" | "suggestion"> {
  const expected = issue.message.slice("expected ".length);
  // A file that holds a bare text is no configuration, perhaps a token.
  const hidden = issue.path.length === 0 || isSecret(issue.path, schema);
  const got = hidden ? undefined : source.places.shown(issue.path);
  const suggestion = issue.code === "invalid_value" ? meantChoice(issue, source) : undefined;
  return {
    message: `${issue.message}${got === undefined ? "" : `, got ${got}`}${question(suggestion)}`,
    expected,
    ...(got === undefined ? {} : { got }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function meantChoice({ values, path }: z.core.$ZodIssueInvalidValue, source: ConfigText): string | undefined {
  const text = /^"(.*)"$/.exec(source.places.shown(path) ?? "")?.[1];
  return text === undefined ? undefined : closest(text, values.map(String));
}

function unknownKey(path: Path, { schema, source, file }: About): Fault {
  const position = source.places.key(path);
  const parent = path.slice(0, -1);
  // What stands as a key in the place of a secret may be the secret.
  if (isSecret(path, schema)) return { file, ...position, path: formatPath(parent), message: "unknown key" };
  const suggestion = closest(String(path.at(-1)), Object.keys(schemaAt(parent, schema)?.properties ?? {}));
  const message = `unknown key${question(suggestion)}`;
  return { file, ...position, path: formatPath(path), message, ...(suggestion === undefined ? {} : { suggestion }) };
}

function question(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `, did you mean "${suggestion}"?`;
}

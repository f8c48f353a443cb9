import { parseTime } from "../../event/time.ts";
import { invalid } from "./vendor-answers.ts";
import type { Answer } from "./vendor-answers.ts";

/** What a query parameter may hold. A list is comma separated and has a greatest length. */
export type ParameterType =
  | "boolean"
  | "date"
  | "between"
  | "text"
  | { readonly list: number; readonly choices?: readonly string[] }
  | { readonly integer: readonly [min: number, max: number] }
  | { readonly choices: readonly string[] };

export type ParameterValue = string | number | boolean | readonly string[] | readonly [number, number];

/** The console refuses a request: the answer says why. */
export class RefusedError extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.body);
    this.answer = answer;
  }
}

/** Reads and checks a query as strictly as the console: an unknown name is refused. */
export function readParameters(
  query: URLSearchParams,
  types: ReadonlyMap<string, ParameterType>,
): Map<string, ParameterValue> {
  const unknown = [...new Set(query.keys())].filter((name) => !types.has(name));
  if (unknown.length > 0) refuse(`dict_values([${unknown.map((name) => `'${name}'`).join(", ")}]): Unknown field`);
  const values = new Map<string, ParameterValue>();
  for (const [name, text] of query) {
    const type = types.get(name);
    if (type === undefined) continue;
    if (values.has(name)) refuse(`${name}: given more than once`);
    values.set(name, readValue(name, text, type));
  }
  return values;
}

function readValue(name: string, text: string, type: ParameterType): ParameterValue {
  if (type === "text") return text;
  if (type === "boolean") return readBoolean(name, text);
  if (type === "date") return readDate(name, text);
  if (type === "between") return readBetween(name, text);
  if ("integer" in type) return readInteger(name, text, type.integer);
  if ("list" in type) return readList(name, text, type);
  if (!type.choices.includes(text)) refuse(`${name}: "${text}" is not a valid choice.`);
  return text;
}

function readBoolean(name: string, text: string): boolean {
  const value = text.toLowerCase();
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  return refuse(`${name}: Not a valid boolean.`);
}

/** Microseconds. A `+` that was not encoded has become a space here, and `…00 00:00` is no time any more. */
function readDate(name: string, text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return time;
  return /^1970-01-01[T ]00:00:00(\.0+)?Z?$/.test(text) ? 0 : refuse(`${name}: Not a valid datetime.`);
}

function readBetween(name: string, text: string): readonly [number, number] {
  const match = /^(\d{1,14})-(\d{1,14})$/.exec(text);
  if (match === null) return refuse(`${name}: Not a valid range of timestamps.`);
  return [Number(match[1]) * 1000, Number(match[2]) * 1000];
}

function readInteger(name: string, text: string, [min, max]: readonly [number, number]): number {
  if (!/^-?\d{1,9}$/.test(text)) refuse(`${name}: Not a valid integer.`);
  const value = Number(text);
  if (value < min || value > max) refuse(`${name}: Must be between ${min} and ${max}.`);
  return value;
}

function readList(
  name: string,
  text: string,
  { list, choices }: { list: number; choices?: readonly string[] },
): readonly string[] {
  const items = text.split(",");
  if (items.length > list) refuse(`${name}: Longer than maximum length ${list}.`);
  const wrong = items.findIndex((item) => item === "" || choices?.includes(item) === false);
  if (wrong >= 0) refuse(`${name}: ${wrong}: "${items[wrong]}" is not a valid choice.`);
  return items;
}

export function refuse(detail: string): never {
  throw new RefusedError(invalid(detail));
}

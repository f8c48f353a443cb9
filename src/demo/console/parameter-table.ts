import type { ParameterType } from "./parameters.ts";
import { VENDOR_PARAMETERS } from "./vendor-parameters.ts";

export type ParameterTypes = ReadonlyMap<string, ParameterType>;

const COMPARISONS = ["gt", "gte", "lt", "lte"] as const;

/** The parameters of every list endpoint, by its path. */
export const PARAMETERS: ReadonlyMap<string, ParameterTypes> = readTable(VENDOR_PARAMETERS);

function readTable(table: string): Map<string, ParameterTypes> {
  const endpoints = new Map<string, ParameterTypes>();
  for (const section of table.trim().split(/\n(?=\S)/)) {
    const [path = "", ...lines] = section
      .replace(/\|\n {4}/g, "|")
      .replace(/\n {4}/g, " ")
      .split("\n");
    endpoints.set(path, new Map(lines.flatMap(readLine)));
  }
  return endpoints;
}

function readLine(line: string): [string, ParameterType][] {
  const at = line.lastIndexOf(":");
  const kind = line.slice(0, at).trim();
  const names = line
    .slice(at + 1)
    .trim()
    .split(" ");
  if (kind === "paging") return paging(Number(names[0]));
  const type = typeOf(kind);
  return names
    .flatMap((name) => (name.endsWith("__*") ? COMPARISONS.map((one) => name.replace("*", one)) : [name]))
    .map((name) => [name, type]);
}

function typeOf(kind: string): ParameterType {
  const list = /^list (\d+)(?: of (.*))?$/.exec(kind);
  if (list !== null) {
    const [, length, choices] = list;
    return choices === undefined ? { list: Number(length) } : { list: Number(length), choices: choices.split("|") };
  }
  if (kind.startsWith("one of ")) return { choices: kind.slice("one of ".length).split("|") };
  if (kind === "integer") return { integer: [-999_999_999, 999_999_999] };
  if (kind === "boolean" || kind === "date" || kind === "between" || kind === "text") return kind;
  throw new Error(`a parameter type of the vendor's table: ${kind}`);
}

function paging(maxLimit: number): [string, ParameterType][] {
  return [
    ["countOnly", "boolean"],
    ["cursor", "text"],
    ["limit", { integer: [1, maxLimit] }],
    ["skip", { integer: [0, 1000] }],
    ["skipCount", "boolean"],
    ["sortOrder", { choices: ["asc", "desc"] }],
  ];
}

import { decodeCursor, refuseCursor } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { Entry } from "./entry.ts";
import { readParameters, refuse, RefusedError } from "./parameters.ts";
import type { ParameterValue } from "./parameters.ts";
import type { Paths, Resource } from "./resources.ts";
import { notSupported } from "./vendor-answers.ts";

/** Both ends inclusive; times are whole microseconds, so `gt` is the next one. */
export interface TimeRange {
  readonly min: number;
  readonly max: number;
}

export interface Query {
  readonly resource: Resource;
  readonly limit: number;
  readonly skip: number;
  readonly countOnly: boolean;
  readonly skipCount: boolean;
  readonly sortBy: string;
  readonly descending: boolean;
  readonly cursor: Cursor | undefined;
  readonly ranges: ReadonlyMap<Paths, TimeRange>;
  /** The filters other than times. */
  readonly matches: readonly Match[];
}

export type Match = (entry: Entry) => boolean;

/** Another endpoint's record by its id. */
export type Lookup = (path: string, id: string) => Entry | undefined;

const PAGING = new Set(["limit", "skip", "countOnly", "skipCount", "sortBy", "sortOrder", "cursor"]);
const RANGE = /^(\w+)__(?:gt|gte|lt|lte|between)$/;

/** Reads a query or throws `RefusedError`. */
export function readQuery(resource: Resource, search: URLSearchParams, lookup: Lookup = () => undefined): Query {
  const values = readParameters(search, resource.parameters);
  const cursor = readCursor(resource, values);
  return {
    resource,
    limit: (values.get("limit") as number | undefined) ?? 10,
    skip: (values.get("skip") as number | undefined) ?? 0,
    countOnly: values.get("countOnly") === true,
    skipCount: values.get("skipCount") === true,
    sortBy: (values.get("sortBy") as string | undefined) ?? cursor?.sortBy ?? "id",
    descending: (values.get("sortOrder") ?? (cursor?.descending === true ? "desc" : "asc")) === "desc",
    cursor,
    ranges: readRanges(resource, values),
    matches: [...values].flatMap(([name, value]) => matcher(resource, name, value, lookup) ?? []),
  };
}

/** All records, in the order of their ids. */
export function emptyQuery(resource: Resource): Query {
  return {
    resource,
    limit: Infinity,
    skip: 0,
    countOnly: false,
    skipCount: true,
    sortBy: "id",
    descending: false,
    cursor: undefined,
    ranges: new Map(),
    matches: [],
  };
}

/** A cursor fits the order that it was made in only, and knows no `skip`. */
function readCursor(resource: Resource, values: ReadonlyMap<string, ParameterValue>): Cursor | undefined {
  const text = values.get("cursor");
  if (text === undefined) return undefined;
  if (values.has("skip")) refuse("cursor: Cannot be used together with skip.");
  const cursor = decodeCursor(resource.view, text as string);
  const order = cursor.descending ? "desc" : "asc";
  if ((values.get("sortBy") ?? cursor.sortBy) !== cursor.sortBy) refuseCursor();
  if ((values.get("sortOrder") ?? order) !== order) refuseCursor();
  return cursor;
}

function readRanges(resource: Resource, values: ReadonlyMap<string, ParameterValue>): Map<Paths, TimeRange> {
  const ranges = new Map<Paths, TimeRange>();
  for (const [name, paths] of resource.times) {
    const range = readRange(values, name);
    if (range !== undefined) ranges.set(paths, range);
  }
  return ranges;
}

function readRange(values: ReadonlyMap<string, ParameterValue>, name: string): TimeRange | undefined {
  const get = (operator: string): number | undefined => values.get(`${name}__${operator}`) as number | undefined;
  const between = values.get(`${name}__between`) as readonly [number, number] | undefined;
  const gt = get("gt");
  const lt = get("lt");
  const bounds = [gt, lt, get("gte"), get("lte"), between?.[0]];
  if (bounds.every((bound) => bound === undefined)) return undefined;
  return {
    min: Math.max(gt === undefined ? -Infinity : gt + 1, get("gte") ?? -Infinity, between?.[0] ?? -Infinity),
    max: Math.min(lt === undefined ? Infinity : lt - 1, get("lte") ?? Infinity, between?.[1] ?? Infinity),
  };
}

function matcher(resource: Resource, name: string, value: ParameterValue, lookup: Lookup): Match | undefined {
  if (PAGING.has(name) || resource.withoutEffect.has(name)) return undefined;
  const base = RANGE.exec(name)?.[1];
  if (base !== undefined && resource.times.has(base)) return undefined;
  const negative = name.endsWith("Nin");
  const match = membership(resource, negative ? name.slice(0, -3) : name, value as readonly string[], lookup);
  if (match === undefined) throw new RefusedError(notSupported(name));
  return negative ? (entry) => !match(entry) : match;
}

/** Whether the value that a list filter is about is among the wanted; undefined when the filter is not applied here. */
export function membership(
  { filters, joins }: Resource,
  name: string,
  wanted: readonly string[],
  lookup: Lookup,
): Match | undefined {
  const paths = filters.get(name);
  const join = joins.get(name);
  if (!Array.isArray(wanted)) return undefined;
  const values = new Set(wanted);
  const isWanted = (found: string | undefined): boolean => found !== undefined && values.has(found);
  if (paths !== undefined) return (entry) => isWanted(entry.value(paths));
  if (join === undefined) return undefined;
  return (entry) => isWanted(lookup(join.of, entry.value(join.id) ?? "")?.value(join.value));
}

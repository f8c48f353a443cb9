import { decodeCursor, refuseCursor } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { Entry } from "./entry.ts";
import type { FeedShape } from "./feed-shapes.ts";
import { readParameters, refuse, RefusedError } from "./parameters.ts";
import type { ParameterValue } from "./parameters.ts";
import { notSupported } from "./vendor-answers.ts";

/** Both ends inclusive; times are whole microseconds, so `gt` is the next one. */
export interface TimeRange {
  readonly min: number;
  readonly max: number;
}

export interface Query {
  readonly limit: number;
  readonly skip: number;
  readonly countOnly: boolean;
  readonly skipCount: boolean;
  readonly sortBy: string;
  readonly descending: boolean;
  readonly cursor: Cursor | undefined;
  readonly createdAt: TimeRange | undefined;
  readonly updatedAt: TimeRange | undefined;
  /** The filters other than times. */
  readonly matches: readonly ((entry: Entry) => boolean)[];
}

const PAGING = new Set(["limit", "skip", "countOnly", "skipCount", "sortBy", "sortOrder", "cursor"]);
const TIME_FILTER = /^(createdAt|updatedAt)__/;

/** Reads a query or throws `RefusedError`. */
export function readQuery(shape: FeedShape, search: URLSearchParams): Query {
  const values = readParameters(search, shape.parameters);
  const cursor = readCursor(shape, values);
  const sortBy = (values.get("sortBy") as string | undefined) ?? cursor?.sortBy ?? "id";
  if (shape.sortPaths[sortBy] === undefined) throw new RefusedError(notSupported("sortBy"));
  return {
    limit: (values.get("limit") as number | undefined) ?? 10,
    skip: (values.get("skip") as number | undefined) ?? 0,
    countOnly: values.get("countOnly") === true,
    skipCount: values.get("skipCount") === true,
    sortBy,
    descending: (values.get("sortOrder") ?? (cursor?.descending === true ? "desc" : "asc")) === "desc",
    cursor,
    createdAt: readRange(values, "createdAt"),
    updatedAt: readRange(values, "updatedAt"),
    matches: [...values].flatMap(([name, value]) => matcher(shape, name, value)),
  };
}

/** A cursor fits the order that it was made in only, and knows no `skip`. */
function readCursor(shape: FeedShape, values: ReadonlyMap<string, ParameterValue>): Cursor | undefined {
  const text = values.get("cursor");
  if (text === undefined) return undefined;
  if (values.has("skip")) refuse("cursor: Cannot be used together with skip.");
  const cursor = decodeCursor(shape.view, text as string);
  const order = cursor.descending ? "desc" : "asc";
  if ((values.get("sortBy") ?? cursor.sortBy) !== cursor.sortBy) refuseCursor();
  if ((values.get("sortOrder") ?? order) !== order) refuseCursor();
  return cursor;
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

function matcher(shape: FeedShape, name: string, value: ParameterValue): ((entry: Entry) => boolean)[] {
  if (PAGING.has(name) || TIME_FILTER.test(name) || shape.withoutEffect.has(name)) return [];
  const negative = name.endsWith("Nin");
  const paths = shape.filterPaths[negative ? name.slice(0, -3) : name];
  if (paths === undefined) throw new RefusedError(notSupported(name));
  const wanted = new Set(value as readonly string[]);
  return [
    (entry): boolean => {
      const found = entry.value(paths);
      return (found !== undefined && wanted.has(found)) !== negative;
    },
  ];
}

import { microsFromMs, parseTime } from "../../event/time.ts";
import { readOperation } from "./graphql-query.ts";
import type { Field } from "./graphql-query.ts";
import type { RecordStore } from "./record-store.ts";
import { emptyQuery } from "./query.ts";
import type { Answer } from "./vendor-answers.ts";

/** `POST unifiedalerts/graphql`: the alerts of all products, read and filtered on when they changed. */
export const UNIFIED_ALERTS = "unifiedalerts/graphql";

type Json = Readonly<Record<string, unknown>>;

/** Answers a query as the vendor's service does: 200 with `data`, or 200 with `errors`. */
export function answerGraphql(
  store: RecordStore,
  body: string,
  sites: readonly string[] | undefined,
  nowMs: number,
): Answer {
  try {
    const { query, variables } = readBody(body);
    const [field, ...others] = readOperation(query, variables);
    if (field === undefined || others.length > 0) throw new GraphqlError("one field is expected");
    if (field.name !== "alerts") throw undefinedField(field.name, "Query");
    const nodes = store.select(emptyQuery(store.resource), nowMs).entries.map(({ text }) => JSON.parse(text) as Json);
    const seen = sites === undefined ? nodes : nodes.filter((node) => sites.includes(siteOf(node)));
    return data({ [field.alias]: alerts(field, seen) });
  } catch (error) {
    if (!(error instanceof GraphqlError || error instanceof SyntaxError)) throw error;
    return data(undefined, error.message);
  }
}

/** The request does not fit the schema. */
class GraphqlError extends Error {}

function undefinedField(field: string, type: string): GraphqlError {
  return new GraphqlError(`Validation error (FieldUndefined) : Field '${field}' in type '${type}' is undefined`);
}

function data(value: unknown, error?: string): Answer {
  const body = error === undefined ? { data: value } : { errors: [{ message: error }], data: null };
  return { status: 200, body: JSON.stringify(body) };
}

function readBody(body: string): { query: string; variables: Json } {
  const { query, variables } = JSON.parse(body) as { query?: unknown; variables?: Json | null };
  if (typeof query !== "string") throw new GraphqlError("the body has no query");
  return { query, variables: variables ?? {} };
}

const ARGUMENTS = new Set(["filters", "sort", "first", "after", "viewType", "scope"]);
const MAX_FIRST = 1000;

function alerts(field: Field, nodes: readonly Json[]): unknown {
  const unknown = Object.keys(field.args).find((name) => !ARGUMENTS.has(name));
  if (unknown !== undefined)
    throw new GraphqlError(`Validation error (UnknownArgument) : Unknown field argument '${unknown}'`);
  const { filters, sort, first = 10, after } = field.args;
  if (typeof first !== "number" || first < 1 || first > MAX_FIRST)
    throw new GraphqlError(`first: expected 1 to ${MAX_FIRST}`);
  const { by, descending } = readSort(sort);
  const wanted = nodes.filter((node) => asList(filters).every((filter) => fits(node, filter as Json)));
  const sorted = wanted
    .map((node) => ({ node, key: `${keyText(node[by])} ${String(node["id"])}` }))
    .sort((a, b) => (a.key < b.key ? -1 : 1) * (descending ? -1 : 1));
  const behind = after === undefined || after === null || after === "" ? undefined : readAfter(after);
  const rest = behind === undefined ? sorted : sorted.filter(({ key }) => (descending ? key < behind : key > behind));
  const page = rest.slice(0, first);
  const cursors = page.map(({ key }) => Buffer.from(key).toString("base64"));
  const connection = {
    edges: page.map(({ node }, index) => ({ cursor: cursors[index], node })),
    pageInfo: {
      hasNextPage: rest.length > page.length,
      hasPreviousPage: behind !== undefined,
      startCursor: cursors[0] ?? null,
      endCursor: cursors.at(-1) ?? null,
    },
    totalCount: wanted.length,
  };
  return project(connection, field.selection, "AlertConnection");
}

function readSort(sort: unknown): { by: string; descending: boolean } {
  const { by = "createdAt", order = "DESC" } = (sort ?? {}) as { by?: unknown; order?: unknown };
  if (typeof by !== "string" || (order !== "ASC" && order !== "DESC"))
    throw new GraphqlError("sort: expected { by, order: ASC or DESC }");
  return { by, descending: order === "DESC" };
}

function readAfter(after: unknown): string {
  const text = Buffer.from(String(after), "base64").toString();
  if (!/^\S+ \S+$/.test(text)) throw new GraphqlError("after: invalid cursor");
  return text;
}

/** Times by their instant, which their text does not order: the fraction may be missing. */
function keyText(value: unknown): string {
  const time = parseTime(value);
  return time === undefined ? String(value).replaceAll(" ", "_") : String(time).padStart(17, "0");
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

const CONDITIONS = ["dateTimeRange", "stringEqual", "stringIn", "boolEqual"] as const;

/** A wrong value of an enumeration is no error here: it fits no row. */
function fits(node: Json, filter: Json): boolean {
  const { fieldId, isNegated = false } = filter;
  const [kind, ...others] = CONDITIONS.filter((name) => filter[name] !== undefined && filter[name] !== null);
  if (typeof fieldId !== "string" || kind === undefined || others.length > 0)
    throw new GraphqlError(`filters: expected a fieldId and one of ${CONDITIONS.join(", ")}`);
  const value = fieldId === "siteId" ? siteOf(node) : node[fieldId];
  if (value === undefined) throw new GraphqlError(`filters: field '${fieldId}' is not known`);
  return meets(kind, value, filter[kind] as Json) !== (isNegated === true);
}

function meets(kind: (typeof CONDITIONS)[number], value: unknown, condition: Json): boolean {
  switch (kind) {
    case "dateTimeRange":
      return isWithin(value, condition);
    case "stringIn":
      return asList(condition["values"]).includes(value);
    case "stringEqual":
    case "boolEqual":
      return value === condition["value"];
  }
}

function isWithin(value: unknown, { start, end, startInclusive = true, endInclusive = true }: Json): boolean {
  const time = parseTime(value);
  if (time === undefined) return false;
  const from = start === undefined || start === null ? -Infinity : microsFromMs(Number(start));
  const to = end === undefined || end === null ? Infinity : microsFromMs(Number(end));
  return (startInclusive === false ? time > from : time >= from) && (endInclusive === false ? time < to : time <= to);
}

function siteOf(node: Json): string {
  const { scope } = (node["realTime"] ?? {}) as { scope?: { site?: { id?: string } } };
  return scope?.site?.id ?? "";
}

/** What was asked for and nothing else; a field that does not exist is refused, and so is an object without selection. */
function project(value: unknown, selection: readonly Field[] | undefined, type: string): unknown {
  if (Array.isArray(value)) return value.map((item) => project(item, selection, type));
  if (typeof value !== "object" || value === null) {
    if (selection !== undefined && value !== null)
      throw new GraphqlError(`Validation error (SubselectionNotAllowed) : ${type}`);
    return value;
  }
  if (selection === undefined) throw new GraphqlError(`Validation error (SubselectionRequired) : ${type}`);
  const record = value as Json;
  return Object.fromEntries(
    selection.map(({ name, alias, selection: inner }) => {
      if (record[name] === undefined) throw undefinedField(name, type);
      return [alias, project(record[name], inner, name)];
    }),
  );
}

import type { JsonRecord } from "../event/event.ts";
import { type Micros, toMs } from "../event/time.ts";
import { type GraphqlSource, at } from "../feeds/definition.ts";
import type { ApiRequest } from "./client.ts";
import type { Scope } from "./feed.ts";
import { idOf } from "./records.ts";

interface GraphPoll {
  readonly from: Micros;
  readonly to: Micros;
  readonly cursor: string | undefined;
  readonly limit: number;
  readonly order: "asc" | "desc";
}

/** Asks for a window of a GraphQL list. Its times are whole milliseconds, and a wrong word in it gives an empty list. */
export function graphRequest(
  { path, timeField, graphql }: { path: string; timeField: string; graphql: GraphqlSource },
  { from, to, cursor, limit, order }: GraphPoll,
): ApiRequest {
  const dateTimeRange = { start: toMs(from), end: toMs(to), startInclusive: true, endInclusive: true };
  const variables = {
    first: limit,
    after: cursor ?? null,
    filters: [{ fieldId: timeField, dateTimeRange }],
  };
  const query = graphql.query(order === "asc" ? "ASC" : "DESC");
  return { path, query: {}, graphql: { query, variables } };
}

/** Whether a record belongs to the configured scope: the query can not be limited to it in a way that is documented. */
export function isWithin(record: JsonRecord, scope: Scope): boolean {
  const belongs = { accountIds: "account", siteIds: "site", groupIds: "group" } as const;
  return Object.entries(scope).every(([parameter, ids]) => {
    if (ids.length === 0) return true;
    const id = idOf(at(record, "realTime", "scope", belongs[parameter as keyof typeof belongs], "id"));
    return id !== undefined && ids.includes(id);
  });
}

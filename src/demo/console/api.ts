import type { IncomingMessage } from "node:http";
import { activityTypesAnswer } from "./activity-types.ts";
import { encodeCursor } from "./cursor.ts";
import type { Entry } from "./entry.ts";
import type { Fault } from "./faults.ts";
import { UNIFIED_ALERTS, answerGraphql } from "./graphql.ts";
import { PARAMETERS } from "./parameter-table.ts";
import { RefusedError, readParameters } from "./parameters.ts";
import { emptyQuery, membership, readQuery } from "./query.ts";
import type { Match, Query } from "./query.ts";
import { sortValue } from "./record-store.ts";
import type { RecordStore, Selection } from "./record-store.ts";
import { RESOURCES } from "./resources.ts";
import type { Resource } from "./resources.ts";
import type { Grant, Tokens } from "./tokens.ts";
import { forbidden, invalid, methodNotAllowed, notFound, unauthorized } from "./vendor-answers.ts";
import type { Answer } from "./vendor-answers.ts";

/** What the console knows. */
export interface Knowledge {
  readonly stores: ReadonlyMap<string, RecordStore>;
  /** The policy of each scope, by `tenant`, `accounts/ID`, `sites/ID`, `groups/ID`. */
  readonly policies: ReadonlyMap<string, string>;
  readonly tokens: Tokens;
  /** Endpoints that this console does not have. */
  readonly missing: ReadonlySet<string>;
  readonly info: object;
  readonly totalItemsCap: number | undefined;
  readonly nowMs: number;
}

/** A request for an endpoint. */
export interface ApiRequest {
  readonly method: string;
  /** Without the prefix `/web/api/v2.1/`. */
  readonly path: string;
  readonly search: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** The page of a list answer, for faults that move its rows. */
export interface ApiAnswer extends Answer {
  readonly page?: { readonly resource: Resource; readonly query: Query; readonly entries: readonly Entry[] };
}

/** Answers as the vendor's API does, with its refusals. */
export function answerApi(console: Knowledge, request: ApiRequest, fault: Fault | undefined): ApiAnswer {
  try {
    return route(console, request, fault);
  } catch (error) {
    if (error instanceof RefusedError) return error.answer;
    throw error;
  }
}

const POLICY = /^(?:tenant|(accounts|sites|groups)\/(\d+))\/policy$/;
const PARENT = /^(\w+)\/(\d+)\/([\w-]+)$/;

function route(console: Knowledge, request: ApiRequest, fault: Fault | undefined): ApiAnswer {
  const { path, method } = request;
  if (path === "system/status") return method === "GET" ? json({ data: { health: "ok" } }) : methodNotAllowed;
  const posts = path === UNIFIED_ALERTS;
  if (method !== (posts ? "POST" : "GET")) return methodNotAllowed;
  const asked = placeOf(path);
  if (asked === undefined || console.missing.has(asked.endpoint)) return notFound;
  const grant = grantOf(console, request);
  if (grant === undefined) return unauthorized;
  if (asked.permission !== undefined && grant.lacks?.includes(asked.permission) === true) return forbidden();
  return asked.answer({ console, request, grant, fault });
}

interface Context {
  readonly console: Knowledge;
  readonly request: ApiRequest;
  readonly grant: Grant;
  readonly fault: Fault | undefined;
}

interface Place {
  /** The path with `{…}` for the ids in it. */
  readonly endpoint: string;
  readonly permission: string | undefined;
  answer(context: Context): ApiAnswer;
}

function placeOf(path: string): Place | undefined {
  const resource = RESOURCES.get(path);
  if (resource !== undefined) return listPlace(resource, undefined);
  const policy = POLICY.exec(path);
  if (policy !== null) return policyPlace(path.slice(0, -"/policy".length), policy[1], policy[2]);
  const [, parent, id, child] = PARENT.exec(path) ?? [];
  if (parent === "users" && child === "api-token-details")
    return place("users/{user_id}/api-token-details", undefined, (context) => tokenDetails(context, id ?? ""));
  const nested = [...RESOURCES.values()].find(
    ({ path: of }) => PARENT_NAME.exec(of)?.slice(1).join() === `${parent},${child}`,
  );
  if (nested !== undefined) return listPlace(nested, id);
  return SINGLES.get(path);
}

const PARENT_NAME = /^(\w+)\/\{\w+\}\/(\w+)$/;

const SINGLES: ReadonlyMap<string, Place> = new Map(
  [
    place("system/info", undefined, ({ console }) => json({ data: console.info })),
    place("activities/types", "Activity Page.view", () => activityTypesAnswer),
    place("user", undefined, ownUser),
    place("agents/count", "Endpoints.view", agentsCount),
    place("agents/applications", "Endpoints.view", agentApplications),
    place(UNIFIED_ALERTS, "Unified Alerts.view", ({ console, request, grant }) =>
      answerGraphql(storeOf(console, UNIFIED_ALERTS), request.body, grant.sites, console.nowMs),
    ),
  ].map((one) => [one.endpoint, one]),
);

function place(endpoint: string, permission: string | undefined, answer: (context: Context) => ApiAnswer): Place {
  return { endpoint, permission, answer };
}

function listPlace(resource: Resource, parentId: string | undefined): Place {
  return place(resource.path, resource.permission, (context) => {
    if (resource.notForSites && context.grant.sites !== undefined)
      return forbidden("Action is not allowed to site users");
    return list(context, resource, parentId);
  });
}

function policyPlace(scope: string, kind: string | undefined, id: string | undefined): Place {
  const endpoint = kind === undefined ? "tenant/policy" : `${kind}/{${kind.slice(0, -1)}_id}/policy`;
  return place(endpoint, "Policy.view", ({ console, grant }) => {
    if (grant.sites !== undefined && !sitePolicy(console, kind, id, grant.sites)) return forbidden();
    const text = console.policies.get(scope);
    return text === undefined ? notFound : { status: 200, body: `{"data":${text}}` };
  });
}

/** Whether the policy is of one of the sites or of their groups. */
function sitePolicy({ stores }: Knowledge, kind: string | undefined, id = "", sites: readonly string[]): boolean {
  if (kind === "sites") return sites.includes(id);
  return kind === "groups" && sites.includes(stores.get("groups")?.find(id)?.value(["siteId"]) ?? "");
}

function list(
  { console, request, grant, fault }: Context,
  resource: Resource,
  parentId: string | undefined,
): ApiAnswer {
  const lookup = (path: string, id: string): Entry | undefined => console.stores.get(path)?.find(id);
  const read = readQuery(resource, request.search, lookup);
  const extra: Match[] = [];
  if (resource.parent !== undefined && parentId !== undefined) {
    if (lookup(resource.parent.of, parentId) === undefined) return notFound;
    extra.push(membership(resource, resource.parent.filter, [parentId], lookup) ?? nothing);
  }
  if (grant.sites !== undefined) extra.push(...siteMatch(resource, grant.sites, lookup));
  const query = extra.length === 0 ? read : { ...read, matches: [...read.matches, ...extra] };
  const store = storeOf(console, resource.recordsOf ?? resource.path);
  const selection = store.select(query, console.nowMs);
  const nextCursor = faultyCursor(fault, request.search, nextCursorOf(query, selection));
  return {
    status: 200,
    body: envelope(resource, selection, nextCursor, console.totalItemsCap),
    page: { resource, query, entries: selection.entries },
  };
}

function siteMatch(resource: Resource, sites: readonly string[], lookup: Parameters<typeof membership>[3]): Match[] {
  if (resource.withoutEffect.has("siteIds")) return [];
  return [membership(resource, "siteIds", sites, lookup) ?? nothing];
}

function nothing(): boolean {
  return false;
}

function envelope(
  { path, hidden }: Resource,
  { entries, total }: Selection,
  nextCursor: string | null | undefined,
  cap = Infinity,
): string {
  const totalItems = total === undefined ? null : Math.min(total, cap);
  const pagination = JSON.stringify({ nextCursor, totalItems });
  const shown = (text: string): string => (hidden === undefined ? text : text.replace(hidden, ""));
  const records = `[${entries.map(({ text }) => shown(text)).join(",")}]`;
  const counted = `{"allSites":{"activeLicenses":0,"totalLicenses":0},"sites":${records}}`;
  return `{"data":${path === "sites" ? counted : records},"pagination":${pagination}}`;
}

function nextCursorOf(query: Query, { entries, hasMore }: Selection): string | null {
  const last = entries.at(-1);
  if (!hasMore || last === undefined) return null;
  const { sortBy, descending, resource } = query;
  return encodeCursor(resource.view, { sortBy, descending, value: sortValue(query, last), id: last.id });
}

function faultyCursor(
  fault: Fault | undefined,
  search: URLSearchParams,
  cursor: string | null,
): string | null | undefined {
  if (fault?.kind !== "cursor") return cursor;
  if (fault.value === "missing") return undefined;
  if (fault.value === "encoded") return cursor === null ? null : encodeURIComponent(cursor);
  return fault.value === "repeat" ? (search.get("cursor") ?? cursor) : fault.value;
}

/** A user's own record with the time of its token, which a service user is not told here. */
function ownUser({ console, grant, request }: Context): ApiAnswer {
  readParameters(request.search, PARAMETERS.get("user") ?? new Map());
  const id = grant.userId ?? "1000000000000000001";
  const told = grant.serviceUser !== true && grant.expiresAtMs !== undefined;
  const apiToken = told ? { apiToken: tokenTimes(console, grant) } : {};
  return json({
    data: {
      id,
      fullName: "s1bridge",
      scope: grant.sites === undefined ? "tenant" : "site",
      scopeRoles: [],
      ...apiToken,
    },
  });
}

function tokenDetails({ console }: Context, id: string): ApiAnswer {
  const grant = console.tokens.ofUser(id);
  if (grant?.expiresAtMs === undefined) return notFound;
  return json({ data: tokenTimes(console, grant) });
}

function tokenTimes({ nowMs }: Knowledge, { expiresAtMs = nowMs }: Grant): { createdAt: string; expiresAt: string } {
  const seconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
  return { createdAt: seconds(expiresAtMs - 30 * 86_400_000), expiresAt: seconds(expiresAtMs) };
}

function agentsCount(context: Context): ApiAnswer {
  const agents = RESOURCES.get("agents");
  if (agents === undefined) return notFound;
  const search = new URLSearchParams([...context.request.search, ["countOnly", "true"]]);
  const { body } = list({ ...context, request: { ...context.request, search } }, agents, undefined);
  const { pagination } = JSON.parse(body) as { pagination: { totalItems: number } };
  return json({ data: { total: pagination.totalItems } });
}

/** The installed applications of some agents: a list without pages. */
function agentApplications({ console, request }: Context): ApiAnswer {
  const ids = readParameters(request.search, PARAMETERS.get("agents/applications") ?? new Map()).get("ids");
  if (!Array.isArray(ids)) return invalid("ids: Missing data for required field.");
  const store = storeOf(console, "installed-applications");
  const all = store.select(emptyQuery(store.resource), console.nowMs).entries;
  const entries = all.filter((entry) => ids.includes(entry.value(["agentId"]) ?? ""));
  return json({
    data: entries.map(({ text }) => {
      const { name, publisher, size, version, installedAt } = JSON.parse(text) as Record<string, unknown>;
      return { installedDate: installedAt, name, publisher, size, version };
    }),
  });
}

/** The newer services take `Bearer` as well. */
function grantOf({ tokens, nowMs }: Knowledge, { path, authorization = "" }: ApiRequest): Grant | undefined {
  const scheme = path === UNIFIED_ALERTS ? /^(?:apitoken|bearer) (\S+)$/i : /^apitoken (\S+)$/i;
  const [, token] = scheme.exec(authorization) ?? [];
  return token === undefined ? undefined : tokens.grantOf(token, nowMs);
}

function storeOf({ stores }: Knowledge, path: string): RecordStore {
  const store = stores.get(path);
  if (store === undefined) throw new Error(`no records of ${path}`);
  return store;
}

function json(body: unknown): Answer {
  return { status: 200, body: JSON.stringify(body) };
}

/** The body of a request, as far as it is reasonable. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > 1 << 20) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

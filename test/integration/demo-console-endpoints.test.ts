import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { addEstate } from "../../src/demo/estate.ts";
import { RESOURCES } from "../../src/demo/console/resources.ts";
import { writeExact } from "../../src/demo/console/json-text.ts";
import { threatNote } from "../../src/demo/records/alerts.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { TOKEN, allIds, ask, list, refusal } from "../support/ask-console.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
let now: number;
let demo: DemoConsole;

beforeEach(async () => {
  now = NOON;
  demo = await DemoConsole.start({ token: TOKEN, clock: () => now });
  addEstate(demo, { nowMs: NOON });
});

afterEach(() => demo.close());

const LISTS = [...RESOURCES.keys()].filter((path) => !path.includes("{"));

interface Graphql {
  readonly data: { readonly alerts: Connection } | null;
  readonly errors?: readonly { readonly message: string }[];
}

interface Connection {
  readonly edges: readonly { readonly cursor: string; readonly node: Readonly<Record<string, unknown>> }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount: number;
}

async function graphql(query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Graphql> {
  const response = await fetch(`${demo.url}/web/api/v2.1/unifiedalerts/graphql`, {
    method: "POST",
    headers: { authorization: `ApiToken ${TOKEN}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Graphql;
}

describe("every list endpoint", () => {
  test.each(LISTS)("%s refuses unknown parameters, too large pages and foreign cursors", async (path) => {
    const maxLimit = path === "groups" ? 300 : 1000;
    expect(await refusal(demo, `/${path}?nonsense=1`)).toBe("dict_values(['nonsense']): Unknown field");
    expect(await refusal(demo, `/${path}?limit=${maxLimit + 1}`)).toBe(`limit: Must be between 1 and ${maxLimit}.`);
    expect(await refusal(demo, `/${path}?cursor=bm9uc2Vuc2U%3D`)).toBe("Invalid cursor value received");
    expect((await ask(demo, `/${path}`, { authorization: "ApiToken other" })).status).toBe(401);
  });

  test.each(LISTS.filter((path) => !["activities", "threats", "sites", "unified-exclusions"].includes(path)))(
    "%s is read page by page by its cursor, once each",
    async (path) => {
      const { data, pagination } = await list(demo, `/${path}?limit=${path === "groups" ? 300 : 1000}`);
      expect(data.length).toBeGreaterThan(1);
      expect(pagination).toEqual({ nextCursor: null, totalItems: data.length });
      expect(await allIds(demo, `/${path}?limit=2`)).toEqual(data.map(({ id }) => id));
    },
  );

  test.each(LISTS.filter((path) => RESOURCES.get(path)?.permission !== undefined))(
    "%s is refused to a role that lacks its permission",
    async (path) => {
      demo.tokens.add("lacking", { lacks: [RESOURCES.get(path)?.permission ?? ""] });
      const refused = await ask(demo, `/${path}`, { authorization: "ApiToken lacking" });
      expect([refused.status, await refused.json()]).toEqual([
        403,
        {
          errors: [
            { code: 4030010, detail: "User does not have required permissions.", title: "Insufficient permissions" },
          ],
        },
      ]);
    },
  );

  test("is not there on a console that does not have it", async () => {
    demo.missing.add("rogues/table-view");
    expect((await ask(demo, "/rogues/table-view")).status).toBe(404);
  });

  test("moves a record to the end of the order when it is updated, and no longer has one that was removed", async () => {
    const order = "/agents?sortBy=updatedAt&sortOrder=asc&limit=1000";
    const [first = ""] = await allIds(demo, order);
    demo.update("agents", first, { infected: true });
    expect((await allIds(demo, order)).at(-1)).toBe(first);
    demo.store("agents").remove(first);
    expect(await allIds(demo, order)).not.toContain(first);
  });

  test("wraps its sites in an envelope of their own, with the secrets that must not leave the bridge", async () => {
    const sites = (await list(demo, "/sites?limit=1000")) as unknown as {
      data: { sites: { registrationToken: string }[] };
    };
    expect(sites.data.sites).toHaveLength(6);
    expect(sites.data.sites[0]?.registrationToken).not.toBe("");
  });
});

describe("times", () => {
  test.each([
    ["cloud-detection/alerts", "reportedAt", "alertInfoReportedAt"],
    ["device-control/events", "eventTime", "eventTime"],
    ["agents", "updatedAt", "updatedAt"],
    ["groups", "updatedAt", "updatedAt"],
    ["rogues/table-view", "lastSeen", "lastSeen"],
    ["exclusions", "updatedAt", "updatedAt"],
  ])("of %s filter and sort by %s", async (path, filter, sort) => {
    const limit = path === "groups" ? 300 : 1000;
    const query = `sortBy=${sort}&sortOrder=asc&limit=${limit}`;
    const all = (await list(demo, `/${path}?${query}`)).data;
    const half = `${filter}__gte=2026-11-21T11:30:00Z`;
    const some = await list(demo, `/${path}?${query}&${half}`);
    expect(some.data.length).toBeGreaterThan(0);
    expect(some.data.length).toBeLessThan(all.length);
    expect(some.data).toEqual(all.slice(-some.data.length));
    expect(some.pagination.totalItems).toBe(some.data.length);
  });
});

describe("a token of a site", () => {
  const headers = { authorization: "ApiToken of-a-site" };
  let site: string;

  beforeEach(async () => {
    const { data } = (await list(demo, "/sites")) as unknown as { data: { sites: { id: string }[] } };
    site = data.sites[1]?.id ?? "";
    demo.tokens.add("of-a-site", { sites: [site] });
  });

  test("is refused the accounts, and the policies of other scopes", async () => {
    const refused = await ask(demo, "/accounts", headers);
    expect([refused.status, await refused.text()]).toEqual([
      403,
      '{"errors":[{"code":4030010,"detail":"Action is not allowed to site users","title":"Insufficient permissions"}]}',
    ]);
    expect((await ask(demo, "/tenant/policy", headers)).status).toBe(403);
    expect((await ask(demo, `/sites/${site}/policy`, headers)).status).toBe(200);
  });

  test("sees the records of its site only, also where they name an agent in place of a site", async () => {
    demo.addActivities(generateActivities({ seed: 1, count: 50, startMs: NOON - 1000, stepMs: 1 }));
    for (const path of [
      "activities",
      "agents",
      "groups",
      "cloud-detection/alerts",
      "device-control/events",
      "exclusions",
    ]) {
      const limit = path === "groups" ? 300 : 1000;
      const own = (await (await ask(demo, `/${path}?limit=${limit}`, headers)).json()) as { data: object[] };
      const asked = await list(demo, `/${path}?limit=${limit}&siteIds=${site}`);
      expect(own.data).toEqual(asked.data);
      expect(own.data.length).toBeGreaterThan(0);
    }
    const sites = (await (await ask(demo, "/sites", headers)).json()) as { data: { sites: object[] } };
    expect(sites.data.sites).toHaveLength(1);
  });
});

describe("a threat's notes and timeline", () => {
  test("stand under its id, and 404 where there is no such threat", async () => {
    demo.addThreats(generateThreats({ seed: 1, count: 2, startMs: NOON - 60_000, stepMs: 1000 }));
    const [id = "", other = ""] = await allIds(demo, "/threats");
    demo.add("threats/{threat_id}/notes", [writeExact(threatNote(id, 1, NOON))]);
    demo.addActivities([writeExact({ id: "1", createdAt: "2026-11-21T11:59:00Z", activityType: 19, threatId: id })]);
    const notes = (await list(demo, `/threats/${id}/notes?sortBy=createdAt`)).data;
    expect(notes).toMatchObject([{ text: expect.stringContaining("false alarm") }]);
    expect(notes[0]).not.toHaveProperty("threatId");
    expect((await list(demo, `/threats/${id}/timeline?sortBy=createdAt`)).data).toMatchObject([{ id: "1" }]);
    expect((await list(demo, `/threats/${other}/notes`)).data).toEqual([]);
    expect((await ask(demo, "/threats/123/notes")).status).toBe(404);
  });
});

describe("a token's own expiry", () => {
  test("is told by its user, of a service user by the id only, and then refuses it", async () => {
    demo.tokens.add("person", { userId: "11", expiresAtMs: NOON + 60_000 });
    demo.tokens.add("service", { userId: "12", expiresAtMs: NOON + 60_000, serviceUser: true });
    const asPerson = { authorization: "ApiToken person" };
    const asService = { authorization: "ApiToken service" };
    const person = (await (await ask(demo, "/user", asPerson)).json()) as { data: object };
    expect(person.data).toMatchObject({ id: "11", apiToken: { expiresAt: "2026-11-21T12:01:00Z" } });
    const service = (await (await ask(demo, "/user", asService)).json()) as { data: object };
    expect(service.data).not.toHaveProperty("apiToken");
    const details = await ask(demo, "/users/12/api-token-details", asService);
    expect(await details.json()).toMatchObject({ data: { expiresAt: "2026-11-21T12:01:00Z" } });
    now += 60_000;
    expect((await ask(demo, "/user", asPerson)).status).toBe(401);
  });
});

describe("unified alerts", () => {
  const QUERY = `
    query Alerts($filters: [FilterInput!], $first: Int, $after: String) {
      alerts(filters: $filters, first: $first, after: $after, sort: { by: "updatedAt", order: ASC }) {
        edges { cursor node { id externalId updatedAt severity asset { name } } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }`;

  test("are read page by page in the order that was asked for, with what was asked for", async () => {
    const filters = [{ fieldId: "updatedAt", dateTimeRange: { start: NOON - 1_800_000, end: NOON } }];
    const nodes: Readonly<Record<string, unknown>>[] = [];
    let after: string | null = null;
    do {
      const { data }: Graphql = await graphql(QUERY, { filters, first: 3, after });
      nodes.push(...(data?.alerts.edges.map(({ node }) => node) ?? []));
      after = data?.alerts.pageInfo.hasNextPage === true ? data.alerts.pageInfo.endCursor : null;
    } while (after !== null);
    expect(nodes.length).toBeGreaterThan(3);
    expect(nodes.length).toBeLessThan(20);
    expect(Object.keys(nodes[0] ?? {})).toEqual(["id", "externalId", "updatedAt", "severity", "asset"]);
    const times = nodes.map(({ updatedAt }) => String(updatedAt));
    expect(times).toEqual(times.toSorted());
  });

  test("name the legacy alert as externalId", async () => {
    const { data } = await graphql("{ alerts(first: 100) { edges { node { externalId } } } }");
    const legacy = await list(demo, "/cloud-detection/alerts?limit=1000");
    const ids = legacy.data.map((alert) => (alert as unknown as { alertInfo: { alertId: string } }).alertInfo.alertId);
    expect(data?.alerts.edges.map(({ node }) => node["externalId"]).toSorted()).toEqual(ids.toSorted());
  });

  test.each([
    ["a field that does not exist", "{ alerts { edges { node { nope } } } }", "FieldUndefined"],
    ["an object without selection", "{ alerts { edges { node { asset } } } }", "SubselectionRequired"],
    ["an unknown argument", "{ alerts(limit: 3) { totalCount } }", "UnknownArgument"],
    ["too large a page", "{ alerts(first: 1001) { totalCount } }", "expected 1 to 1000"],
    [
      "an unknown filter",
      '{ alerts(filters: [{ fieldId: "nope", stringEqual: { value: "1" } }]) { totalCount } }',
      "nope",
    ],
    ["torn syntax", "{ alerts { edges ", "Invalid syntax"],
  ])("refuse %s with 200 and errors", async (_case, query, message) => {
    const { errors, data } = await graphql(query);
    expect([data, errors?.[0]?.message]).toEqual([null, expect.stringContaining(message)]);
  });

  test("find nothing for a value that an enumeration does not have", async () => {
    const query = '{ alerts(filters: [{ fieldId: "severity", stringIn: { values: ["Huge"] } }]) { totalCount } }';
    expect((await graphql(query)).data?.alerts.totalCount).toBe(0);
  });

  test("take Bearer as well, and are not there on a console without them", async () => {
    const bearer = await graphql("{ alerts { totalCount } }", {}, { authorization: `Bearer ${TOKEN}` });
    expect(bearer.data?.alerts.totalCount).toBe(20);
    demo.missing.add("unifiedalerts/graphql");
    const answer = await fetch(`${demo.url}/web/api/v2.1/unifiedalerts/graphql`, { method: "POST", body: "{}" });
    expect(answer.status).toBe(404);
  });
});

describe("rows that move while they are read", () => {
  test("come again behind, and none is missed in ascending order of updatedAt", async () => {
    now = NOON + 1000;
    demo.faults.add({ kind: "moving", rows: 3 }, { path: "/agents", times: 2 });
    const all = new Set(await allIds(demo, "/agents?limit=1000&sortBy=id"));
    demo.faults.add({ kind: "moving", rows: 3 }, { path: "/agents", times: 2 });
    const read = await allIds(demo, "/agents?limit=10&sortBy=updatedAt&sortOrder=asc");
    expect(new Set(read)).toEqual(all);
    expect(read.length).toBeGreaterThan(all.size);
  });
});

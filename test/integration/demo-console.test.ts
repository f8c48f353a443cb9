import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { generateActivities } from "../../src/demo/records/records.ts";
import { allIds, ask, list, refusal, TOKEN } from "../support/ask-console.ts";
import type { Envelope } from "../support/ask-console.ts";
import { makeCertificates } from "../support/tls.ts";

const START_MS = Date.UTC(2026, 10, 20, 8);
let demo: DemoConsole;
let nowMs: number;

beforeEach(async () => {
  nowMs = START_MS + 3_600_000;
  demo = await DemoConsole.start({ token: TOKEN, clock: () => nowMs });
});

afterEach(() => demo.close());

describe("authentication and routes", () => {
  test("the system status needs no token, and everything else does", async () => {
    const status = await ask(demo, "/system/status", { authorization: "" });
    expect(await status.json()).toEqual({ data: { health: "ok" } });
    for (const authorization of ["", "ApiToken wrong", "Bearer secret", "secret"]) {
      const answer = await ask(demo, "/system/info", { authorization });
      expect([answer.status, await answer.text()]).toEqual([
        401,
        '{"errors":[{"code":4010010,"detail":null,"title":"Authentication Failed"}]}',
      ]);
    }
  });

  test("the scheme is read without regard to case, and a token can be revoked", async () => {
    const info = await ask(demo, "/system/info", { authorization: "apitoken secret" });
    expect(await info.json()).toMatchObject({ data: { version: expect.stringMatching(/^S-/) } });
    demo.tokens.delete("secret");
    expect((await ask(demo, "/activities")).status).toBe(401);
  });

  test("unknown resources are 404 with the vendor's body, other methods 405", async () => {
    const missing = await ask(demo, "/nothing");
    expect(await missing.text()).toBe(
      '{"errors":[{"code":4040010,"detail":"","title":"Requested resource was not found"}]}',
    );
    const posted = await fetch(`${demo.url}/web/api/v2.1/activities`, { method: "POST", body: "{}" });
    expect([missing.status, posted.status]).toEqual([404, 405]);
  });

  test("answers carry the console's own time, a request id, and gzip when it is accepted", async () => {
    demo.addActivities(generateActivities({ seed: 1, count: 10, startMs: START_MS, stepMs: 10 }));
    const answer = await ask(demo, "/activities", { "accept-encoding": "gzip" });
    expect(answer.headers.get("date")).toBe(new Date(nowMs).toUTCString());
    expect(answer.headers.get("x-rqid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(((await answer.json()) as Envelope).data).toHaveLength(10);
    expect(
      (await ask(demo, "/activities", { "accept-encoding": "identity" })).headers.get("content-encoding"),
    ).toBeNull();
  });

  test("speaks HTTPS when it has a certificate", async () => {
    using certificates = makeCertificates();
    await using secure = await DemoConsole.start({ tls: certificates.server });
    expect(secure.url).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      httpsGet(`${secure.url}/web/api/v2.1/system/status`, { ca: certificates.ca }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on("error", reject);
    });
    expect(status).toBe(200);
  });
});

test("a compressed answer is a plain gzip stream", async () => {
  demo.addActivities(generateActivities({ seed: 1, count: 5, startMs: START_MS, stepMs: 10 }));
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const headers = { authorization: "ApiToken secret", "accept-encoding": "gzip" };
    httpGet(`${demo.url}/web/api/v2.1/activities`, { headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve(Buffer.concat(chunks)));
    }).on("error", reject);
  });
  expect((JSON.parse(gunzipSync(bytes).toString()) as Envelope).data).toHaveLength(5);
});

describe("parameters", () => {
  test.each([
    ["/activities?updatedAt__gte=2026-11-20T08:00:00Z", "dict_values(['updatedAt__gte']): Unknown field"],
    ["/threats?createdAt__between=1-2", "dict_values(['createdAt__between']): Unknown field"],
    ["/activities?limit=1001", "limit: Must be between 1 and 1000."],
    ["/activities?limit=0", "limit: Must be between 1 and 1000."],
    ["/activities?limit=ten", "limit: Not a valid integer."],
    ["/activities?skip=1001", "skip: Must be between 0 and 1000."],
    ["/activities?sortBy=updatedAt", 'sortBy: "updatedAt" is not a valid choice.'],
    ["/activities?sortOrder=up", 'sortOrder: "up" is not a valid choice.'],
    ["/activities?skipCount=maybe", "skipCount: Not a valid boolean."],
    ["/activities?createdAt__gte=yesterday", "createdAt__gte: Not a valid datetime."],
    ["/activities?createdAt__gte=2026-11-20T08:00:00+00:00", "createdAt__gte: Not a valid datetime."],
    ["/activities?createdAt__between=2026-11-20", "createdAt__between: Not a valid range of timestamps."],
    ["/threats?incidentStatuses=open", 'incidentStatuses: 0: "open" is not a valid choice.'],
    ["/activities?cursor=nonsense", "Invalid cursor value received"],
    ["/activities?cursor=bm90IG91cnM%3D", "Invalid cursor value received"],
  ])("%s is refused", async (path, detail) => {
    expect(await refusal(demo, path)).toBe(detail);
  });

  test("a filter that the embedded console does not apply is refused, not ignored", async () => {
    expect((await ask(demo, "/threats?k8sPodName__contains=web")).status).toBe(501);
  });

  test("times are taken with an encoded offset, with a space, and without zone", async () => {
    for (const time of ["2026-11-20T08:00:00%2B00:00", "2026-11-20%2008:00:00.5", "2026-11-20T08:00:00Z"]) {
      expect((await list(demo, `/activities?createdAt__gte=${time}&includeHidden=true`)).data).toEqual([]);
    }
  });
});

describe("filters", () => {
  const record = (id: number, micros: string, extra: object = {}): string =>
    JSON.stringify({ id: String(id), activityType: 19, createdAt: `2026-11-20T08:00:00.${micros}Z`, ...extra });

  beforeEach(() => {
    demo.addActivities([
      record(3, "000003", { siteId: "s2", activityType: 27 }),
      record(1, "000001", { siteId: "s1", accountId: "a1" }),
      record(2, "000002", { siteId: "s1", groupId: "g1" }),
    ]);
  });

  test.each([
    ["createdAt__gt=2026-11-20T08:00:00.000001Z", ["2", "3"]],
    ["createdAt__gte=2026-11-20T08:00:00.000002Z", ["2", "3"]],
    ["createdAt__lt=2026-11-20T08:00:00.000002Z", ["1"]],
    ["createdAt__gt=2026-11-20T08:00:00.000001Z&createdAt__lte=2026-11-20T08:00:00.000002Z", ["2"]],
    [`createdAt__between=${START_MS}-${START_MS}`, []],
    [`createdAt__between=${START_MS}-${START_MS + 1}`, ["1", "2", "3"]],
    ["siteIds=s1", ["1", "2"]],
    ["siteIds=s1,s2&activityTypes=27", ["3"]],
    ["accountIds=a1", ["1"]],
    ["groupIds=g1", ["2"]],
    ["ids=3,1", ["1", "3"]],
    ["sortBy=activityType&sortOrder=desc", ["3", "2", "1"]],
    ["sortBy=createdAt&skip=1", ["2", "3"]],
  ])("%s", async (query, ids) => {
    const { data, pagination } = await list(demo, `/activities?${query}`);
    expect(data.map(({ id }) => id)).toEqual(ids);
    expect(pagination).toEqual({ nextCursor: null, totalItems: query.includes("skip=") ? 3 : ids.length });
  });

  test("counting alone returns no data, and a count that is not wanted is null", async () => {
    expect(await list(demo, "/activities?countOnly=true&siteIds=s1")).toEqual({
      data: [],
      pagination: { nextCursor: null, totalItems: 2 },
    });
    expect((await list(demo, "/activities?skipCount=true")).pagination.totalItems).toBeNull();
  });

  test("a record is invisible until the console's clock reaches its time", async () => {
    demo.addActivities([record(4, "000000")], { visibleAtMs: nowMs + 5000 });
    expect((await list(demo, "/activities?createdAt__gte=2026-11-20T08:00:00Z")).pagination.totalItems).toBe(3);
    nowMs += 5000;
    expect(await allIds(demo, "/activities?sortBy=createdAt")).toEqual(["4", "1", "2", "3"]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import { detection, generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import { snowflakeTime } from "../../src/event/time.ts";
import type { Micros } from "../../src/event/time.ts";
import { allIds, ask, list, refusal, TOKEN } from "../support/ask-console.ts";

const START_MS = Date.UTC(2026, 10, 20, 8);
let demo: DemoConsole;
let nowMs: number;

beforeEach(async () => {
  nowMs = START_MS + 3_600_000;
  demo = await DemoConsole.start({ token: TOKEN, clock: () => nowMs });
});

afterEach(() => demo.close());

describe("paging", () => {
  const order = "sortBy=createdAt&sortOrder=asc&limit=100";

  test.each(["asc", "desc"])("every record comes once, %s, with equal times across page edges", async (direction) => {
    const texts = [...generateActivities({ seed: 7, count: 1234, startMs: START_MS, stepMs: 1, burst: 37 })];
    demo.addActivities(texts.toReversed());
    const expected = texts.map((text) => (JSON.parse(text) as { id: string }).id);
    const ids = await allIds(demo, `/activities?sortBy=createdAt&limit=100&sortOrder=${direction}`);
    expect(ids).toEqual(direction === "asc" ? expected : expected.toReversed());
  });

  test("a dataset made on demand and added records come as one, in order and each once", async () => {
    const dataset = new ActivityDataset({ seed: 3, count: 1000, startMs: START_MS, stepMs: 5, burst: 9 });
    demo.activities.setDataset(dataset);
    demo.addActivities(generateActivities({ seed: 4, count: 300, startMs: START_MS + 1, stepMs: 7 }));
    const ids = await allIds(demo, `/activities?${order}`);
    expect([ids.length, new Set(ids).size]).toEqual([1300, 1300]);
    expect([...dataset.ids()].filter((id) => !ids.includes(id))).toEqual([]);
    expect(await allIds(demo, "/activities?sortBy=id&limit=999")).toEqual(ids.toSorted());
    const created = (await list(demo, "/activities?sortBy=createdAt&limit=1000")).data.map(
      ({ createdAt }) => createdAt,
    );
    expect(created).toEqual(created.toSorted());
  });

  test("the cursor is the vendor's, percent-encoded, and is taken back as it is, decoded, or encoded once more", async () => {
    demo.addActivities(generateActivities({ seed: 7, count: 250, startMs: START_MS, stepMs: 1 }));
    const { nextCursor } = (await list(demo, `/activities?${order}`)).pagination;
    const json = Buffer.from(decodeURIComponent(nextCursor ?? ""), "base64").toString();
    expect(json).toMatch(/^\{"id_column": "ActivityView.id", "id_value": \d{19}, "id_sort_order": "asc", /);
    expect(json).toMatch(/"sort_by_value": "2026-11-20T08:00:00\.\d{6}Z", "sort_order": "asc"\}$/);
    const plain = await allIds(demo, `/activities?${order}`);
    expect(await allIds(demo, `/activities?${order}`, encodeURIComponent)).toEqual(plain);
    expect(await allIds(demo, `/activities?${order}`, decodeURIComponent)).toEqual(plain);
    expect(await allIds(demo, "/activities?limit=100&sortBy=createdAt")).toEqual(plain);
  });

  test("a cursor holds no filter, fits its own order only, and excludes skip", async () => {
    demo.addActivities(generateActivities({ seed: 7, count: 250, startMs: START_MS, stepMs: 1000 }));
    const first = await list(demo, `/activities?${order}&createdAt__lt=2026-11-20T08:02:00Z`);
    const next = `/activities?${order}&cursor=${first.pagination.nextCursor}`;
    expect((await list(demo, next)).pagination.totalItems).toBe(250);
    expect(await refusal(demo, `${next}&skip=1`)).toBe("cursor: Cannot be used together with skip.");
    const other = `/activities?sortBy=id&cursor=${first.pagination.nextCursor}`;
    expect(await refusal(demo, other)).toBe("Invalid cursor value received");
    expect(await refusal(demo, `/threats?cursor=${first.pagination.nextCursor}`)).toBe("Invalid cursor value received");
  });

  test("records that share id and time are not lost at a page's edge", async () => {
    const text = (id: number): string => `{"id":"${id}","activityType":1,"createdAt":"2026-11-20T08:00:00Z"}`;
    demo.addActivities([text(1), text(2), text(2), text(3), text(4)]);
    expect(await allIds(demo, "/activities?sortBy=createdAt&limit=2")).toEqual(["1", "2", "2", "3", "4"]);
  });
});

describe("threats", () => {
  test("an update moves updatedAt, the order by it, and keeps long integers", async () => {
    demo.addThreats(generateThreats({ seed: 5, count: 20, startMs: START_MS, stepMs: 1000 }));
    demo.addThreats(['{"id":"9","n":12345678901234567,"threatInfo":{"updatedAt":"2026-11-20T07:00:00Z","a":1}}']);
    const since = new Date(nowMs).toISOString();
    demo.updateThreat("9", { threatInfo: { incidentStatus: "resolved" } });
    const answer = await ask(demo, `/threats?updatedAt__gte=${since}&sortBy=updatedAt&incidentStatuses=resolved`);
    expect(await answer.text()).toContain(
      '{"id":"9","n":12345678901234567,"threatInfo":{"updatedAt":"2026-11-20T09:00:00.000000Z","a":1,"incidentStatus":"resolved"}}',
    );
    expect((await allIds(demo, "/threats?sortBy=updatedAt&limit=5")).at(-1)).toBe("9");
    expect(() => demo.updateThreat("8", {})).toThrow("no record 8 of threats");
  });

  test("a detection stands in both feeds under one id", () => {
    const { threatId, threat, activities } = detection({ seed: 1, index: 2, time: (START_MS * 1000) as Micros });
    expect(JSON.parse(threat)).toMatchObject({ id: threatId, threatInfo: { threatId } });
    for (const text of activities) expect(JSON.parse(text)).toMatchObject({ threatId });
  });
});

describe("made-up records", () => {
  test("ids hold the time of creation, and every record of a seed is always the same", () => {
    const options = { seed: 11, count: 200, startMs: START_MS, stepMs: 333 };
    const texts = [...generateActivities(options)];
    expect(texts).toEqual([...generateActivities(options)]);
    for (const text of texts) {
      const { id, createdAt } = JSON.parse(text) as { id: string; createdAt: string };
      expect(snowflakeTime(id)).toBe(Date.parse(`${createdAt.slice(0, 23)}Z`) * 1000);
    }
    expect(texts.join("")).toMatch(/"alertId":\d{19},/);
  });
});

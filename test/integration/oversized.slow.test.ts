import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { MAX_ANSWER_BYTES } from "../../src/sentinelone/answer-body.ts";
import { MAX_RECORD_LENGTH } from "../../src/sentinelone/oversized.ts";
import { FeedReader, NEVER, NOON, activity, clientOf, failureOf, feedOf, idsOf } from "./feed-fixture.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function reading(records: readonly string[]): Promise<{ demo: DemoConsole; reader: FeedReader }> {
  const demo = await DemoConsole.start({ clock: () => NOON });
  open.push(demo);
  demo.addActivities(records);
  const client = clientOf(demo.url);
  open.push(client);
  return { demo, reader: new FeedReader(feedOf(client)) };
}

const at = (id: number, note = ""): string => activity(String(id), NOON - 3_600_000 + id * 1000, { note });

describe("what is too large", () => {
  test("a record is a dead letter, and the others go on", async () => {
    const { reader } = await reading([at(1), at(2, "x".repeat(MAX_RECORD_LENGTH)), at(3)]);
    await reader.poll();
    expect(reader.ids).toEqual(["1", "3"]);
    expect(reader.deadLetters.map(({ reason }) => reason)).toEqual([expect.stringContaining("larger than a record")]);
  });

  test("a page is asked for in parts: all of its records come, in order, and then pages are large again", async () => {
    const large = Array.from({ length: 45 }, (_, index) => at(index + 1, "x".repeat(1 << 20)));
    const small = Array.from({ length: 3000 }, (_, index) => at(index + 101));
    const { demo, reader } = await reading([...large, ...small]);
    await reader.poll();
    expect([...new Set(reader.ids)]).toEqual(idsOf([...large, ...small]));
    expect(reader.deadLetters).toEqual([]);
    const limits = demo.requests.recent
      .filter(({ path }) => path.endsWith("/activities"))
      .map(({ search }) => Number(search.get("limit")));
    expect(Math.min(...limits)).toBeLessThan(50);
    expect(limits.at(-1)).toBe(1000);
  });

  test("a record that fits into no answer is passed by, cut, and the feed goes on behind it", async () => {
    const { demo, reader } = await reading([at(1), at(2, "y".repeat(MAX_ANSWER_BYTES)), at(3)]);
    await reader.poll();
    // A page of one record that is the last may be one whose cursor was lost, and is looked behind.
    expect([...new Set(reader.ids)]).toEqual(["1", "3"]);
    expect(reader.deadLetters[0]?.text).toContain('"id":"2"');
    demo.addActivities([activity("4", NOON - 60_000)]);
    await reader.poll();
    expect(reader.ids).toContain("4");
  });

  test("an answer that unpacks to more than is read is taken in parts, too, and cut as it comes", async () => {
    const record = at(2, "z".repeat(MAX_ANSWER_BYTES));
    const packed = gzipSync(`{"data":[${record}],"pagination":{"nextCursor":null}}`);
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(packed);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    open.push({ close: async () => void (await once(server.close(), "close")) }, client);
    const { text } = (await client.get("activities", { limit: "1" }, NEVER)).body;
    expect(text.length).toBeLessThan(100_000);
    expect(text).toContain("s1bridge_cut_record");
  });

  test("an answer that is too large without a single large record says so, and is tried again later", async () => {
    const text = `{"data":[${Array.from({ length: 40 }, (_, index) => at(index, "x".repeat(1 << 20))).join(",")}]}`;
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(text);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    open.push({ close: async () => void (await once(server.close(), "close")) }, client);
    const failure = await failureOf(client.get("activities", { limit: "1" }, NEVER));
    expect([failure.code, failure.retryable]).toEqual(["BRIDGE_FEED_UNAVAILABLE", true]);
    expect(failure.message).toContain(`more than ${MAX_ANSWER_BYTES} bytes`);
  });
});

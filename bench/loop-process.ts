import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { request } from "undici";
import { parseExact } from "../src/lib/exact-json.ts";

/** What the bridge is compared with: a loop that fetches and decompresses the same pages and parses them, and no more. */
const [url = "", rule = "plain"] = process.argv.slice(2);
const unzip = promisify<ArrayBuffer, Buffer>(gunzip);
const from = new Date(Date.now() - 24 * 3_600_000).toISOString();
let cursor: string | null = null;
let events = 0;
const startedMs = performance.now();
do {
  const { body } = await request(new URL("/web/api/v2.1/activities", url), {
    headers: { authorization: "ApiToken bench-token", "accept-encoding": "gzip" },
    query: {
      limit: "1000",
      sortBy: "createdAt",
      sortOrder: "asc",
      skipCount: "true",
      createdAt__gte: from,
      ...(cursor === null ? {} : { cursor }),
    },
  });
  const text = (await unzip(await body.arrayBuffer())).toString("utf8");
  const page = (rule === "exact" ? parseExact(text) : JSON.parse(text)) as {
    data: unknown[];
    pagination: { nextCursor: string | null };
  };
  events += page.data.length;
  cursor = page.pagination.nextCursor === null ? null : decodeURIComponent(page.pagination.nextCursor);
} while (cursor !== null);
process.send?.({ perSecond: events / ((performance.now() - startedMs) / 1000) });

import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Agent, request } from "undici";
import { normalizeCursor, readPage } from "../src/sentinelone/page.ts";
import { peerOptions } from "./processes.ts";
import { tokenOf } from "./recorded-console.ts";

export interface LoopProcessOptions {
  readonly url: string;
  /** `exact`: with the integers as exact as the intake has them. */
  readonly rule: "plain" | "exact";
  readonly caFile?: string | undefined;
}

/** What the bridge is compared with: a loop that fetches and decompresses the same pages and parses them, and no more. */
const { url, rule, caFile } = peerOptions() as LoopProcessOptions;
const dispatcher = new Agent(caFile === undefined ? {} : { connect: { ca: readFileSync(caFile) } });
const unzip = promisify<ArrayBuffer, Buffer>(gunzip);
const from = new Date(Date.now() - 24 * 3_600_000).toISOString();
let cursor: string | undefined;
let events = 0;
const startedMs = performance.now();
do {
  const { body } = await request(new URL("/web/api/v2.1/activities", url), {
    dispatcher,
    headers: { authorization: `ApiToken ${tokenOf(0)}`, "accept-encoding": "gzip" },
    query: {
      limit: "1000",
      sortBy: "createdAt",
      sortOrder: "asc",
      skipCount: "true",
      createdAt__gte: from,
      ...(cursor === undefined ? {} : { cursor }),
    },
  });
  const bytes = await unzip(await body.arrayBuffer());
  const page = rule === "exact" ? exactPage(bytes) : plainPage(bytes.toString("utf8"));
  events += page.records;
  cursor = page.cursor;
} while (cursor !== undefined);
process.send?.({ perSecond: events / ((performance.now() - startedMs) / 1000) });

interface LoopPage {
  readonly records: number;
  readonly cursor: string | undefined;
}

function plainPage(text: string): LoopPage {
  const { data, pagination } = JSON.parse(text) as { data: unknown[]; pagination: { nextCursor: unknown } };
  return { records: data.length, cursor: normalizeCursor(pagination.nextCursor) };
}

function exactPage(json: Buffer): LoopPage {
  const { elements, nextCursor } = readPage(json, "activities");
  return { records: elements.map((element) => element.value()).length, cursor: nextCursor };
}

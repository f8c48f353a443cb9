import type { ConsoleClient, Query } from "./client.ts";
import { FeedUnavailableError } from "./errors.ts";
import { normalizeCursor } from "./page.ts";

/** A site as `GET /sites` tells it. */
export interface Site {
  readonly id: string;
  readonly name: string;
  readonly accountId: string | undefined;
  readonly accountName: string | undefined;
  /** Agents that use a licence of the site. */
  readonly activeLicenses: number | undefined;
}

const PAGE_LIMIT = "1000";

/** More pages than this is a cursor that leads nowhere: a million sites. */
const MAX_PAGES = 1000;

/** Every site that the token may see. Rejects with a `FeedError`. */
export async function listSites(client: ConsoleClient, scope: Query, signal: AbortSignal): Promise<readonly Site[]> {
  const sites = new Map<string, Site>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { ...scope, limit: PAGE_LIMIT, ...(cursor === undefined ? {} : { cursor }) };
    const { body } = await client.get("sites", query, signal);
    const { data, pagination } = JSON.parse(body.text) as Envelope;
    if (!Array.isArray(data?.sites)) throw new FeedUnavailableError("the answer to sites has no list of sites");
    for (const site of data.sites.map(siteOf)) sites.set(site.id, site);
    cursor = normalizeCursor(pagination?.nextCursor);
    if (cursor === undefined) return [...sites.values()];
  }
  throw new FeedUnavailableError(`the list of sites has not ended after ${MAX_PAGES} pages`);
}

interface Envelope {
  readonly data?: { readonly sites?: readonly Readonly<Record<string, unknown>>[] };
  readonly pagination?: { readonly nextCursor?: unknown };
}

function siteOf(record: Readonly<Record<string, unknown>>): Site {
  const text = (name: string): string | undefined => {
    const value = record[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const licences = record["activeLicenses"];
  return {
    id: text("id") ?? "",
    name: text("name") ?? "",
    accountId: text("accountId"),
    accountName: text("accountName"),
    activeLicenses: typeof licences === "number" ? licences : undefined,
  };
}

import type { ApiRequest } from "./client.ts";

/** Records that a path is asked for at once, where its pages have turned out to be too large for an answer. */
export class PageSizes {
  readonly #limits = new Map<string, number>();

  /** The request with no more records than its path may be asked for now. */
  within(asked: ApiRequest): ApiRequest {
    const limit = this.#limits.get(asked.path) ?? Infinity;
    return (recordsAsked(asked) ?? 0) <= limit ? asked : withLimit(asked, limit);
  }

  /** After an answer that was too large; false when it was asked for one record, or for none in particular. */
  shrink(asked: ApiRequest): boolean {
    const limit = recordsAsked(asked) ?? 1;
    if (limit <= 1) return false;
    this.#limits.set(asked.path, Math.max(1, Math.floor(limit / STEP)));
    return true;
  }

  /** After an answer that had room for more. */
  grow({ path }: ApiRequest): void {
    const limit = this.#limits.get(path);
    if (limit === undefined) return;
    if (limit * STEP >= MOST) this.#limits.delete(path);
    else this.#limits.set(path, limit * STEP);
  }
}

const STEP = 4;

/** What the console gives at most. */
const MOST = 1000;

/** How many records a request asks for at most; undefined when it does not say. */
export function recordsAsked({ query, graphql }: ApiRequest): number | undefined {
  if (graphql !== undefined) return graphql.variables.first;
  return query["limit"] === undefined ? undefined : Number(query["limit"]);
}

function withLimit(asked: ApiRequest, limit: number): ApiRequest {
  const { graphql, query } = asked;
  if (graphql === undefined) return { ...asked, query: { ...query, limit: String(limit) } };
  return { ...asked, graphql: { ...graphql, variables: { ...graphql.variables, first: limit } } };
}

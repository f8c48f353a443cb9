import type { EventFeed } from "../event/event.ts";
import type { RecordSource, ScopeParameter } from "../feeds/definition.ts";
import type { Query } from "./client.ts";
import { FeedRefusedError } from "./errors.ts";
import type { Scope } from "./feed.ts";

const ALL: readonly ScopeParameter[] = ["accountIds", "siteIds", "groupIds"];

/** Asked for again this rarely: only the configuration can help. */
const REFUSED_MS = 60 * 60_000;

/**
 * The parameters that limit a list to the configured scope: one set, or one for each id where the endpoint takes only one.
 *
 * Throws when the endpoint can not be limited so: reading all of it would forward what the operator has kept out.
 */
export function scopeQueries(
  { scopes = ALL, oneScope = false }: RecordSource,
  scope: Scope,
  feed: EventFeed,
): readonly Query[] {
  const configured = ALL.filter((parameter) => (scope[parameter] ?? []).length > 0);
  if (configured.length === 0) return [{}];
  const known = configured.filter((parameter) => scopes.includes(parameter));
  const [narrowest] = known.toReversed();
  if (narrowest === undefined) {
    throw new FeedRefusedError(
      `${feed} can not be limited to ${configured.join(" and ")}: the console's list does not know them. Leave the feed out, or limit the token's own scope in their place`,
      { retryAfterMs: REFUSED_MS },
    );
  }
  if (oneScope) return (scope[narrowest] ?? []).map((id) => ({ [narrowest]: id }));
  return [Object.fromEntries(known.map((parameter) => [parameter, (scope[parameter] ?? []).join(",")]))];
}

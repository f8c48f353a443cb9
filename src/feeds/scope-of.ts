import type { Row } from "../cef/mapping/table.ts";
import type { JsonRecord, JsonValue } from "../event/event.ts";
import { at } from "./definition.ts";

/** Where an exclusion belongs: `scope` has lists of ids, with one of them filled. */
export function scopeOfList(record: JsonRecord): JsonRecord {
  const only = (name: string): JsonValue => {
    const ids = at(record, "scope", name);
    return Array.isArray(ids) && ids.length === 1 ? ((ids as readonly JsonValue[])[0] ?? null) : null;
  };
  return { siteId: only("siteIds"), accountId: only("accountIds"), groupId: only("groupIds") };
}

/** Where a rule belongs: `scopeId` is the id of what `scope` says. */
export function scopeOfRule({ scope, scopeId = null, scopeName = null }: JsonRecord): JsonRecord {
  switch (scope) {
    case "site":
      return { siteId: scopeId, siteName: scopeName };
    case "account":
      return { accountId: scopeId, accountName: scopeName };
    case "group":
      return { groupId: scopeId, groupName: scopeName };
    default:
      return {};
  }
}

/** These records name no site or account, but have the id of one. */
export const LISTED_SCOPE: readonly Row[] = [
  { key: "siteId", from: ["siteId"], note: "from `scope`" },
  { key: "accountId", from: ["accountId"], note: "from `scope`" },
];

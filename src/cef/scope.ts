import type { FeedName, JsonRecord, JsonValue } from "../event/event.ts";
import { tableOf } from "./mapping/feeds.ts";
import { asText, isObject } from "./reading.ts";

/** Where a record belongs, as its feed's table reads it; unlike in a message nothing is escaped or cut. */
export interface ScopeReader {
  /** One of the keys below; undefined when the record does not tell. */
  read(record: JsonRecord, key: ScopeKey): string | undefined;
}

const SCOPE_KEYS = ["siteId", "siteName", "accountId", "accountName", "S1groupId", "S1groupName"] as const;

export type ScopeKey = (typeof SCOPE_KEYS)[number];

export function createScopeReader(feed: FeedName): ScopeReader {
  const { rows, trailer } = tableOf(feed);
  const paths = new Map(
    SCOPE_KEYS.map((key) => [key, [...rows, ...trailer].find((row) => row.key === key)?.from ?? []] as const),
  );
  return {
    read(record, key) {
      for (const path of paths.get(key) ?? []) {
        const value = valueAt(record, path);
        const text = value === undefined ? undefined : asText(value);
        if (text !== undefined) return text;
      }
      return undefined;
    },
  };
}

function valueAt(record: JsonRecord, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = record;
  for (const name of path.split(".")) value = isObject(value) ? value[name] : undefined;
  return value;
}

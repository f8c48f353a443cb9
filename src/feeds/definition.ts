import type { ObjectMapping } from "../cef/mapping/object.ts";
import type { Table } from "../cef/mapping/table.ts";
import type { FeedName, JsonRecord, JsonValue } from "../event/event.ts";

/**
 * A feed as data: how its records are read, what makes each the one it is, and what becomes of them. The configuration,
 * the reader (sentinelone/), the messages (cef/) and the pages docs/feeds.md and docs/mapping.md are all made from it.
 */
export interface FeedDefinition {
  readonly name: FeedName;
  /** For the configuration's reference page. */
  readonly description: string;
  /** What becomes an event, for docs/feeds.md. */
  readonly forwards: string;
  /** What the role of the token's user must have, in the console's words. */
  readonly permission: string;
  /** The time between polls when the configuration does not say. */
  readonly every: string;
  /** Where it begins when the configuration does not say. */
  readonly start: string;
  readonly source: Source;
  /** Activities and threats have a mapping of their own, with a table; objects have all of it in one. */
  readonly mapping: { readonly table: Table } | ObjectMapping;
}

export type Source = WindowSource | NewestSource | ListSource | PolicySource | AlertSource;

/** Which records of an answer are one and the same, and where they belong. */
export interface RecordSource {
  /** Behind `/web/api/v2.1/`. */
  readonly path: string;
  /** The member of `data` that has the list; without it `data` is the list. */
  readonly within?: string;
  /** The members at the top of a record that all of this looks at, where that is so: it is then not parsed to be stored. */
  readonly head?: readonly string[];
  /** Sent with every request. */
  readonly query?: Readonly<Record<string, string>>;
  /** Records per request, 1000 when left out. */
  readonly limit?: number;
  /** The scope parameters that the endpoint knows; all three when left out. */
  readonly scopes?: readonly ScopeParameter[];
  /** The endpoint takes one id for each scope parameter only: one list is read for each. */
  readonly oneScope?: boolean;
  /** `id` when left out. */
  readonly id?: (record: JsonRecord) => JsonValue | undefined;
  /** The console's own text for the version of an object. `updatedAt` when left out. */
  readonly version?: (record: JsonRecord) => JsonValue | undefined;
  /** Members to add to the record, so that it tells where it belongs. */
  readonly belongs?: (record: JsonRecord) => JsonRecord;
  /** Fields that move without anything having happened. */
  readonly volatile?: readonly string[];
}

export type ScopeParameter = "accountIds" | "siteIds" | "groupIds";

/** A list that can be asked for by time: windows of it are read, oldest first. */
export interface WindowSource extends RecordSource {
  readonly read: "window";
  /** Filtered on, as `<field>__gte` and `<field>__lte`. */
  readonly timeField: string;
  /** What the list is sorted by, `timeField` when left out. */
  readonly sortBy?: string;
  readonly time: (record: JsonRecord) => JsonValue | undefined;
  /** Its records have versions; each is an event. Otherwise the id alone is the identity. */
  readonly isObject: boolean;
  /** The field that `include_types` and `exclude_types` are about. */
  readonly typeField?: string;
  /** A GraphQL query in place of a list; times are milliseconds. */
  readonly graphql?: GraphqlSource;
  /** What can be read beside each changed object. */
  readonly details?: readonly DetailSource[];
}

/** `POST` of a query with the variables `first`, `after` and `filters`; its answer has `edges` and `pageInfo`. */
export interface GraphqlSource {
  /** The member of `data` that has the edges. */
  readonly field: string;
  readonly query: (order: "ASC" | "DESC") => string;
}

/** A list beside an object, asked for by the object's id when the feed's option of this name is on. */
export interface DetailSource {
  readonly option: "notes" | "timeline";
  readonly kind: "note" | "timeline";
  readonly path: (id: string) => string;
  readonly sortBy: string;
  readonly version: string;
  /** Members of the object that its details need, so that they tell where they belong. */
  readonly belongs: (object: JsonRecord) => JsonRecord;
}

/** An append-only list whose only order of arrival is its ids: the newest are read, back to what is known. */
export interface NewestSource extends RecordSource {
  readonly read: "newest";
  /** When the console received it. */
  readonly time: (record: JsonRecord) => JsonValue | undefined;
}

/** A list of objects that is read as a whole; what has changed is told by content. */
export interface ListSource extends RecordSource {
  readonly read: "list";
  /** Only what has changed since the last poll can be asked for, by this field that the records do not show. */
  readonly since?: string;
  /** What is read in its place when the token may not: a list of another path, from which the records are made. */
  readonly otherwise?: RecordSource & { readonly make: (record: JsonRecord) => JsonRecord | undefined };
}

/** One object for each account, site and group, each asked for by itself. */
export interface PolicySource {
  readonly read: "policies";
}

/** The first source that the console has. */
export interface AlertSource {
  readonly read: "alerts";
  readonly unified: WindowSource;
  readonly legacy: WindowSource;
}

/** The endpoints that a feed asks. */
export function pathsOf({ source }: FeedDefinition): readonly string[] {
  switch (source.read) {
    case "window":
      return [source.path, ...(source.details ?? []).map(({ path }) => path("{id}"))];
    case "newest":
    case "list":
      return [source.path];
    case "policies":
      return ["accounts/{id}/policy", "sites/{id}/policy", "groups/{id}/policy"];
    case "alerts":
      return [source.unified.path, source.legacy.path];
  }
}

/** A member of a record or of the objects in it, by its path. */
export function at(record: JsonRecord, ...names: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = record;
  for (const name of names) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = (value as JsonRecord)[name];
  }
  return value;
}

import type { RecordText } from "../bridge/ports.ts";
import {
  type ScannedObject,
  type ScannedRecord,
  type Slice,
  exactSlice,
  exactText,
  parseSlice,
  scanObject,
  scanTaking,
} from "../lib/exact-json.ts";
import type { CutText } from "../lib/text-slice.ts";
import { FeedRefusedError, FeedUnavailableError } from "./errors.ts";

/** An API answer with a list: its records, or what was made of them, and the cursor to the next page. */
export interface ApiPage<T = ApiElement> {
  readonly elements: readonly T[];
  /** Undefined at the end of the list. */
  readonly nextCursor: string | undefined;
}

export interface ApiElement {
  /** JSON; integers that `JSON.parse` would round stand in quotes. */
  readonly text: RecordText;
  /** Of the members that were asked for, those that the record has; undefined when it must be parsed to know. */
  readonly head: Readonly<Record<string, unknown>> | undefined;
  /** Parses the text; undefined when it is not JSON. Not kept: a thousand parsed records are megabytes. */
  value(): unknown;
}

export interface PageOptions {
  readonly within?: string;
  readonly head?: readonly string[];
}

/** Errors of a GraphQL server may also be passing ones. */
const GRAPH_REFUSED_MS = 60_000;

/**
 * Reads the envelope `{data:[…], pagination:{nextCursor}, errors?}`; `within` names the member of `data` that has the list,
 * where that is no list itself. Throws `BRIDGE_FEED_UNAVAILABLE` for torn JSON, for anything without a list, and for `errors`
 * without records: a 200 may carry both.
 */
export function readPage(json: Buffer, path: string, { within }: Omit<PageOptions, "head"> = {}): ApiPage {
  return readPageAs(json, path, within === undefined ? {} : { within }, (element) => element);
}

/**
 * The same with what `read` makes of each record, as soon as it is found; only until then its `head` is good. `head` in the
 * options names the members that are wanted in it. What `read` makes is dropped where the page is refused.
 */
export function readPageAs<T>(
  json: Buffer,
  path: string,
  { within, head = [] }: PageOptions,
  read: (element: ApiElement) => T,
): ApiPage<T> {
  const from = (bytes: Buffer): ((slice: Slice | ScannedRecord) => T) => {
    const text: CutText = { bytes, cuts: [] };
    return (slice) => read(elementOf(text, slice));
  };
  const outer = scanTaking(json, "data", head, from(json));
  const inner = within === undefined || outer?.elements !== undefined ? undefined : memberText(json, outer, "data");
  const scanned = inner === undefined ? outer : withElements(outer, scanTaking(inner, within ?? "", [], from(inner)));
  if (scanned === undefined)
    throw new FeedUnavailableError(`the answer to ${path} is torn: ${json.length} bytes that are no whole JSON object`);
  const errors = member(json, scanned.members.get("errors"));
  const failed = Array.isArray(errors) && errors.length > 0;
  if (scanned.elements === undefined || (failed && scanned.elements.length === 0)) {
    throw new FeedUnavailableError(
      `the answer to ${path} has no usable data${failed ? `, but errors: ${JSON.stringify(errors).slice(0, 300)}` : ""}`,
    );
  }
  const pagination = member(json, scanned.members.get("pagination")) as { nextCursor?: unknown } | undefined;
  return { elements: scanned.elements, nextCursor: normalizeCursor(pagination?.nextCursor) };
}

/** Reads `{data:{…}}`, the answer that is one object. */
export function readObject(json: Buffer, path: string): ApiElement {
  const scanned = scanObject(json, "");
  const data = scanned?.members.get("data");
  if (data === undefined) throw new FeedUnavailableError(`the answer to ${path} has no data`);
  return elementOf({ bytes: json, cuts: [] }, data);
}

/**
 * Reads `{data:{<field>:{edges:[{node}], pageInfo:{hasNextPage, endCursor}}}, errors?}`, the answer to a GraphQL query. A
 * failure comes with status 200, too.
 */
export function readGraph(json: Buffer, path: string, field: string): ApiPage {
  const outer = scanObject(json, "");
  if (outer === undefined) throw new FeedUnavailableError(`the answer to ${path} is torn: ${json.length} bytes`);
  const data = memberText(json, outer, "data") ?? NOTHING;
  const list = memberText(data, scanObject(data, ""), field) ?? NOTHING;
  const scanned = scanObject(list, "edges");
  if (scanned?.elements === undefined) {
    const errors = member(json, outer.members.get("errors"));
    const message = `the answer to ${path} has no usable data; errors: ${JSON.stringify(errors ?? []).slice(0, 300)}`;
    // GraphQL tells a query that it does not take in the same way as one that it does not take from us.
    throw Array.isArray(errors) && errors.length > 0
      ? new FeedRefusedError(message, { retryAfterMs: GRAPH_REFUSED_MS })
      : new FeedUnavailableError(message);
  }
  const pageInfo = member(list, scanned.members.get("pageInfo")) as {
    hasNextPage?: unknown;
    endCursor?: unknown;
  } | null;
  const elements = scanned.elements.map((slice) => {
    const edge = list.subarray(slice.start, slice.end);
    const node = scanObject(edge, "")?.members.get("node");
    return elementOf({ bytes: edge, cuts: [] }, node ?? { start: 0, end: edge.length, longRuns: undefined });
  });
  return { elements, nextCursor: pageInfo?.hasNextPage === true ? graphCursor(pageInfo.endCursor) : undefined };
}

const NOTHING = Buffer.alloc(0);

/** Unlike those of lists, these cursors are sent back as they came. */
function graphCursor(cursor: unknown): string | undefined {
  return typeof cursor === "string" && cursor !== "" ? cursor : undefined;
}

function elementOf(text: CutText, slice: Slice | ScannedRecord): ApiElement {
  // What is parsed is needed as a whole anyway, and more than once.
  return "head" in slice
    ? new ScannedElement(exactSlice(text, slice), slice.head)
    : new ScannedElement(exactText(text.bytes, slice), undefined);
}

class ScannedElement implements ApiElement {
  readonly text: RecordText;
  readonly head: ApiElement["head"];

  constructor(text: RecordText, head: ApiElement["head"]) {
    this.text = text;
    this.head = head;
  }

  value(): unknown {
    return attempt(() => JSON.parse(String(this.text)) as unknown);
  }
}

function memberText(json: Buffer, scanned: ScannedObject | undefined, name: string): Buffer | undefined {
  const slice = scanned?.members.get(name);
  return slice === undefined ? undefined : json.subarray(slice.start, slice.end);
}

function withElements<T>(
  outer: ScannedObject | undefined,
  inner: ScannedObject<T> | undefined,
): ScannedObject<T> | undefined {
  return outer === undefined ? undefined : { members: outer.members, elements: inner?.elements };
}

/** How many records there are, from an answer that may have none of them; undefined when it does not tell. */
export function readTotal(text: string): number | undefined {
  const { pagination } = (attempt(() => JSON.parse(text) as unknown) ?? {}) as {
    pagination?: { totalItems?: unknown };
  };
  const total = pagination?.totalItems;
  return typeof total === "number" && Number.isSafeInteger(total) && total >= 0 ? total : undefined;
}

/** The end of the list is told as null, `""`, the string `"null"`, or not at all; a cursor often comes percent-encoded, even twice. */
export function normalizeCursor(cursor: unknown): string | undefined {
  if (typeof cursor !== "string" || cursor === "" || cursor === "null") return undefined;
  let decoded = cursor;
  for (let times = 0; times < 3 && decoded.includes("%"); times++)
    decoded = attempt(() => decodeURIComponent(decoded)) ?? decoded;
  return decoded;
}

function member(json: Buffer, slice: Slice | undefined): unknown {
  return slice === undefined ? undefined : attempt(() => parseSlice(json, slice));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // Bad input is a value here; the callers count it or refuse the page.
    return undefined;
  }
}

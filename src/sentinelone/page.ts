import { exactText, parseSlice, scanObject } from "../lib/exact-json.ts";
import { FeedUnavailableError } from "./errors.ts";

/** An API answer with a list: its records as text and value, and the cursor to the next page. */
export interface ApiPage {
  readonly elements: readonly ApiElement[];
  /** Undefined at the end of the list. */
  readonly nextCursor: string | undefined;
}

export interface ApiElement {
  /** JSON; integers that `JSON.parse` would round stand in quotes. */
  readonly text: string;
  /** Of the members that were asked for, those that the record has; undefined when it must be parsed to know. */
  readonly head: Readonly<Record<string, unknown>> | undefined;
  /** Parses the text; undefined when it is not JSON. Not kept: a thousand parsed records are megabytes. */
  readonly value: () => unknown;
}

/**
 * Reads the envelope `{data:[…], pagination:{nextCursor}, errors?}`. Throws `BRIDGE_FEED_UNAVAILABLE` for torn JSON,
 * for anything without a list, and for `errors` without records: a 200 may carry both. `headNames`: the members that are
 * wanted of each record.
 */
export function readPage(text: string, path: string, headNames: readonly string[] = []): ApiPage {
  const scanned = scanObject(text, "data", headNames);
  if (scanned === undefined)
    throw new FeedUnavailableError(
      `the answer to ${path} is torn: ${text.length} characters that are no whole JSON object`,
    );
  const errors = member(text, scanned.members.get("errors"));
  const failed = Array.isArray(errors) && errors.length > 0;
  if (scanned.elements === undefined || (failed && scanned.elements.length === 0)) {
    throw new FeedUnavailableError(
      `the answer to ${path} has no usable data${failed ? `, but errors: ${JSON.stringify(errors).slice(0, 300)}` : ""}`,
    );
  }
  const pagination = member(text, scanned.members.get("pagination")) as { nextCursor?: unknown } | undefined;
  return {
    elements: scanned.elements.map((slice) => {
      const own = exactText(text, slice);
      return { text: own, head: slice.head, value: () => attempt(() => JSON.parse(own) as unknown) };
    }),
    nextCursor: normalizeCursor(pagination?.nextCursor),
  };
}

/** The end of the list is told as null, `""`, the string `"null"`, or not at all; a cursor often comes percent-encoded, even twice. */
export function normalizeCursor(cursor: unknown): string | undefined {
  if (typeof cursor !== "string" || cursor === "" || cursor === "null") return undefined;
  let decoded = cursor;
  for (let times = 0; times < 3 && decoded.includes("%"); times++)
    decoded = attempt(() => decodeURIComponent(decoded)) ?? decoded;
  return decoded;
}

function member(text: string, slice: Parameters<typeof parseSlice>[1] | undefined): unknown {
  return slice === undefined ? undefined : attempt(() => parseSlice(text, slice));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // Bad input is a value here; the callers count it or refuse the page.
    return undefined;
  }
}

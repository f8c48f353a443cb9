import type { JsonRecord, JsonValue } from "../event/event.ts";
import { SECRET_WORDS, isSecretName } from "../event/secrets.ts";

/** Their names as keys of JSON that stands inside a string. */
const SECRET_IN_TEXT = new RegExp(`"[^"]*(?:${SECRET_WORDS})[^"]*"\\s*:`, "i");

const LINK_NAME = /(?:url|uri|link)$/i;

/** Whether a member of this name holds a link. */
export function isLinkName(name: string): boolean {
  return LINK_NAME.test(name);
}

/** Deeper than any record of the console; what lies below is left out, so that no record can exhaust the stack. */
const MAX_DEPTH = 12;

export const REDACTED = "[redacted]";

/** The text itself, or `[redacted]` when it is JSON with a secret in it. */
export function withoutSecrets(text: string): string {
  const first = text.charCodeAt(0);
  if (first !== BRACE && first !== BRACKET) return text;
  return SECRET_IN_TEXT.test(text) ? REDACTED : text;
}

const BRACE = 0x7b;
const BRACKET = 0x5b;

/** A link without its query and fragment: they may carry a key that opens it. */
export function withoutQuery(link: string): string {
  const end = link.search(/[?#]/);
  return end === -1 ? link : link.slice(0, end);
}

/** How the two times begin by which the console says that something never was; `parseTime` knows them, too. */
export const NEVER = ["1970-01-01T00:00:00", "2185-07-21T23:34:33"] as const;

export function isNever(text: string): boolean {
  return (text.startsWith(NEVER[0]) || text.startsWith(NEVER[1])) && text.length <= 27;
}

/** Compact JSON without secrets, nulls and empty texts. Undefined when nothing is left. */
export function compactJson(value: JsonValue, name = "", depth = 0): string | undefined {
  if (value === null || value === "" || depth > MAX_DEPTH) return undefined;
  if (typeof value === "string") {
    if (isNever(value)) return undefined;
    const text = withoutSecrets(value);
    return JSON.stringify(isLinkName(name) ? withoutQuery(text) : text);
  }
  // JSON has no infinity, though `1e999` parses as one.
  if (typeof value !== "object") return value === Infinity || value === -Infinity ? undefined : String(value);
  if (isList(value)) {
    const items = value.map((item) => compactJson(item, name, depth + 1)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : `[${items.join(",")}]`;
  }
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    const text = isSecretName(key) ? undefined : compactJson(member, key, depth + 1);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return members.length === 0 ? undefined : `{${members.join(",")}}`;
}

function isList(value: JsonRecord | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}

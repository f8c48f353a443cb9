import { createHash } from "node:crypto";
import type { JsonRecord, JsonValue } from "../event/event.ts";
import { SECRET_WORDS, isSecretName } from "../event/secrets.ts";

/**
 * Takes secrets out of records before they are stored: the spool and its dead letters lie on a disk that others back up.
 */

/** A string member with the name of a secret, in text that is not parsed. It may be torn. */
const SECRET_MEMBER = new RegExp(
  `("[^"]{0,100}(?:${SECRET_WORDS})[^"]{0,100}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*(?:"|$)`,
  "gi",
);

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

/** Deeper than any record of the console. */
const MAX_DEPTH = 12;

/** Whether a word of a secret's name stands anywhere in a record's text; if not, there is nothing to take out. */
export function mayHaveSecrets(text: string): boolean {
  return isSecretName(text);
}

/**
 * The record with a mark in the place of each secret. Under a secret's name only times and flags stay: when an API token
 * ends is worth telling. The mark is another one when the secret is, so that a change of it is seen, and says nothing else.
 */
export function withoutSecretValues(record: JsonRecord): JsonRecord {
  return members(record, false, 0);
}

/** A text that is no record, without the strings that follow a secret's name. */
export function withoutSecretTexts(text: string): string {
  return mayHaveSecrets(text) ? text.replace(SECRET_MEMBER, '$1"[redacted]"') : text;
}

function members(record: JsonRecord, isSecret: boolean, depth: number): JsonRecord {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, cleaned(value, isSecret || isSecretName(name), depth + 1)]),
  );
}

function cleaned(value: JsonValue, isSecret: boolean, depth: number): JsonValue {
  if (typeof value === "object" && value !== null) {
    if (depth > MAX_DEPTH) return null;
    return isList(value) ? value.map((item) => cleaned(item, isSecret, depth + 1)) : members(value, isSecret, depth);
  }
  if (value === null || value === "" || typeof value === "boolean") return value;
  if (isSecret) return typeof value === "string" && TIME.test(value) ? value : `[redacted ${bits(String(value))}]`;
  return typeof value === "string" && /^[[{]/.test(value) ? withoutSecretTexts(value) : value;
}

/** So few of its bits that nobody finds the secret by them. */
function bits(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 4);
}

function isList(value: JsonRecord | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}

import type { JsonRecord, JsonValue } from "./event.ts";

/**
 * What an object looked like, small enough to be kept for each one: 8 bytes for its content, 4 for its version, then 5 for
 * each field: 3 of its name and 2 of its value. Fields are those of the record and, one level deeper, those of its objects:
 * `threatInfo.incidentStatus`. Missing, null and empty are the same, and so are lists in another order: the console does
 * not always say the same thing in the same way.
 */
export type Fingerprint = Uint8Array;

const CONTENT_BYTES = 8;
const VERSION_BYTES = 4;
const HEAD_BYTES = CONTENT_BYTES + VERSION_BYTES;
const NAME_BYTES = 3;
const FIELD_BYTES = 5;

/** A record with more fields is told apart by its content, and the fields beyond are not named. */
const MAX_FIELDS = 250;

/** Deeper than any record of the console. */
const MAX_DEPTH = 12;

/** `volatile`: fields, or whole objects, that do not count as content; they move without anything having happened. */
export function fingerprint(
  record: JsonRecord,
  version: string | undefined,
  volatile: ReadonlySet<string> = NONE,
): Fingerprint {
  const fields = [...fieldsOf(record)].sort(([a], [b]) => (a < b ? -1 : 1));
  const content = fields.filter(([name]) => !volatile.has(name) && !volatile.has(name.slice(0, name.indexOf("."))));
  const named = fields.slice(0, MAX_FIELDS);
  const bytes = new Uint8Array(HEAD_BYTES + named.length * FIELD_BYTES);
  write(bytes, 0, CONTENT_BYTES, hash(content.map(([name, text]) => `${name}=${text}`).join("\n")));
  write(bytes, CONTENT_BYTES, VERSION_BYTES, hash(version ?? ""));
  for (const [index, [name, text]] of named.entries()) {
    const at = HEAD_BYTES + index * FIELD_BYTES;
    write(bytes, at, NAME_BYTES, hash(name));
    write(bytes, at + NAME_BYTES, FIELD_BYTES - NAME_BYTES, hash(text));
  }
  return bytes;
}

const NONE: ReadonlySet<string> = new Set();

export function isSameContent(a: Fingerprint, b: Fingerprint): boolean {
  return isEqual(a, b, 0, CONTENT_BYTES);
}

export function isSameVersion(a: Fingerprint, b: Fingerprint): boolean {
  return isEqual(a, b, CONTENT_BYTES, VERSION_BYTES);
}

/** The names of the fields that are not what they were, sorted; `updatedAt` goes without saying. */
export function changedFields(before: Fingerprint, record: JsonRecord): string[] {
  const known = new Map<number, number>();
  for (let at = HEAD_BYTES; at + FIELD_BYTES <= before.length; at += FIELD_BYTES) {
    known.set(read(before, at, NAME_BYTES), read(before, at + NAME_BYTES, FIELD_BYTES - NAME_BYTES));
  }
  const names: string[] = [];
  for (const [name, text] of fieldsOf(record, true)) {
    if (name === "updatedAt" || name.endsWith(".updatedAt")) continue;
    const value = text === "" ? undefined : low(hash(text), FIELD_BYTES - NAME_BYTES);
    if (known.get(low(hash(name), NAME_BYTES)) !== value) names.push(name);
  }
  return names.sort();
}

/** Each field with its text; with `empty`, those without a value, too, as `""`. */
function* fieldsOf(record: JsonRecord, empty = false): Generator<readonly [string, string]> {
  for (const [name, value] of Object.entries(record)) {
    if (isObject(value)) {
      for (const [inner, own] of Object.entries(value)) {
        const text = canonical(own, 2);
        if (empty || text !== "") yield [`${name}.${inner}`, text];
      }
    } else {
      const text = canonical(value, 1);
      if (empty || text !== "") yield [name, text];
    }
  }
}

function canonical(value: JsonValue, depth: number): string {
  if (value === null || value === "" || depth > MAX_DEPTH) return "";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = isObject(value)
    ? Object.entries(value).map(([name, member]) => [canonical(member, depth + 1), `${JSON.stringify(name)}:`] as const)
    : value.map((item) => [canonical(item, depth + 1), ""] as const);
  const texts = inner.filter(([text]) => text !== "").map(([text, name]) => name + text);
  if (texts.length === 0) return "";
  return isObject(value) ? `{${texts.sort().join(",")}}` : `[${texts.sort().join(",")}]`;
}

function isObject(value: JsonValue): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** 53 bits (cyrb53, public domain): good enough to tell one object's versions apart, and cheap. */
function hash(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}

function low(value: number, bytes: number): number {
  return value % 2 ** (8 * bytes);
}

function write(target: Uint8Array, at: number, bytes: number, value: number): void {
  let rest = value;
  for (let index = 0; index < bytes; index += 1) {
    target[at + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function read(source: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let index = bytes - 1; index >= 0; index -= 1) value = value * 256 + (source[at + index] ?? 0);
  return value;
}

function isEqual(a: Uint8Array, b: Uint8Array, start: number, length: number): boolean {
  for (let index = start; index < start + length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

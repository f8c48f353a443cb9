import { createHash } from "node:crypto";
import type { DeadLetter, PageRecord, RecordText } from "../bridge/ports.ts";
import type { JsonRecord, JsonValue } from "../event/event.ts";
import { fingerprint } from "../event/fingerprint.ts";
import { type Micros, parseTime, snowflakeTime } from "../event/time.ts";
import type { RecordSource } from "../feeds/definition.ts";
import type { ApiElement } from "./page.ts";
import { tooLong } from "./oversized.ts";
import { mayHaveSecrets, withoutSecretTexts, withoutSecretValues } from "./without-secrets.ts";

/** A record of an answer, with where it belongs. */
export interface ReadRecord {
  readonly value: JsonRecord;
  readonly text: RecordText;
  readonly id: string;
}

/**
 * Total: what is no record is a dead letter; a record without id gets one that is the same whenever it is read again.
 * Secrets are taken out, but for records that are not parsed here: activities have none.
 */
export function readElement(element: ApiElement, source: RecordSource): ReadRecord | DeadLetter {
  const oversized = tooLong(element.text);
  if (oversized !== undefined) return oversized;
  try {
    return readWhole(element, source);
  } catch (error) {
    // Nested so deep that it can not be written again.
    if (!(error instanceof RangeError)) throw error;
    return { reason: `too deep: ${error.message}`, text: withoutSecretTexts(String(element.text)) };
  }
}

function readWhole(element: ApiElement, { id, belongs }: RecordSource): ReadRecord | DeadLetter {
  const { head } = element;
  const read = head ?? element.value();
  if (!isRecord(read)) {
    return {
      reason: read === undefined ? "not JSON" : "not an object",
      text: withoutSecretTexts(String(element.text)),
    };
  }
  const hasSecrets = head === undefined && mayHaveSecrets(String(element.text));
  const value = hasSecrets ? withoutSecretValues(read) : read;
  const text = hasSecrets ? JSON.stringify(value) : element.text;
  const known = idOf(id === undefined ? value["id"] : id(value)) ?? digest(text);
  return belongs === undefined
    ? { id: known, value, text }
    : { id: known, ...withMembers(value, text, belongs(value)) };
}

export function isDeadLetter(read: ReadRecord | DeadLetter): read is DeadLetter {
  return "reason" in read;
}

/** The record with members that it lacks. */
export function withMembers(
  value: JsonRecord,
  text: RecordText,
  members: JsonRecord | undefined,
): { readonly value: JsonRecord; readonly text: RecordText } {
  const lacking = Object.entries(members ?? {}).filter(
    ([name, member]) => (value[name] ?? undefined) === undefined && (member ?? undefined) !== undefined,
  );
  if (lacking.length === 0) return { value, text };
  const whole = { ...value, ...Object.fromEntries(lacking) };
  return { value: whole, text: JSON.stringify(whole) };
}

/** The console's own text for an object's version. */
export function versionOf(value: JsonRecord, { version }: RecordSource): string | undefined {
  return textOf(version === undefined ? value["updatedAt"] : version(value));
}

/** An entry of a list that is read by time; `isObject`: a version of an object. */
export function entryOf(
  { id, value, text }: ReadRecord,
  source: RecordSource,
  { time, otherwise, isObject }: { time: JsonValue | undefined; otherwise: Micros; isObject: boolean },
): PageRecord {
  const at = parseTime(time) ?? snowflakeTime(id) ?? otherwise;
  if (!isObject) return { id, time: at, version: undefined, change: "event", text };
  const version = versionOf(value, source) ?? digest(text);
  return { id, time: at, version, text, fingerprint: fingerprint(value, version, volatileOf(source)) };
}

const VOLATILE = new WeakMap<RecordSource, ReadonlySet<string>>();

export function volatileOf(source: RecordSource): ReadonlySet<string> {
  let volatile = VOLATILE.get(source);
  if (volatile === undefined) {
    volatile = new Set(source.volatile);
    VOLATILE.set(source, volatile);
  }
  return volatile;
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function idOf(id: unknown): string | undefined {
  return typeof id === "number" ? String(id) : textOf(id);
}

/** What makes a record the one it is has to stay short: it is kept, and sent. */
const MAX_IDENTITY_LENGTH = 1024;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_IDENTITY_LENGTH ? value : undefined;
}

function digest(text: RecordText): string {
  return `sha256-${createHash("sha256").update(String(text)).digest("hex").slice(0, 24)}`;
}

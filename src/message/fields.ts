import type { CefEvent } from "../cef/cef-event.ts";
import { type ExtensionKey, extensionKey } from "../cef/extension.ts";
import { asText, CONFORM, isObject } from "../cef/reading.ts";
import { isSecretName } from "../event/secrets.ts";
import type { JsonValue, SecurityEvent } from "../event/event.ts";

/**
 * Keys that the operator adds or overrides for one collector. A key whose path gives nothing stays as the mapping has it.
 */
export interface Field {
  readonly key: string;
  /** A path in the record, such as `data.userName` or `indicators.0.category`, or `@console`, `@feed`. */
  readonly path: string | undefined;
  /** The same text for every event, in place of a path. */
  readonly value: string | undefined;
  readonly as: FieldTransform | undefined;
  /** `<key>Label`, for the custom keys of the dictionary (`cs1`). */
  readonly label: string | undefined;
}

export type FieldTransform = keyof typeof TRANSFORMS;

/** Pure and total: a value that a transform is not for stays as it is. */
export const TRANSFORMS = {
  lower: (value: JsonValue) => asText(value)?.toLowerCase(),
  upper: (value: JsonValue) => asText(value)?.toUpperCase(),
  first: (value: JsonValue) => asText(Array.isArray(value) ? ((value[0] as JsonValue | undefined) ?? null) : value),
  count: (value: JsonValue) => (Array.isArray(value) ? String(value.length) : asText(value)),
  file_name: (value: JsonValue) => asText(value)?.split(/[\\/]/).at(-1),
} as const;

/** What the message is known and told apart by. */
const OURS = new Set([
  "cat",
  "externalId",
  "rt",
  "activityID",
  "activityType",
  "siteId",
  "siteName",
  "accountId",
  "accountName",
  "notificationScope",
  "S1eventKey",
  "S1seq",
  "S1seq",
  "S1data",
  "S1changed",
  "S1truncated",
]);

const CUSTOM_KEYS = /^(?:cs[1-6]|cn[1-3]|cfp[1-4]|c6a[1-4]|flexString[12]|flexDate1|deviceCustomDate[12])$/;

/** What is wrong with a field, as the end of a sentence; undefined when it can be written. */
export function fieldFault({ key, label, path }: Pick<Field, "key" | "label" | "path">): string | undefined {
  if (OURS.has(key)) return "expected a key that s1bridge does not need itself";
  if (key.endsWith("Label") && CUSTOM_KEYS.test(key.slice(0, -"Label".length)))
    return `expected ${key.slice(0, -"Label".length)} with a label in place of a label alone`;
  if (label !== undefined && !CUSTOM_KEYS.test(key))
    return "a label is for the custom keys only: cs1-cs6, cn1-cn3, cfp1-cfp4, c6a1-c6a4, flexString1-2, flexDate1, deviceCustomDate1-2";
  if (path?.split(".").some(isSecretName) === true) return "expected a path without a secret: those never leave";
  try {
    extensionKey(key, label);
    return undefined;
  } catch {
    return "expected a key of the CEF dictionary for producers, or one that begins with S1";
  }
}

/** Writes the fields into the event's extension. Throws for a field that has a fault. */
export type FieldWriter = (event: SecurityEvent, cefEvent: CefEvent) => void;

export function createFieldWriter(fields: readonly Field[]): FieldWriter {
  const compiled = fields.map((field) => ({ key: fieldKey(field), read: reading(field) }));
  return (event, { extension }) => {
    for (const { key, read } of compiled) {
      const text = read(event);
      const conforming = text === undefined ? undefined : CONFORM[key.type](text);
      if (conforming !== undefined) extension.put(key, conforming);
    }
  };
}

function fieldKey({ key, label, path, value }: Field): ExtensionKey {
  return extensionKey(key, CUSTOM_KEYS.test(key) ? (label ?? path?.split(".").at(-1) ?? value ?? key) : undefined);
}

function reading({ path, value, as }: Field): (event: SecurityEvent) => string | undefined {
  if (path === undefined) return () => value;
  if (path === "@console") return (event) => event.console;
  if (path === "@feed") return (event) => event.feed;
  const steps = path.split(".");
  const transform = as === undefined ? asText : TRANSFORMS[as];
  return (event) => {
    const found = at(event.record, steps);
    return found === undefined || found === null ? undefined : transform(found);
  };
}

function at(record: JsonValue, steps: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = record;
  for (const step of steps) {
    if (Array.isArray(value)) value = /^\d+$/.test(step) ? (value as readonly JsonValue[])[Number(step)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

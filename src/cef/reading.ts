import { isIPv4, isIPv6 } from "node:net";

import type { JsonRecord, JsonValue } from "../event/event.ts";
import { parseTime, toMs } from "../event/time.ts";
import type { KeyType } from "./dictionary.ts";
import { compactJson, isNever, withoutQuery, withoutSecrets } from "./secrets.ts";

/**
 * How a value of a record becomes text. All of them are total: a value of another kind than expected gives a poorer
 * text or undefined, never an exception.
 */
export type Reading = (value: JsonValue) => string | undefined;

export function isObject(value: JsonValue | undefined): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Strings as they are, numbers and booleans as text, lists of such joined by `, `, anything else as compact JSON. */
export function asText(value: JsonValue): string | undefined {
  if (typeof value === "string") return value === "" || isNever(value) ? undefined : withoutSecrets(value);
  if (value === null) return undefined;
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value) && value.every(isScalar)) {
    const items = value.filter((item) => item !== null && item !== "").map((item) => asText(item));
    return items.length === 0 ? undefined : items.join(", ");
  }
  return compactJson(value);
}

function isScalar(value: JsonValue): boolean {
  return typeof value !== "object" || value === null;
}

/** A string, number or boolean; for fields whose name means something else where it holds a list or an object. */
export function asWord(value: JsonValue): string | undefined {
  return isScalar(value) ? asText(value) : undefined;
}

/** `true` only: a flag that is off says nothing that its absence does not. */
export function asFlag(value: JsonValue): string | undefined {
  return value === true || value === "true" ? "true" : undefined;
}

/** A list that has more than one item; for what a key of one value can not hold. */
export function asSeveral(value: JsonValue): string | undefined {
  const text = asText(value);
  return text?.includes(",") === true ? text : undefined;
}

/** A link without its query. */
export function asLink(value: JsonValue): string | undefined {
  return typeof value === "string" && value !== "" ? withoutQuery(value) : undefined;
}

/** The last part of a path, of either kind. */
export function asFileName(value: JsonValue): string | undefined {
  if (typeof value !== "string") return undefined;
  const name = value.slice(Math.max(value.lastIndexOf("\\"), value.lastIndexOf("/")) + 1);
  return name === "" ? undefined : name;
}

/** An integer that a key of 32 bits can not hold. */
export function asLargeInteger(value: JsonValue): string | undefined {
  const text = asWord(value);
  return text !== undefined && /^\d+$/.test(text) && Number(text) > MAX_INT32 ? text : undefined;
}

const MAX_INT32 = 2 ** 31 - 1;
const MIN_INT32 = -(2 ** 31);

/** Brings text into the form that a dictionary type asks for; undefined when it is not of that type. */
export const CONFORM: Readonly<Record<KeyType, (text: string) => string | undefined>> = {
  string: (text) => text,
  integer: (text) => {
    const inRange = /^-?\d{1,10}$/.test(text) && Number(text) <= MAX_INT32 && Number(text) >= MIN_INT32;
    return inRange ? String(Number(text)) : undefined;
  },
  long: (text) => {
    if (!/^-?\d{1,19}$/.test(text)) return undefined;
    const value = BigInt(text);
    return value === BigInt.asIntN(64, value) ? String(value) : undefined;
  },
  // Scores come as "8.00".
  double: (text) => (/^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? plainNumber(Number(text)) : undefined),
  ipv4: (text) => firstAddress(text, isIPv4),
  ipv6: (text) => firstAddress(text, isIPv6),
  mac: (text) =>
    /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(text) ? text.toLowerCase().replaceAll("-", ":") : undefined,
  time: (text) => {
    const time = parseTime(text);
    return time === undefined ? undefined : String(toMs(time));
  },
};

/** Undefined for a number that is written with an exponent only. */
function plainNumber(value: number): string | undefined {
  const text = String(value);
  return text.includes("e") ? undefined : text;
}

/** The console gives addresses as lists joined by commas; a zone (`%eth0`) means nothing elsewhere. */
function firstAddress(text: string, is: (address: string) => boolean): string | undefined {
  if (is === isIPv6 && !text.includes(":")) return undefined;
  if (is(text) && !text.includes("%")) return text;
  if (!text.includes(",") && !text.includes("%")) return undefined;
  for (const part of text.split(",")) {
    const address = part.trim().replace(/%.*$/, "");
    if (is(address)) return address;
  }
  return undefined;
}

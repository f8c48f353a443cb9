import { eventHead } from "../../cef/cef-event.ts";
import type { CefEvent } from "../../cef/cef-event.ts";
import { cleanText } from "../../cef/escape.ts";
import type { ExtensionKey } from "../../cef/extension.ts";
import { nativeTime } from "../../cef/mapping/head.ts";
import { asText, isObject } from "../../cef/reading.ts";
import type { FieldKey, Fields } from "../../cef/shorten.ts";
import type { JsonValue, SecurityEvent } from "../../event/event.ts";
import { microsFromMs } from "../../event/time.ts";
import { createMapping } from "./mapping.ts";
import type { FormatOptions } from "./mapping.ts";
import { categoryOf, nativeName, ORDER } from "./native-names.ts";

/**
 * Events as SentinelOne's `cef2` and `rfc-5424` have them: its keys in its order, with its misspellings. What SentinelOne
 * does not send keeps the name that it has in our CEF and stands behind the rest.
 */

export interface NativeEvent {
  readonly cef: CefEvent;
  readonly pairs: ReadonlyMap<string, NativeValue>;
}

type NativeValue = string | readonly (string | number)[];

/** How a format writes pairs. */
export interface NativeStyle {
  readonly affixes: (name: string) => Pick<FieldKey, "prefix" | "suffix">;
  readonly escape: (value: string) => string;
  /** Lists have no one form: a pair for each item, or all in one. */
  readonly list: (name: string, items: readonly (string | number)[]) => readonly (readonly [string, string])[];
}

export function createNativeMapping(options: FormatOptions): (event: SecurityEvent) => NativeEvent {
  const map = createMapping(options, "plain");
  return (event) => {
    const cef = map(event);
    return { cef, pairs: pairsOf(event, cef) };
  };
}

/** Half of one of these is a wrong one. */
const FIXED =
  /^(?:rt|cat|externalId|S1eventKey|S1seq|eventID|eventSeverity|vendor|notificationScope|siteName|accountName|activityType)$|I[dD]$|Timestmps$|Time$|Addresses|Address$/;
const ESSENTIAL =
  /^(?:rt|externalId|S1eventKey|S1seq|eventID|eventSeverity|notificationScope|siteId|siteName|accountId|accountName)$/;

/** What ends the message, in SentinelOne's order. */
const TRAILER = ["cat", "activityID", "activityType"];

export function nativeFields({ pairs }: NativeEvent, style: NativeStyle): Fields {
  const keys: FieldKey[] = [];
  const values: string[] = [];
  const add = (name: string, text: string): void => {
    const value = style.escape(text);
    if (value === "") return;
    keys.push({ name, ...style.affixes(name), isFixed: FIXED.test(name), isEssential: ESSENTIAL.test(name) });
    values.push(value);
  };
  const write = (name: string): void => {
    const value = pairs.get(name);
    if (typeof value === "string") add(name, value);
    else if (value !== undefined) for (const [itemName, item] of style.list(name, value)) add(itemName, item);
  };
  for (const name of ORDER) write(name);
  for (const name of pairs.keys()) if (!ORDERED.has(name)) write(name);
  const trailerStart = keys.length;
  for (const name of TRAILER) write(name);
  return { keys, values, truncated: [], trailerStart };
}

const ORDERED: ReadonlySet<string> = new Set([...ORDER, ...TRAILER]);

function pairsOf(event: SecurityEvent, cef: CefEvent): ReadonlyMap<string, NativeValue> {
  const { keys, values } = cef.extension;
  const found = new Map(keys.map((key, index) => [key.name, values[index] ?? ""]));
  const pairs = new Map<string, NativeValue>();
  pairs.set("rt", nativeTime(event.time, "detection"));
  pairs.set("deviceHostName", event.console);
  pairs.set("vendor", "SentinelOne");
  const { classId, name: description } = eventHead(cef);
  pairs.set("eventID", classId);
  pairs.set("eventDesc", description);
  pairs.set("eventSeverity", String(cef.severity));
  pairs.set("cat", categoryOf(event.feed, cef.classId));
  setIfAny(pairs, "originatorName", found.get("dhost") ?? found.get("suser"));
  setIfAny(pairs, "sourceIpAddresses", addresses(found));
  for (const [name, value] of ofTheRecord(event)) pairs.set(name, value);
  for (const [index, key] of keys.entries()) {
    const value = values[index] ?? "";
    const name = nativeName(event.feed, key, value);
    // A native key that already has a value does not take a second one; the value keeps its own key then.
    if (name !== undefined) pairs.set(pairs.has(name) ? key.name : name, nativeText(key, name, value));
  }
  return pairs;
}

function setIfAny(pairs: Map<string, NativeValue>, name: string, value: NativeValue | undefined): void {
  if (value !== undefined && value.length > 0) pairs.set(name, value);
}

function nativeText({ type }: ExtensionKey, name: string, value: string): NativeValue {
  if (type === "time" && /^\d+$/.test(value)) return nativeTime(microsFromMs(Number(value)), "detection");
  if (name === "sourceMacAddresses") return [value];
  return value === "true" ? "True" : value;
}

function addresses(found: ReadonlyMap<string, string>): string[] {
  const v4 = found.get("S1agentIpV4") ?? found.get("dst");
  const v6 = found.get("S1agentIpV6") ?? (found.has("destinationTranslatedAddress") ? found.get("c6a3") : undefined);
  return [v4, v6].flatMap((list) => list?.split(/, ?/) ?? []);
}

/** What SentinelOne sends of a threat and our CEF does not. */
function* ofTheRecord({ feed, record }: SecurityEvent): Generator<readonly [string, NativeValue]> {
  if (feed !== "threats") return;
  for (const [name, section, member] of THREAT_EXTRAS) {
    const text = asText(memberOf(record[section], member) ?? null);
    if (text !== undefined) yield [name, cleanText(text)];
  }
  const indicators = record["indicators"];
  const ids = (Array.isArray(indicators) ? (indicators as readonly JsonValue[]) : [])
    .flatMap((indicator) => memberOf(indicator, "ids") ?? [])
    .filter((id) => typeof id === "number");
  if (ids.length > 0) yield ["threatIndicatorsList", ids];
}

const THREAT_EXTRAS = [
  ["sourceAgentRegisterTimestmps", "agentDetectionInfo", "agentRegisteredAt"],
  ["sourceOsRevision", "agentRealtimeInfo", "agentOsRevision"],
  ["sourceThreatCount", "agentRealtimeInfo", "activeThreats"],
] as const;

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isObject(value) ? value[name] : undefined;
}

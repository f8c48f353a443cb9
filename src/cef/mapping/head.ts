import type { SecurityEvent } from "../../event/event.ts";
import { formatTime, toMs } from "../../event/time.ts";
import type { Micros } from "../../event/time.ts";
import type { MappingOptions } from "../cef-event.ts";
import { Extension, extensionKey } from "../extension.ts";
import type { CompiledTable, Findings } from "./table.ts";

/** What every message carries, whatever its feed: the keys at the head and the scope at the end. */

const CAT = extensionKey("cat");
const EXTERNAL_ID = extensionKey("externalId");
const EVENT_KEY = extensionKey("S1eventKey");
const SEQUENCE = extensionKey("S1seq");
const RT = extensionKey("rt");
const CHANGED = extensionKey("S1changed");
const NOTIFICATION_SCOPE = extensionKey("notificationScope");

/** `detection`: native syslog gives threats another time format than the console's own events. */
export type Kind = "detection" | "administration";

export function startExtension(
  event: Pick<SecurityEvent, "id" | "key" | "time"> & { readonly sequence?: number | undefined },
  category: string,
  kind: Kind,
  { rt, values, sequence = false }: MappingOptions,
): Extension {
  const extension = new Extension(values);
  extension.add(CAT, category);
  extension.add(EXTERNAL_ID, event.id);
  extension.add(EVENT_KEY, event.key);
  if (sequence && event.sequence !== undefined) extension.add(SEQUENCE, String(event.sequence));
  extension.add(RT, rt === "epoch" ? String(toMs(event.time)) : nativeTime(event.time, kind));
  return extension;
}

/** What an object's new version differs in. */
export function addChanged(extension: Extension, { changed = [] }: SecurityEvent): void {
  extension.add(CHANGED, changed.join(","));
}

/** `notificationScope` ends the message: parsers of the native form look for a key behind every other value. */
export function endExtension(extension: Extension, table: CompiledTable): void {
  table.writeTrailer(extension);
  extension.add(NOTIFICATION_SCOPE, scopeOf(table));
}

/** What `notificationScope` says, by what the trailer has found. */
export function scopeOf(findings: Findings): string {
  if (findings.isFound("siteId")) return "SITE";
  return findings.isFound("accountId") ? "ACCOUNT" : "GLOBAL";
}

/** `2021-06-09 12:56:34.684145` for detections, `#arcsightDate(Mon, 21 Sep 2026, 13:47:01 UTC)` for the rest. */
export function nativeTime(time: Micros, kind: Kind): string {
  if (kind === "detection") return formatTime(time).slice(0, -1).replace("T", " ");
  // "Mon, 21 Sep 2026 13:47:01 GMT" (ECMA-262, Date.prototype.toUTCString).
  const text = new Date(toMs(time)).toUTCString();
  return `#arcsightDate(${text.slice(0, 16)}, ${text.slice(17, 25)} UTC)`;
}

import type { SecurityEvent } from "../event/event.ts";
import type { CefSeverity } from "../event/severity.ts";
import { headerField, headerText } from "./escape.ts";
import type { Extension } from "./extension.ts";

/** An event as CEF, not yet one string: it may still have to be shortened. */
export interface CefEvent {
  readonly deviceVersion: string;
  readonly classId: string;
  readonly name: string;
  readonly severity: CefSeverity;
  readonly extension: Extension;
}

/** Makes events of one feed into CEF. Total: every record gives an event, a strange one a poorer event. */
export type FeedMapping = (event: SecurityEvent) => CefEvent;

export interface MappingOptions {
  /** `native` writes `rt` as SentinelOne's own syslog does, for parsers that know only that. */
  readonly rt: "epoch" | "native";
  /** Whether fields without a key of their own are sent as `S1data`. */
  readonly unmappedData: boolean;
  /** `plain` for formats with other rules for values than CEF. */
  readonly values?: "cef" | "plain";
  /** Whether each message carries `S1seq`, its number in its feed. */
  readonly sequence?: boolean;
}

/** Longest header fields (CEF Implementation Standard, "Header field definitions"). */
export const MAX_DEVICE_VERSION = 31;
const MAX_CLASS_ID = 1023;
export const MAX_NAME = 512;

/** The console's API version stands for a console that does not tell its build. No header field may be blank. */
const UNKNOWN_VERSION = "2.1";

/** What stands before the version. */
export const HEADER_START = "CEF:0|SentinelOne|Mgmt|";

export function versionField(deviceVersion: string): string {
  return headerField(deviceVersion, MAX_DEVICE_VERSION) || UNKNOWN_VERSION;
}

/** `CEF:0|...|severity|`. Names longer than `maxNameLength` characters are cut. */
export function cefHeader(event: Omit<CefEvent, "extension">, maxNameLength = MAX_NAME): string {
  const version = versionField(event.deviceVersion);
  const classId = headerField(event.classId, MAX_CLASS_ID);
  const name = headerField(event.name, maxNameLength) || classId;
  return `${HEADER_START}${version}|${classId}|${name}|${event.severity}|`;
}

/** The same parts for other formats: on one line, never blank, without escapes. */
export interface EventHead {
  readonly version: string;
  readonly classId: string;
  readonly name: string;
}

export function eventHead(event: CefEvent, maxNameLength = MAX_NAME): EventHead {
  const classId = headerText(event.classId, MAX_CLASS_ID);
  return {
    version: headerText(event.deviceVersion, MAX_DEVICE_VERSION) || UNKNOWN_VERSION,
    classId,
    name: headerText(event.name, maxNameLength) || classId,
  };
}

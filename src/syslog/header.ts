import type { SyslogSeverity } from "../event/severity.ts";
import { formatTime, toMs } from "../event/time.ts";
import type { Micros } from "../event/time.ts";
import { FACILITIES } from "./facility.ts";
import type { Facility } from "./facility.ts";

export type HeaderFormat = "rfc3164" | "rfc5424" | "none";

export interface HeaderOptions {
  readonly format: HeaderFormat;
  readonly facility: Facility;
  readonly hostname: string;
  /** What follows the host in an RFC 3164 header, such as `SentinelOne: `. */
  readonly tag?: string;
  /** Whether the message brings the structured data of an RFC 5424 header with it. */
  readonly endsBeforeStructuredData?: boolean;
}

/** Writes everything that stands before the message, its space included; empty for `none`. */
export type HeaderWriter = (severity: SyslogSeverity, time: Micros, messageId: string) => string;

const APP_NAME = "SentinelOne";

/**
 * A writer for one collector. Times are UTC.
 *
 * RFC 5424 goes without a byte order mark: rsyslog hands it on in front of `CEF:`.
 */
export function createHeader(options: HeaderOptions): HeaderWriter {
  const hostname = printable(options.hostname, 255);
  const pri = (severity: SyslogSeverity): string => `<${FACILITIES[options.facility] * 8 + severity}>`;
  const { tag = "" } = options;
  const structuredData = options.endsBeforeStructuredData === true ? "" : "- ";
  switch (options.format) {
    case "rfc3164": {
      // The same for all neighbours of a second and a severity.
      let second = "";
      let made: string[] = [];
      return (severity, time) => {
        const text = rfc3164Time(time);
        if (text !== second) [second, made] = [text, []];
        return (made[severity] ??= `${pri(severity)}${text} ${hostname} ${tag}`);
      };
    }
    case "rfc5424":
      return (severity, time, messageId) =>
        `${pri(severity)}1 ${formatTime(time)} ${hostname} ${APP_NAME} - ${printable(messageId, 32)} ${structuredData}`;
    case "none":
      return () => "";
  }
}

const NOT_PRINTABLE = /[^!-~]/g;

/** PRINTUSASCII of at most `maxLength` characters, or the NILVALUE `-`. */
function printable(text: string, maxLength: number): string {
  const cleaned = text.replace(NOT_PRINTABLE, "").slice(0, maxLength);
  return cleaned === "" ? "-" : cleaned;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

let lastSecond = Number.NaN;
let lastText = "";

/** `Sep  1 07:05:09`, the day padded with a space (RFC 3164 section 4.1.2). Neighbours share a second: kept. */
export function rfc3164Time(time: Micros): string {
  const second = Math.floor(toMs(time) / 1000);
  if (second === lastSecond) return lastText;
  const date = new Date(second * 1000);
  const day = String(date.getUTCDate()).padStart(2);
  lastText = `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`;
  lastSecond = second;
  return lastText;
}

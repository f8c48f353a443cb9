import { eventHead } from "../../cef/cef-event.ts";
import { writeFields } from "../../cef/shorten.ts";
import { createMapping } from "./mapping.ts";
import type { FormatOptions } from "./mapping.ts";
import type { Format } from "./format.ts";
import { FieldKeys, fieldsOf, onOneLine } from "./plain.ts";

/**
 * LEEF 2.0 (IBM QRadar), attributes parted by `^`: its default, a tab, is rewritten by collectors (`#011`) and breaks
 * them. LEEF has no escapes, so a caret or a pipe that would part what belongs together becomes its look-alike.
 */
export function leefFormat(options: FormatOptions): Format {
  // `devTime` without a format is milliseconds.
  const map = createMapping({ ...options, rt: "epoch" }, "plain");
  const keys = new FieldKeys(({ name, label }) => ({ prefix: prefix(name, label), suffix: "" }));
  return {
    map: (event) => {
      const mapped = map(event);
      const head = (maxNameLength?: number): string => {
        const { version, classId, name } = eventHead(mapped, maxNameLength);
        const severity = Math.max(1, mapped.severity);
        return (
          `LEEF:2.0|SentinelOne|Mgmt|${inHeader(version)}|${inHeader(classId)}|^|` +
          `sev=${severity}^eventName=${inValue(name)}`
        );
      };
      const envelope = {
        head,
        tail: () => "",
        truncatedKey: { prefix: "^S1truncated=", suffix: "" },
        skipsFirst: false,
      };
      return {
        severity: mapped.severity,
        messageId: mapped.classId,
        write: (maxBytes) => writeFields(envelope, fieldsOf(mapped, keys, inValue), maxBytes),
      };
    },
    tag: "",
    startsWithStructuredData: false,
    keyPattern: /(?<=[\^|])[A-Za-z0-9_]+=/g,
  };
}

/** LEEF's own names for what the keys of CEF hold; QRadar reads them without further ado. */
const PREDEFINED: Readonly<Record<string, string>> = {
  rt: "devTime",
  suser: "usrName",
  dhost: "identHostName",
  smac: "srcMAC",
  dmac: "dstMAC",
  spt: "srcPort",
  dpt: "dstPort",
};

function prefix(name: string, label: string | undefined): string {
  const before = label === undefined ? "" : `^${name}Label=${inValue(label)}`;
  return `${before}^${PREDEFINED[name] ?? name}=`;
}

function inValue(value: string): string {
  return onOneLine(value).replaceAll("^", "\u02c6");
}

function inHeader(value: string): string {
  return inValue(value).replaceAll("|", "\u00a6");
}

import { eventHead } from "../../cef/cef-event.ts";
import type { CefEvent } from "../../cef/cef-event.ts";
import type { ExtensionKey } from "../../cef/extension.ts";
import { writeFields } from "../../cef/shorten.ts";
import type { SecurityEvent } from "../../event/event.ts";
import { formatTime } from "../../event/time.ts";
import { createMapping } from "./mapping.ts";
import type { FormatOptions } from "./mapping.ts";
import type { Format } from "./format.ts";
import { FieldKeys, fieldsOf } from "./plain.ts";

/**
 * One flat object a line, with the keys of CEF's dictionary. Whole numbers are numbers but for ids, which are always
 * strings: a reader would round them.
 */
export function jsonFormat(options: FormatOptions): Format {
  const map = createMapping(options, "plain");
  const keys = new FieldKeys(affixes);
  return {
    map: (event) => {
      const mapped = map(event);
      const envelope = {
        head: (maxNameLength?: number) => head(event, mapped, maxNameLength),
        tail: () => "}",
        truncatedKey: { prefix: ',"S1truncated":"', suffix: '"' },
        skipsFirst: false,
      };
      return {
        severity: mapped.severity,
        messageId: mapped.classId,
        write: (maxBytes) => writeFields(envelope, fieldsOf(mapped, keys, escapeJson), maxBytes),
      };
    },
    tag: "SentinelOne: ",
    startsWithStructuredData: false,
    keyPattern: /(?<=[{,])"[A-Za-z0-9_]+":/g,
  };
}

function head({ time }: SecurityEvent, mapped: CefEvent, maxNameLength: number | undefined): string {
  const { version, classId, name } = eventHead(mapped, maxNameLength);
  return (
    `{"time":"${formatTime(time)}","deviceVendor":"SentinelOne","deviceProduct":"Mgmt",` +
    `"deviceVersion":"${escapeJson(version)}","deviceEventClassId":"${escapeJson(classId)}",` +
    `"name":"${escapeJson(name)}","severity":${mapped.severity}`
  );
}

const NUMBERS: ReadonlySet<string> = new Set(["integer", "double"]);

function affixes({ name, label, type }: ExtensionKey): { prefix: string; suffix: string } {
  const before = label === undefined ? "" : `,"${name}Label":"${escapeJson(label)}"`;
  return NUMBERS.has(type)
    ? { prefix: `${before},"${name}":`, suffix: "" }
    : { prefix: `${before},"${name}":"`, suffix: '"' };
}

/** Clean text has no control characters but line breaks, so every escape is of two characters. */
function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

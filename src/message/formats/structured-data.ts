import { eventHead } from "../../cef/cef-event.ts";
import { writeFields } from "../../cef/shorten.ts";
import { formatTime } from "../../event/time.ts";
import { createMapping } from "./mapping.ts";
import type { FormatOptions } from "./mapping.ts";
import type { Format } from "./format.ts";
import { nativeFields, createNativeMapping } from "./native.ts";
import type { NativeStyle } from "./native.ts";
import { FieldKeys, fieldsOf, onOneLine } from "./plain.ts";

/**
 * The event as structured data of its RFC 5424 header, the name of the event as the text behind it.
 *
 * The number behind the @ is that for examples (RFC 5612): this project has none of its own.
 */
export function structuredFormat(options: FormatOptions): Format {
  const map = createMapping(options, "plain");
  const keys = new FieldKeys(({ name, label }) => {
    const before = label === undefined ? "" : ` ${parameter(`${name}Label`)}="${escapeParameter(label)}"`;
    return { prefix: `${before} ${parameter(name)}="`, suffix: '"' };
  });
  return {
    map: (event) => {
      const mapped = map(event);
      const envelope = {
        head: () => {
          const { version, classId } = eventHead(mapped);
          return (
            `[s1bridge@32473 deviceVersion="${escapeParameter(version)}"` +
            ` deviceEventClassId="${escapeParameter(classId)}" severity="${mapped.severity}"`
          );
        },
        tail: (maxNameLength?: number) => `] ${eventHead(mapped, maxNameLength).name}`,
        truncatedKey: { prefix: ' S1truncated="', suffix: '"' },
        skipsFirst: false,
      };
      return {
        severity: mapped.severity,
        messageId: mapped.classId,
        write: (maxBytes) => writeFields(envelope, fieldsOf(mapped, keys, escapeParameter), maxBytes),
      };
    },
    tag: "",
    startsWithStructuredData: true,
    keyPattern: /(?<= )[A-Za-z0-9_]+="/g,
  };
}

/**
 * As SentinelOne's own `rfc-5424`: an element for each field, under SentinelOne's enterprise number, lists as `.0`, `.1`.
 * It speaks in SentinelOne's name, so it has to be asked for.
 */
export function nativeStructuredFormat(options: FormatOptions): Format {
  const map = createNativeMapping(options);
  return {
    map: (event) => {
      const mapped = map(event);
      const envelope = {
        // The one field of newer native messages whose time Exabeam reads.
        head: () => `${NATIVE_STYLE.affixes("createdAt").prefix}${formatTime(event.time)}"]`,
        tail: (maxNameLength?: number) => ` ${eventHead(mapped.cef, maxNameLength).name}`,
        truncatedKey: NATIVE_STYLE.affixes("S1truncated"),
        skipsFirst: false,
      };
      return {
        severity: mapped.cef.severity,
        messageId: event.id,
        write: (maxBytes) => writeFields(envelope, nativeFields(mapped, NATIVE_STYLE), maxBytes),
      };
    },
    tag: "",
    startsWithStructuredData: true,
    keyPattern: /(?<=\[)[^ "]+ [A-Za-z0-9_.]+="/g,
  };
}

const NATIVE_STYLE: NativeStyle = {
  affixes: (name) => ({
    prefix: `[${name.slice(0, MAX_NAME - NUMBER.length)}${NUMBER} ${parameter(name)}="`,
    suffix: '"]',
  }),
  escape: escapeParameter,
  list: (name, items) => items.map((item, index) => [`${name}.${index}`, String(item)]),
};

const NUMBER = "@53163";

/** Names of elements and of parameters have at most 32 characters (RFC 5424 section 6.3). */
const MAX_NAME = 32;

function parameter(name: string): string {
  return name.slice(0, MAX_NAME);
}

function escapeParameter(value: string): string {
  return onOneLine(value).replace(/["\\\]]/g, "\\$&");
}

import { eventHead } from "../../cef/cef-event.ts";
import { writeFields } from "../../cef/shorten.ts";
import type { FormatOptions } from "./mapping.ts";
import type { Format } from "./format.ts";
import { nativeFields, createNativeMapping } from "./native.ts";
import type { NativeStyle } from "./native.ts";
import { onOneLine } from "./plain.ts";

/**
 * SentinelOne's `CEF:2`, which is not CEF: pairs parted by pipes, lists as Python writes them. It has no escapes, so a
 * pipe in a value becomes its look-alike.
 */
export function cef2Format(options: FormatOptions): Format {
  const map = createNativeMapping(options);
  return {
    map: (event) => {
      const native = map(event);
      const envelope = {
        head: () => `CEF:2|SentinelOne|Mgmt|${escape(eventHead(native.cef).version)}`,
        tail: () => "",
        truncatedKey: STYLE.affixes("S1truncated"),
        skipsFirst: false,
      };
      return {
        severity: native.cef.severity,
        messageId: native.cef.classId,
        write: (maxBytes) => writeFields(envelope, nativeFields(native, STYLE), maxBytes),
      };
    },
    tag: "",
    startsWithStructuredData: false,
    keyPattern: /(?<=\|)[A-Za-z0-9_]+=/g,
  };
}

const STYLE: NativeStyle = {
  affixes: (name) => ({ prefix: `|${name}=`, suffix: "" }),
  escape,
  list: (name, items) => [[name, `[${items.map((item) => pythonLiteral(item)).join(", ")}]`]],
};

function escape(value: string): string {
  return onOneLine(value).replaceAll("|", "\u00a6");
}

function pythonLiteral(item: string | number): string {
  return typeof item === "number" ? String(item) : `'${item.replaceAll("'", "\u2019")}'`;
}

import { cefHeader } from "./cef-event.ts";
import type { CefEvent } from "./cef-event.ts";
import { fits, shorten } from "./shorten.ts";
import type { Fields } from "./shorten.ts";

/** Writes a CEF event into a given number of bytes; `shorten.ts` says what becomes of one that is too long. */
export function renderCef(event: CefEvent, maxBytes: number): string {
  const text = join(cefHeader(event), event.extension);
  if (fits(text, maxBytes)) return text;
  const head = (maxNameLength?: number): string => cefHeader(event, maxNameLength);
  return shorten({ head, tail: () => "", truncatedKey: TRUNCATED, skipsFirst: true }, event.extension, maxBytes);
}

const TRUNCATED = { prefix: " S1truncated=", suffix: "" };

/** The first key stands at once behind the header: its prefix goes without the space. */
function join(header: string, { keys, values, truncated, trailerStart }: Fields): string {
  let text = header + (keys[0]?.prefix.slice(1) ?? "") + (values[0] ?? "");
  for (let index = 1; index < keys.length; index += 1) {
    if (index === trailerStart && truncated.length > 0) text += TRUNCATED.prefix + truncated.join(",");
    text += (keys[index]?.prefix ?? "") + (values[index] ?? "");
  }
  return text;
}

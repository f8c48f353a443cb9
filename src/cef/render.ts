import { cefHeader } from "./cef-event.ts";
import type { CefEvent } from "./cef-event.ts";
import { fits, shorten } from "./shorten.ts";
import type { Fields } from "./shorten.ts";

/** Writes a CEF event into a given number of bytes; `shorten.ts` says what becomes of one that is too long. */
export function renderCef(event: CefEvent, maxBytes: number): string {
  const text = cefHeader(event) + join(event.extension);
  if (fits(text, maxBytes)) return text;
  const head = (maxNameLength?: number): string => cefHeader(event, maxNameLength);
  return shorten({ head, tail: () => "", truncatedKey: TRUNCATED, skipsFirst: true }, event.extension, maxBytes);
}

const TRUNCATED = { prefix: " S1truncated=", suffix: "" };

function join({ keys, values, truncated, trailerStart }: Fields): string {
  let text = "";
  for (let index = 0; index < keys.length; index += 1) {
    if (index === trailerStart && truncated.length > 0) text += TRUNCATED.prefix + truncated.join(",");
    text += (keys[index]?.prefix ?? "") + (values[index] ?? "");
  }
  return text.slice(1);
}

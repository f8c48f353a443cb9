import type { CefEvent } from "../../cef/cef-event.ts";
import { renderCef } from "../../cef/render.ts";
import type { CefSeverity } from "../../event/severity.ts";
import type { Format, MappedEvent } from "./format.ts";
import { createMapping } from "./mapping.ts";
import type { FormatOptions } from "./mapping.ts";

/**
 * CEF version 0. Without a tag in RFC 3164: rsyslog then takes `CEF:` for the tag, the form that the Azure Monitor Agent
 * knows.
 */
export function cefFormat(options: FormatOptions): Format {
  const map = createMapping(options, "cef");
  return {
    map: (event) => new MappedCef(map(event)),
    tag: "",
    startsWithStructuredData: false,
    keyPattern: /(?<=[ |])[A-Za-z0-9_]+=/g,
  };
}

class MappedCef implements MappedEvent {
  readonly #event: CefEvent;

  constructor(event: CefEvent) {
    this.#event = event;
  }

  get severity(): CefSeverity {
    return this.#event.severity;
  }

  get messageId(): string {
    return this.#event.classId;
  }

  write(maxBytes: number): string {
    return renderCef(this.#event, maxBytes);
  }
}

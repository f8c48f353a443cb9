import type { CefEvent, MappingOptions } from "../../cef/cef-event.ts";
import { mapFeeds } from "../../cef/mapping/feeds.ts";
import type { SecurityEvent } from "../../event/event.ts";
import { type Field, createFieldWriter } from "../fields.ts";

/** What a format needs to know of its collector. */
export interface FormatOptions extends Pick<MappingOptions, "rt" | "unmappedData" | "sequence"> {
  /** Keys that are added or overridden. */
  readonly fields?: readonly Field[];
}

/** The one mapping of all formats, the operator's fields included. `plain`: with values as they are, not as CEF has them. */
export function createMapping(options: FormatOptions, values: "cef" | "plain"): (event: SecurityEvent) => CefEvent {
  const { rt, unmappedData, sequence = false } = options;
  const map = mapFeeds({ rt, unmappedData, sequence, values });
  const writeFields = createFieldWriter(options.fields ?? []);
  return (event) => {
    const mapped = map(event);
    writeFields(event, mapped);
    return mapped;
  };
}

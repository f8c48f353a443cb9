import { unescapeExtension } from "../cef/escape.ts";
import { mapFeeds } from "../cef/mapping/feeds.ts";
import type { SecurityEvent } from "../event/event.ts";
import type { CefSeverity } from "../event/severity.ts";
import type { MessageOptions } from "./encoder.ts";
import { createFieldWriter } from "./fields.ts";

/** What an event becomes for one collector, in parts: before it is shortened, and as it was before it was escaped. */
export interface ExplainedEvent {
  readonly classId: string;
  readonly name: string;
  readonly severity: CefSeverity;
  readonly keys: ReadonlyMap<string, string>;
}

export function createExplainer(options: MessageOptions): (event: SecurityEvent) => ExplainedEvent {
  const map = mapFeeds(options);
  const writeFields = createFieldWriter(options.fields ?? []);
  return (event) => {
    const mapped = map(event);
    writeFields(event, mapped);
    const { classId, name, severity, extension } = mapped;
    const keys = new Map(
      extension.keys.map((key, at) => [key.name, unescapeExtension(extension.values[at] ?? "")] as const),
    );
    return { classId, name, severity, keys };
  };
}

import { ActivityBytes } from "../cef/bytes/activities.ts";
import type { SecurityEvent } from "../event/event.ts";
import { toSyslogSeverity } from "../event/severity.ts";
import { createHeader } from "../syslog/header.ts";
import type { MessageSink, RendererOptions } from "./renderer.ts";

/** False for an event that is left to the encoder: then nothing was written. */
export type ByteRenderer = (event: SecurityEvent, sink: MessageSink) => boolean;

const NEWLINE = { endsLine: true } as const;

/**
 * The fast path: activities as CEF, by far the most of what is sent, from the bytes of their records, without parsing them.
 * It makes what the encoder makes, or nothing; a property test compares them.
 */
export function createByteRenderer(options: RendererOptions): ByteRenderer | undefined {
  const { format, fields = [], framing, maxMessageBytes, siemToken } = options;
  if (format !== "cef" || fields.length > 0) return undefined;
  const activities = new ActivityBytes(options);
  const { header, facility, hostname } = options;
  const writeHeader = createHeader({ format: header, facility, hostname });
  return (event, sink) => {
    const { feed, json } = event;
    const facts = json === undefined || feed !== "activities" ? undefined : activities.map(event, json);
    if (facts === undefined) return false;
    const syslogHeader = writeHeader(toSyslogSeverity(facts.severity), event.time, siemToken ?? facts.classId);
    const bytes = activities.finish(syslogHeader, event, facts);
    if (bytes === undefined || bytes > maxMessageBytes) return false;
    activities.handTo(sink, framing === "newline" ? NEWLINE : { prefix: `${bytes} ` });
    return true;
  };
}

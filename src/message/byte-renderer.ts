import { ActivityBytes } from "../cef/bytes/activities.ts";
import type { SecurityEvent } from "../event/event.ts";
import { toSyslogSeverity } from "../event/severity.ts";
import { createHeader } from "../syslog/header.ts";
import type { RendererOptions } from "./renderer.ts";

/** Undefined for an event that is left to the encoder. The bytes stand until the next call. */
export type ByteRenderer = (event: SecurityEvent) => Uint8Array | undefined;

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
  return (event) => {
    const { feed, json } = event;
    if (json === undefined || feed !== "activities") return undefined;
    const mapped = activities.map(event, json);
    if (mapped === undefined) return undefined;
    const { severity, classId } = mapped;
    const head = writeHeader(toSyslogSeverity(severity), event.time, siemToken ?? classId) + mapped.head;
    const bytes = Buffer.byteLength(head) + activities.length;
    if (bytes > maxMessageBytes) return undefined;
    switch (framing) {
      case "newline":
        return activities.message(head, "\n");
      case "octet_counting":
        return activities.message(`${bytes} ${head}`, "");
    }
  };
}

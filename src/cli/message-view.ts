import type { Encoder } from "../message/encoder.ts";
import type { SecurityEvent } from "../event/event.ts";
import type { Paint } from "./terminal.ts";

/** A message for people to read: the syslog header stands back, the keys stand out. Without colour it is the message. */
export function viewMessage(encoder: Encoder, event: SecurityEvent, { dim, cyan }: Paint): string {
  const { syslogHeader, body } = encoder.encodeParts(event);
  const header = syslogHeader === "" ? "" : dim(syslogHeader);
  return header + body.replace(encoder.keyPattern, (key) => cyan(key));
}

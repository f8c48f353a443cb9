import type { CefSeverity } from "../../event/severity.ts";
import type { SecurityEvent } from "../../event/event.ts";

/** One way to write an event. The syslog header in front of it is not its business. */
export interface Format {
  /**
   * Maps an event. Total: any record gives an event, a strange one a poorer one. What is given is valid until the next
   * call.
   */
  readonly map: (event: SecurityEvent) => MappedEvent;
  /** What stands between host and message in an RFC 3164 header, such as `SentinelOne: `; empty where none is wanted. */
  readonly tag: string;
  /** Whether a message begins with the structured data of its RFC 5424 header. */
  readonly startsWithStructuredData: boolean;
  /** Finds the keys of a message, for people to read: what it matches is no part of a value. */
  readonly keyPattern: RegExp;
}

export interface MappedEvent {
  readonly severity: CefSeverity;
  /** What an RFC 5424 header says as MSGID. */
  readonly messageId: string;
  /** One line of valid UTF-8 without control characters, of at most so many bytes. */
  readonly write: (maxBytes: number) => string;
}

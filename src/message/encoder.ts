import { MIN_MESSAGE_BYTES } from "../cef/shorten.ts";
import type { SecurityEvent } from "../event/event.ts";
import { toSyslogSeverity } from "../event/severity.ts";
import type { Facility } from "../syslog/facility.ts";
import type { Field } from "./fields.ts";
import { createHeader } from "../syslog/header.ts";
import type { HeaderFormat } from "../syslog/header.ts";
import { cef2Format } from "./formats/cef2.ts";
import { cefFormat } from "./formats/cef.ts";
import type { Format } from "./formats/format.ts";
import { jsonFormat } from "./formats/json.ts";
import { leefFormat } from "./formats/leef.ts";
import { nativeStructuredFormat, structuredFormat } from "./formats/structured-data.ts";

export type FormatName = "cef" | "cef2" | "rfc5424" | "json" | "leef";

/** How one collector wants its messages. */
export interface MessageOptions {
  readonly format: FormatName;
  readonly header: HeaderFormat;
  readonly facility: Facility;
  /** What stands for us in the syslog header. */
  readonly hostname: string;
  /** Bytes of UTF-8, syslog header included, framing not; at least `MIN_MESSAGE_BYTES`. */
  readonly maxMessageBytes: number;
  readonly rt: "epoch" | "native";
  /** Whether `data` fields without a key of their own are sent as `S1data`. */
  readonly unmappedData: boolean;
  /** Keys that are added or overridden. */
  readonly fields?: readonly Field[];
  /** `native`: an element for each field, as SentinelOne writes them. For the format `rfc5424`; `one` unless given. */
  readonly structuredData?: "one" | "native";
  /** What an RFC 5424 header says as MSGID in every message. */
  readonly siemToken?: string | undefined;
  /** Whether each message carries `S1seq`, its number in its feed. */
  readonly sequence?: boolean;
}

export interface Encoder {
  /**
   * The whole message without its framing: one line of valid UTF-8, never longer than `maxMessageBytes`.
   *
   * Total: any record gives a message, a strange one a poorer message. The same event gives the same message.
   */
  readonly encode: (event: SecurityEvent) => string;
  /** The message in its two parts, for people to read. */
  readonly encodeParts: (event: SecurityEvent) => MessageParts;
  /** Finds the keys in the body of a message. */
  readonly keyPattern: RegExp;
}

export interface MessageParts {
  /** What stands before the body, its space included. */
  readonly syslogHeader: string;
  readonly body: string;
}

export { MIN_MESSAGE_BYTES };

/** Throws a RangeError when `maxMessageBytes` is less than any message can be brought down to. */
export function createEncoder(options: MessageOptions): Encoder {
  const { maxMessageBytes, siemToken } = options;
  if (!(maxMessageBytes >= MIN_MESSAGE_BYTES)) {
    throw new RangeError(`maxMessageBytes: expected at least ${MIN_MESSAGE_BYTES}, got ${maxMessageBytes}`);
  }
  const format = createFormat(options);
  const writeHeader = createHeader({
    format: options.header,
    facility: options.facility,
    hostname: options.hostname,
    tag: format.tag,
    endsBeforeStructuredData: format.startsWithStructuredData,
  });
  const encodeParts = (event: SecurityEvent): MessageParts => {
    const mapped = format.map(event);
    const syslogHeader = writeHeader(toSyslogSeverity(mapped.severity), event.time, siemToken ?? mapped.messageId);
    // The syslog header is ASCII: as many bytes as characters.
    return { syslogHeader, body: mapped.write(maxMessageBytes - syslogHeader.length) };
  };
  return {
    encode: (event) => {
      const { syslogHeader, body } = encodeParts(event);
      return syslogHeader + body;
    },
    encodeParts,
    keyPattern: format.keyPattern,
  };
}

function createFormat(options: MessageOptions): Format {
  switch (options.format) {
    case "cef":
      return cefFormat(options);
    case "cef2":
      return cef2Format(options);
    case "rfc5424":
      return options.structuredData === "native" ? nativeStructuredFormat(options) : structuredFormat(options);
    case "json":
      return jsonFormat(options);
    case "leef":
      return leefFormat(options);
  }
}

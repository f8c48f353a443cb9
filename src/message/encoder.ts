import { createMappings } from "../cef/mapping/feeds.ts";
import { MIN_MESSAGE_BYTES, renderCef } from "../cef/render.ts";
import type { SecurityEvent } from "../event/event.ts";
import { toSyslogSeverity } from "../event/severity.ts";
import type { Facility } from "../syslog/facility.ts";
import { type Field, createFieldWriter } from "./fields.ts";
import { createHeader } from "../syslog/header.ts";
import type { HeaderFormat } from "../syslog/header.ts";

/** How one collector wants its messages. */
export interface MessageOptions {
  readonly format: "cef";
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
}

export interface Encoder {
  /**
   * The whole message without its framing: one line of valid UTF-8, never longer than `maxMessageBytes`.
   *
   * Total: any record gives a message, a strange one a poorer message. The same event gives the same message.
   */
  readonly encode: (event: SecurityEvent) => string;
  /** The parts of the message, for people to read. */
  readonly encodeParts: (event: SecurityEvent) => MessageParts;
}

export interface MessageParts {
  /** What stands before `CEF:`, its space included. */
  readonly syslogHeader: string;
  readonly cef: string;
}

export { MIN_MESSAGE_BYTES };

/** Throws a RangeError when `maxMessageBytes` is less than any message can be brought down to. */
export function createEncoder(options: MessageOptions): Encoder {
  if (!(options.maxMessageBytes >= MIN_MESSAGE_BYTES)) {
    throw new RangeError(`maxMessageBytes: expected at least ${MIN_MESSAGE_BYTES}, got ${options.maxMessageBytes}`);
  }
  const mappings = createMappings(options);
  const writeHeader = createHeader({ format: options.header, facility: options.facility, hostname: options.hostname });
  const writeFields = createFieldWriter(options.fields ?? []);
  const encodeParts = (event: SecurityEvent): MessageParts => {
    const cefEvent = mappings[event.feed](event);
    writeFields(event, cefEvent);
    const syslogHeader = writeHeader(toSyslogSeverity(cefEvent.severity), event.time, cefEvent.classId);
    // The syslog header is ASCII: as many bytes as characters.
    return { syslogHeader, cef: renderCef(cefEvent, options.maxMessageBytes - syslogHeader.length) };
  };
  return {
    encode: (event) => {
      const { syslogHeader, cef } = encodeParts(event);
      return syslogHeader + cef;
    },
    encodeParts,
  };
}

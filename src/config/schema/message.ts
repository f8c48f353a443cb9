import * as z from "zod";
import { expected, notes, wholeNumber, type ReportFault } from "../values.ts";
import { secretSource } from "./secret-source.ts";

export const FORMATS = ["cef", "cef2", "rfc5424", "json", "leef"] as const;
export const HEADERS = ["rfc3164", "rfc5424", "none"] as const;
export const FRAMINGS = ["newline", "octet_counting"] as const;

/** The facilities of RFC 5424 section 6.2.1 by their usual names, in the order of their numbers 0 to 23. */
export const FACILITIES = [
  "kern",
  "user",
  "mail",
  "daemon",
  "auth",
  "syslog",
  "lpr",
  "news",
  "uucp",
  "cron",
  "authpriv",
  "ftp",
  "ntp",
  "audit",
  "alert",
  "clock",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
] as const;

export type Facility = (typeof FACILITIES)[number];
export type Format = (typeof FORMATS)[number];
export type Header = (typeof HEADERS)[number];
export type Framing = (typeof FRAMINGS)[number];
export type ProfileName = "sentinel" | "huntress" | "generic";

/** The keys that a profile sets unless the collector sets them itself. */
export interface Profile {
  readonly format: Format;
  readonly header: Header;
  readonly framing: Framing;
  readonly facility: Facility;
  readonly max_message_bytes: number;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  sentinel: { format: "cef", header: "rfc3164", framing: "newline", facility: "local4", max_message_bytes: 8000 },
  huntress: { format: "cef", header: "rfc3164", framing: "newline", facility: "local4", max_message_bytes: 8000 },
  generic: { format: "cef", header: "rfc5424", framing: "octet_counting", facility: "local4", max_message_bytes: 8000 },
};

const BY_PROFILE = "by profile";

/** The keys of a collector that say how a message looks. */
export function messageKeys() {
  return {
    profile: z
      .enum(["sentinel", "huntress", "generic"])
      .default("sentinel")
      .meta(
        notes({
          description:
            "What stands behind the collector: sets the defaults of `format`, `header`, `framing`, `facility` and `max_message_bytes`.",
        }),
      ),
    format: z
      .enum(FORMATS)
      .optional()
      .meta(
        notes({
          description:
            "How an event is written: `cef` CEF version 0, `cef2` SentinelOne's own pairs behind `CEF:2`, `rfc5424` structured data, `json` one object a line, `leef` LEEF 2.0 for QRadar. docs/compatibility.md says which parsers take which.",
          fallback: BY_PROFILE,
          example: "cef",
        }),
      ),
    header: z
      .enum(HEADERS)
      .optional()
      .meta(
        notes({
          description:
            "The syslog header in front of each event. Format `rfc5424` goes with `rfc5424`, which is then the default, or `none`.",
          fallback: BY_PROFILE,
          example: "rfc3164",
        }),
      ),
    framing: z
      .enum(FRAMINGS)
      .optional()
      .meta(
        notes({
          description:
            "How messages are told apart in a stream (RFC 6587): a line feed behind, or the length in front of each. Set what the collector expects; no meaning for `udp://` and RELP.",
          fallback: BY_PROFILE,
          example: "newline",
        }),
      ),
    facility: z
      .enum(FACILITIES)
      .optional()
      .meta(
        notes({
          description: "The syslog facility of every message, which the collector's rules may filter on.",
          fallback: BY_PROFILE,
          example: "local4",
        }),
      ),
    hostname: z
      .string(expected("1-255 printable ASCII characters without space"))
      .regex(/^[!-~]{1,255}$/, expected("1-255 printable ASCII characters without space"))
      .default("s1bridge")
      .meta(
        notes({
          description: "The host name in the syslog header. It becomes `Computer` in Microsoft Sentinel.",
          form: "printable ASCII",
        }),
      ),
    max_message_bytes: wholeNumber(2048, 1_048_576)
      .optional()
      .meta(
        notes({
          description:
            "Size of a message at most, 2048 to 1048576 bytes. Longer events have their longest fields shortened. Keep it under the limit of everything on the way: rsyslog cuts at 8 KiB by default.",
          form: "bytes",
          fallback: BY_PROFILE,
          example: 8000,
        }),
      ),
    rt: z
      .enum(["epoch", "native"])
      .default("epoch")
      .meta(
        notes({
          description:
            "How `rt`, the time of the event, is written: milliseconds since 1970, or as SentinelOne writes it.",
        }),
      ),
    structured_data: z
      .enum(["one", "native"])
      .default("one")
      .meta(
        notes({
          description:
            "How format `rfc5424` writes the structured data: `one` element `s1bridge@32473` with the keys of CEF, or as SentinelOne's own syslog does, an element for each field, `[key@53163 key=\"value\"]`, with SentinelOne's names.",
        }),
      ),
    siem_token: secretSource("the SIEM token", {
      description:
        "A token of at most 32 characters that the collector looks for in the MSGID of each message, as the SIEM token of SentinelOne's own CEF2 syslog. For `header: rfc5424`.",
      example: { file: "/run/credentials/s1bridge.service/siem-token" },
    }).optional(),
    sequence: z
      .boolean()
      .default(false)
      .meta(
        notes({
          description:
            "Every message carries `S1seq`, its number in its feed of its console: 1, 2, 3 … without a gap, the same when it is sent again. With `match` a collector sees only some of the numbers.",
        }),
      ),
    unmapped_data: z
      .boolean()
      .default(true)
      .meta(
        notes({
          description:
            "Activity `data.*` fields that have no extension key of their own are put into `S1data` as compact JSON. Turn off for shorter messages.",
        }),
      ),
  };
}

/** What the collector sets itself, and what its profile sets for the rest. */
export function profileDefaults(
  profile: Profile,
  given: { readonly [Key in keyof Profile]?: Profile[Key] | undefined },
): Profile {
  const format = given.format ?? profile.format;
  return {
    format,
    header: given.header ?? (format === "rfc5424" ? "rfc5424" : profile.header),
    framing: given.framing ?? profile.framing,
    facility: given.facility ?? profile.facility,
    max_message_bytes: given.max_message_bytes ?? profile.max_message_bytes,
  };
}

/** Formats and headers that do not go together. */
export function checkMessage(
  keys: {
    readonly profile?: ProfileName;
    readonly format?: Format | undefined;
    readonly header?: Header | undefined;
    readonly siem_token?: unknown;
  },
  fault: ReportFault,
): void {
  const { format, header } = profileDefaults(PROFILES[keys.profile ?? "sentinel"], keys);
  if (format === "rfc5424" && header === "rfc3164") {
    fault(["header"], "expected rfc5424 or none for format rfc5424: RFC 3164 has no structured data");
  }
  if (keys.siem_token !== undefined && header !== "rfc5424") {
    fault(["siem_token"], `for header rfc5424 only, which has a MSGID; the header is ${header}`);
  }
}

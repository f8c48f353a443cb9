import { type MessageOptions, createEncoder } from "../../src/message/encoder.ts";
import { EXAMPLES } from "./events.ts";
import { PARSERS, type Parser } from "./parsers.ts";

/** The ways to send that a parser may be offered. */
export const OFFERS: readonly { readonly name: string; readonly options: Partial<MessageOptions> }[] = [
  { name: "cef", options: {} },
  { name: "cef, rt: native", options: { rt: "native" } },
  { name: "cef, header: rfc5424", options: { header: "rfc5424" } },
  { name: "cef2", options: { format: "cef2" } },
  { name: "rfc5424", options: { format: "rfc5424", header: "rfc5424" } },
  { name: "rfc5424, native", options: { format: "rfc5424", header: "rfc5424", structuredData: "native" } },
  { name: "json", options: { format: "json" } },
  { name: "leef", options: { format: "leef" } },
];

const OPTIONS: MessageOptions = {
  format: "cef",
  header: "rfc3164",
  facility: "local4",
  hostname: "s1bridge",
  maxMessageBytes: 8000,
  rt: "epoch",
  unmappedData: true,
};

/** What a parser makes of the examples in one form. */
export interface Verdict {
  /** The names of the events that it takes. */
  readonly takes: readonly string[];
  /** The names of those whose time it finds; undefined when it looks for none. */
  readonly times: readonly string[] | undefined;
}

export function verdict({ takes, findsTime }: Parser, options: Partial<MessageOptions>): Verdict {
  const { encode } = createEncoder({ ...OPTIONS, ...options });
  const taken = EXAMPLES.map(({ name, event }) => ({ name, message: encode(event) })).filter(({ message }) =>
    takes(message),
  );
  const times = findsTime === undefined ? undefined : taken.filter(({ message }) => findsTime(message));
  return { takes: taken.map(({ name }) => name), times: times?.map(({ name }) => name) };
}

/** docs/compatibility.md. */
export function compatibilityPage(): string {
  const head = ["parser", ...OFFERS.map(({ name }) => `\`${name}\``)];
  const rows = PARSERS.map((parser) => [parser.name, ...OFFERS.map(({ options }) => cell(verdict(parser, options)))]);
  const about = PARSERS.map((parser) => [parser.name, parser.about.replaceAll("|", "\\|")]);
  return [HEAD, ...table(head, rows), LEGEND, ...table(["parser", "asks for"], about), TAIL].join("\n");
}

function cell({ takes, times }: Verdict): string {
  if (takes.length === 0) return "-";
  const which = takes.length === EXAMPLES.length ? "**all**" : list(takes);
  if (times === undefined) return which;
  if (times.length === takes.length) return `${which}, time`;
  return times.length === 0 ? `${which}, no time` : `${which}, time of ${list(times)}`;
}

/** The shorter of what is in and what is not. */
function list(names: readonly string[]): string {
  const others = EXAMPLES.map(({ name }) => name).filter((name) => !names.includes(name));
  return others.length < names.length ? `all but ${others.join(", ")}` : names.join(", ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

const HEAD = `<!-- Generated from scripts/compatibility by "npm run generate". Do not edit. -->

# Which parser takes what

There are parsers for SentinelOne's own syslog in many products. Their published conditions stand in
\`scripts/compatibility/parsers.ts\`, in our words; each was held against a message of each kind: the activity types
${EXAMPLES.map(({ name }) => name).join(", ")}.
The header is RFC 3164 unless it is named. The table tells which of them a parser takes, and whether it then finds the time
of the event in the message. The products themselves were not run.
`;

const LEGEND = `
- **all**: every example. A number is an activity type. \`-\`: none.
- *time*: it finds when the event happened. *no time*: it takes the time at which the message arrived.
- Nearly all find their event by \`activityType\`. A threat (\`threats.new\`) has none, so that a detection that is an activity
  (19) and a threat as well never counts twice: parsers of the native form leave threats out. Nothing is missing then: the
  native form has no such objects.
- \`json\` is not the console's API: the parsers that read the API (Sekoia, Panther, Elastic's integration, Hunters, Splunk's
  add-on) fetch by themselves and take none of these forms.
- Huntress has not published what its parser asks for: [profile huntress](profiles/huntress.md).
`;

const TAIL = `
Where CEF's standard and SentinelOne's habit differ, \`cef\` follows the standard: backslashes and equals signs are escaped,
no header field is missing, severities are real ones, and \`rt\` is in milliseconds unless \`rt: native\` asks for SentinelOne's
two forms. SentinelOne's preamble (\`2026-09-21 13:48:07,689   console -  \`) is never sent: syslog receivers take parts of it
for host and tag.
`;

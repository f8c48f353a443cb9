import { activityTypes } from "../cef/activity-types.ts";
import type { ActivityType } from "../cef/activity-types.ts";
import { dictionaryKey } from "../cef/dictionary.ts";
import { ACTIVITIES } from "../cef/mapping/activities.ts";
import { HEARTBEAT_SEVERITIES, NOTICE_CODES, OWN_EVENTS } from "../cef/mapping/bridge.ts";
import type { Row, Table } from "../cef/mapping/table.ts";
import { MARK, OBJECT_SEVERITY, type SeverityRule } from "../cef/mapping/object.ts";
import { NOTE, TIMELINE } from "../cef/mapping/threat-details.ts";
import { THREATS } from "../cef/mapping/threats.ts";
import { asFlag } from "../cef/reading.ts";
import { REFINEMENTS, THREAT_BASE, THREAT_RULES } from "../cef/severity.ts";
import type { CefSeverity } from "../event/severity.ts";
import { toSyslogSeverity } from "../event/severity.ts";
import type { FeedDefinition } from "../feeds/definition.ts";
import { FEEDS } from "../feeds/index.ts";
import { MIN_MESSAGE_BYTES } from "./encoder.ts";

/** `docs/mapping.md`, written from the tables that map. */
export function mappingPage(): string {
  return [
    INTRODUCTION,
    "## Activities\n",
    ACTIVITY_HEAD,
    keyTable(ACTIVITIES, ACTIVITY_EXTRAS),
    "\n## Threats\n",
    THREAT_HEAD,
    keyTable(THREATS, []),
    "\n### Notes and timeline\n",
    "Class `threats.note`, with `notes: true`:\n",
    keyTable(NOTE.table, []),
    "\nClass `threats.timeline`, with `timeline: true`:\n",
    keyTable(TIMELINE.table, []),
    OBJECT_HEAD,
    ...Object.values(FEEDS).flatMap(objectSection),
    "\n## The end of a list\n",
    MARK_HEAD,
    keyTable(MARK.table, []),
    "\n## What the bridge says itself\n",
    OWN_HEAD,
    keyTable(OWN_EVENTS, []),
    "",
    noticeTable(),
    "\n## Severity\n",
    severityScale(),
    "\n### Activities\n",
    "The severity of the type (see the list at the end), refined where the record tells more:\n",
    refinements(),
    "\n### Threats\n",
    "From confidence and mitigation, then changed by each rule that applies, in this order, within 0 to 10:\n",
    threatBase(),
    "",
    threatRules(),
    CHARACTERS,
    "\n## Activity types\n",
    "Other types are sent too, as `Activity <id>` with severity 3. `{key}` is filled in with that key's value; without one, the name behind the `||` is used.\n",
    typeTable(),
    "",
  ].join("\n");
}

const INTRODUCTION = `<!-- Generated from src/cef by "npm run generate". Do not edit. -->

# What becomes of a record

A message is \`CEF:0|SentinelOne|Mgmt|VERSION|CLASS|NAME|SEVERITY|extension\` behind the syslog header of the collector.
The tables name the extension keys in the order in which they are written, where the value is found in the console's
record (the first that has one wins), and the column of Microsoft Sentinel's \`CommonSecurityLog\` in which it arrives.
Keys without a column of their own arrive in \`AdditionalExtensions\`. A value that is missing, null, empty, or not of the
key's type is left out.

Every message begins with these:

| key | value | column |
|---|---|---|
| \`cat\` | \`ThreatEvent\` for threats and alerts, \`SystemEvent\` for the rest | \`DeviceEventCategory\` |
| \`externalId\` | the console's id | \`ExtID\` |
| \`S1eventKey\` | \`activities/<id>\`, \`threats/<id>/<updatedAt>\`: unique for each forwarded event version and the same after a restart. Drop duplicates by it | \`AdditionalExtensions\` |
| \`S1seq\` | with \`sequence: true\`: the number of the event in its feed of its console, from 1 without a gap and the same when it is sent again | \`AdditionalExtensions\` |
| \`rt\` | \`createdAt\` of an activity, \`updatedAt\` of an object, or when it was read where it has none. \`rt: epoch\`: milliseconds; \`rt: native\`: \`2026-09-21 13:47:01.605229\` for detections, \`#arcsightDate(Mon, 21 Sep 2026, 13:47:01 UTC)\` for other activities | \`ReceiptTime\` |

and ends with \`notificationScope\`: \`SITE\`, \`ACCOUNT\` or \`GLOBAL\`. Before its trailer it may carry

| key | value |
|---|---|
| \`S1changed\` | of an object's later version: the fields that differ from the version before, separated by commas, where that is known |
| \`S1data\` | fields of the record's free part that have no key of their own, as compact JSON; not with \`unmapped_data: false\` |
| \`S1truncated\` | the keys whose values were shortened or left out to keep a length, separated by commas; \`*\` for everything but the ids and the trailer |
`;

const ACTIVITY_HEAD = `An activity is something that happened. CLASS is its type; VERSION is the endpoint's operating system when an endpoint is
meant, else the console's build; NAME is the wording of the console's own syslog where it is known.
`;

const THREAT_HEAD = `A threat is an object: each version of it is sent, the first as class \`threats.new\`, later ones as \`threats.updated\`.
VERSION is the endpoint's operating system. There is no \`activityID\` and no \`activityType\`, so that a detection that is
also an activity (type 19) never counts twice.
`;

const OBJECT_HEAD = `
# Objects

Everything else is objects, but for the entries of \`device_control_events\` (class \`device_control_events.event\`). CLASS is
\`<feed>.new\` at first sight; \`<feed>.updated\` for a later version by \`updatedAt\`; \`<feed>.changed\` for one by content; with
\`mode: snapshot\` also \`<feed>.listed\`, as it was. VERSION is the console's build, or the operating system of the endpoint.
There is no \`activityID\` and no \`activityType\`. Keys that are not in a table's rows go to \`S1data\`.
`;

const MARK_HEAD = `Class \`<feed>.snapshot\`, behind the last object of a feed that is read as a whole, whenever the list is not what it
was, and with \`mode: snapshot\` always. Of two marks, the objects that are in the list of the first only have been removed.
`;

const OWN_HEAD = `Heartbeats (\`heartbeat\` in the configuration) and notices are events of the bridge itself. They go the way of all events:
spooled, in order, delivered, confirmed. CLASS is \`bridge.heartbeat\`, \`bridge.notice\` or, of \`send-test\`, \`bridge.test\`; \`cat\` is \`BridgeEvent\`. How to alarm on
them: [heartbeat.md](heartbeat.md).
`;

const ACTIVITY_EXTRAS: readonly string[] = [
  "| `outcome` | `data.globalStatus`, else the type's | `EventOutcome` | `success`, `failure`, `pending`, `partial` |",
];

const CHARACTERS = `
## Characters and lengths

- Lone surrogates become U+FFFD; byte order marks are removed; other control characters, U+2028 and U+2029 become a space;
  spaces at the end of a value are removed.
- In values \`\\\` is written \`\\\\\`, \`=\` is written \`\\=\`, line breaks are written \`\\n\` and \`\\r\`. In the header \`\\\` and
  \`|\` get a backslash and line breaks become spaces. A \`|\` in a value needs no escape.
- A \`;\` in a key that CEF's dictionary does not know becomes \`,\`: queries split \`AdditionalExtensions\` at semicolons.
- Values are cut to the length that CEF's dictionary allows, never within a character.
- A message longer than \`max_message_bytes\` (at least ${MIN_MESSAGE_BYTES}) is shortened by whole fields: the longest values
  are cut to the same length, just short enough. Ids, numbers, times, addresses and the trailer are not cut.
- Members named like a secret (token, licence key, passphrase, password, secret, API key, private key) never leave, at
  any depth; JSON in a string that has one is sent as \`[redacted]\`. Links go without their query.
`;

/** The columns of `CommonSecurityLog` (learn.microsoft.com, CEF key mapping). */
const COLUMNS: Readonly<Record<string, string>> = {
  act: "DeviceAction",
  cnt: "EventCount",
  destinationTranslatedAddress: "DestinationTranslatedAddress",
  dhost: "DestinationHostName",
  dmac: "DestinationMACAddress",
  dntdom: "DestinationNTDomain",
  dst: "DestinationIP",
  duser: "DestinationUserName",
  fileHash: "FileHash",
  filePath: "FilePath",
  fileType: "FileType",
  fname: "FileName",
  fsize: "FileSize",
  msg: "Message",
  reason: "Reason",
  spid: "SourceProcessId",
  sproc: "SourceProcessName",
  src: "SourceIP",
  start: "StartTime",
  suid: "SourceUserID",
  suser: "SourceUserName",
  c6a2: "DeviceCustomIPv6Address2",
  c6a3: "DeviceCustomIPv6Address3",
  deviceCustomDate1: "DeviceCustomDate1",
  deviceCustomDate2: "DeviceCustomDate2",
  cfp1: "DeviceCustomFloatingPoint1",
  cfp2: "DeviceCustomFloatingPoint2",
  cn1: "DeviceCustomNumber1",
  cn2: "DeviceCustomNumber2",
  cn3: "DeviceCustomNumber3",
  dpt: "DestinationPort",
  duid: "DestinationUserID",
  fileCreateTime: "FileCreateTime",
  proto: "Protocol",
  spt: "SourcePort",
};

/** Undefined for a dictionary key that has no column here: a gap in the list above, which a test finds. */
export function columnOf(key: string): string | undefined {
  const custom = /^cs(\d)$/.exec(key);
  if (custom !== null) return `DeviceCustomString${custom[1] ?? ""}`;
  return COLUMNS[key] ?? (dictionaryKey(key) === undefined ? "AdditionalExtensions" : undefined);
}

function keyTable(table: Table, extras: readonly string[]): string {
  const ids =
    table === ACTIVITIES
      ? [
          "| `activityID` | `id` | `AdditionalExtensions` | |",
          "| `activityType` | `activityType` | `AdditionalExtensions` | |",
        ]
      : [];
  return [
    "| key | from | column | note |",
    "|---|---|---|---|",
    ...table.rows.map(keyRow),
    ...extras,
    ...ids,
    ...table.trailer.map(keyRow),
  ].join("\n");
}

function objectSection({ name, mapping }: FeedDefinition): string[] {
  if (!("noun" in mapping)) return [];
  const { noun, named, table, severity } = mapping;
  return [
    `\n## ${name}\n`,
    `NAME is \`${noun} new - {${named}}\` and so on. ${severityText(severity)}\n`,
    keyTable(table, []),
  ];
}

function severityText(rule: SeverityRule | undefined): string {
  const words = ({ by, severities }: Pick<SeverityRule, "by" | "severities">): string =>
    `\`${by}\`: ${Object.entries(severities)
      .map(([word, value]) => `${word} ${value}`)
      .join(", ")}`;
  if (rule === undefined) return `Severity ${OBJECT_SEVERITY}.`;
  const limit = rule.atMost === undefined ? "" : `; at most, by ${words(rule.atMost)}`;
  return `Severity by ${words(rule)}, else ${OBJECT_SEVERITY}${limit}.`;
}

function keyRow(row: Row): string {
  const from = row.from.map((path) => `\`${path}\``).join(", ");
  const notes = [
    row.label === undefined ? undefined : `label \`${row.label}\``,
    row.onlyWith === undefined ? undefined : `only with \`${row.onlyWith}\``,
    row.unlessIn === undefined ? undefined : `unless it is the \`${row.unlessIn}\``,
    row.as === asFlag ? "only when true" : undefined,
    row.note,
  ];
  const note = notes.filter((text) => text !== undefined).join("; ");
  return `| \`${row.key}\` | ${from} | \`${columnOf(row.key) ?? ""}\` | ${note} |`;
}

function noticeTable(): string {
  const states = Object.entries(HEARTBEAT_SEVERITIES).map(([state, severity]) => `${state} ${severity}`);
  return [
    "| `S1code` | meaning | severity |",
    "|---|---|---|",
    ...Object.entries(NOTICE_CODES).map(
      ([code, { meaning, severity }]) => `| \`${code}\` | ${meaning} | ${severity} |`,
    ),
    "",
    `The severity of a heartbeat is that of its \`S1state\`: ${states.join(", ")}. That of \`token_expiring\` is 3 at 30 days, 6 at 7 and 8 at 1.`,
  ].join("\n");
}

function severityScale(): string {
  const severities: readonly CefSeverity[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  return [
    "The console's own syslog says 1 for everything; ours is a scale from 0 to 10, and the syslog severity follows it. A",
    "collector's filter on syslog severity (a data collection rule, for example) must let 6 through to get everything.",
    "",
    `| CEF | ${severities.join(" | ")} |`,
    `|---|${"---|".repeat(severities.length)}`,
    `| syslog | ${severities.map(toSyslogSeverity).join(" | ")} |`,
  ].join("\n");
}

function refinements(): string {
  return [
    "| types | by | severity |",
    "|---|---|---|",
    ...REFINEMENTS.map(({ types, by, severities, inSentence }) => {
      const values = Object.entries(severities).map(([word, severity]) => `${word} ${severity}`);
      return `| ${types.join(", ")} | \`${by}\`${inSentence === true ? ", or `to <value>` in `msg`" : ""} | ${values.join(", ")} |`;
    }),
  ].join("\n");
}

function threatBase(): string {
  return [
    "| confidence | not mitigated | mitigated | marked as benign |",
    "|---|---|---|---|",
    ...Object.entries(THREAT_BASE).map(
      ([confidence, base]) =>
        `| ${confidence} | ${base["not mitigated"]} | ${base.mitigated} | ${base["marked as benign"]} |`,
    ),
  ].join("\n");
}

function threatRules(): string {
  return [
    "| when | severity |",
    "|---|---|",
    ...THREAT_RULES.map(({ when, effect }) => `| ${when} | ${effect} |`),
  ].join("\n");
}

function typeTable(): string {
  const row = ({ id, name, severity, outcome }: ActivityType): string =>
    `| ${id} | ${name.replaceAll("|", "\\|")} | ${severity} | ${outcome ?? ""} |`;
  return ["| type | name | severity | outcome |", "|---|---|---|---|", ...[...activityTypes()].map(row)].join("\n");
}

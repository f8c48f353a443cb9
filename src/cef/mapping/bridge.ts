import type { CefSeverity } from "../../event/severity.ts";
import type { FeedMapping, MappingOptions } from "../cef-event.ts";
import { asWord } from "../reading.ts";
import { endExtension, startExtension } from "./head.ts";
import { CompiledTable } from "./table.ts";
import type { Row, Table } from "./table.ts";

/**
 * What the bridge says of itself, `bridge.heartbeat` and `bridge.notice`. The records are made in src/telemetry and have one
 * flat shape; `kind` tells them apart.
 */
const ROWS: readonly Row[] = [
  { key: "msg", from: ["text"] },
  { key: "reason", from: ["reason"] },
  { key: "cnt", from: ["count"], note: "notices: how many times it happened since the last such notice" },
  { key: "start", from: ["startedAt"], note: "heartbeats: when this process began" },
  { key: "S1code", from: ["code"], note: "notices: what it is about, see below" },
  { key: "S1console", from: ["console"], note: "its `name` in the configuration" },
  { key: "S1feed", from: ["feed"], note: "the feed that it is about" },
  {
    key: "S1heartbeat",
    from: ["number"],
    note: "the heartbeat's number for this console and feed: 1, 2, 3 … without a gap",
  },
  { key: "S1heartbeatEvery", from: ["everySeconds"], note: "seconds to the next one" },
  { key: "S1state", from: ["state"], note: "`starting`, `ok`, `failing` or `parked`" },
  {
    key: "S1lastSeq",
    from: ["lastSequence"],
    note: "`S1seq` of the feed's newest event: so many events of the feed stand before this message",
  },
  { key: "S1duplicates", from: ["duplicates"], note: "records read again and dropped, ever" },
  { key: "S1late", from: ["late"], note: "records that appeared behind what had been read, ever" },
  { key: "S1dropped", from: ["dropped"], note: "events given up by `when_full: drop_oldest`, ever" },
  { key: "S1damaged", from: ["damaged"], note: "events that the disk gave back damaged, ever" },
  { key: "S1deadLetters", from: ["deadLetters"], note: "records that can not become events, ever" },
  { key: "S1reached", from: ["reached"], note: "how far the feed has been read, in the console's time" },
  {
    key: "S1lagSeconds",
    from: ["lagSeconds"],
    note: "everything older than this has been confirmed by all collectors",
  },
  { key: "S1spoolEvents", from: ["spoolEvents"], note: "events that wait for some collector" },
  { key: "S1spoolOldestSeconds", from: ["spoolOldestSeconds"], note: "how long the oldest of them has waited" },
  { key: "S1tokenDaysLeft", from: ["tokenDaysLeft"] },
  { key: "S1bridgeVersion", from: ["bridgeVersion"] },
  { key: "S1bridgeId", from: ["bridgeId"], note: "of the spool: two bridges never have the same" },
];

export const OWN_EVENTS: Table = {
  rows: ROWS.map((row) => ({ as: asWord, ...row })),
  trailer: [],
  leftovers: { section: "", sameAs: {}, drop: [] },
};

/** What a notice can be about, and how bad that is. */
export const NOTICE_CODES = {
  dead_letters: { severity: 5, meaning: "Records can not become events; they are in dead-letters.ndjson" },
  dead_letters_dropped: {
    severity: 6,
    meaning: "Dead letters were deleted to make room for later ones (`spool.dead_letters_max_size`)",
  },
  damaged: { severity: 8, meaning: "Events in the spool can not be read any more; kept in its table `damaged`" },
  dropped: { severity: 8, meaning: "The spool was full, and `when_full: drop_oldest` gave up events" },
  late: {
    severity: 4,
    meaning: "Records appeared later than `overlap` reaches; it is longer from now on, for as long as the process runs",
  },
  salvaged: {
    severity: 8,
    meaning: "The spool was damaged: what could be read goes on, and what is lost is read again",
  },
  unrouted: { severity: 5, meaning: "Events match no collector, and are discarded; told once for each site" },
  parked: { severity: 6, meaning: "The console refuses the feed or the token; nothing is read until that is mended" },
  token_expiring: { severity: 6, meaning: "The API token expires in 30, 7 or 1 days" },
} as const satisfies Record<string, { severity: CefSeverity; meaning: string }>;

export type NoticeCode = keyof typeof NOTICE_CODES;

/** A heartbeat is as bad as what it tells. */
export const HEARTBEAT_SEVERITIES: Readonly<Record<string, CefSeverity>> = {
  ok: 1,
  starting: 1,
  failing: 4,
  parked: 6,
};

export function mapOwnEvents(options: MappingOptions): FeedMapping {
  const table = new CompiledTable(OWN_EVENTS);
  return (event) => {
    const { record, key, time, sequence } = event;
    table.open(record);
    // Behind the @ stands what makes the id unique among bridges.
    const [id = event.id] = event.id.split("@");
    const extension = startExtension({ id, key, time, sequence }, "BridgeEvent", "administration", options);
    table.writeRows(extension);
    extension.startTrailer();
    endExtension(extension, table);
    return {
      deviceVersion: event.consoleVersion ?? "",
      ...headOf(record["kind"], record["severity"], table),
      extension,
    };
  };
}

/** What is none of ours by its kind is a heartbeat: the spool holds nothing else. */
function headOf(
  kind: unknown,
  severity: unknown,
  table: CompiledTable,
): { readonly classId: string; readonly name: string; readonly severity: CefSeverity } {
  if (kind === "notice") {
    return {
      classId: "bridge.notice",
      name: "s1bridge notice",
      severity: noticeSeverity(severity, table.found("S1code")),
    };
  }
  if (kind === "test") return { classId: "bridge.test", name: "s1bridge test", severity: 1 };
  return { classId: "bridge.heartbeat", name: "s1bridge heartbeat", severity: heartbeatSeverity(table) };
}

function noticeSeverity(given: unknown, code = ""): CefSeverity {
  if (typeof given === "number" && Number.isInteger(given) && given >= 0 && given <= 10) return given as CefSeverity;
  return Object.hasOwn(NOTICE_CODES, code) ? NOTICE_CODES[code as NoticeCode].severity : 5;
}

function heartbeatSeverity(table: CompiledTable): CefSeverity {
  return HEARTBEAT_SEVERITIES[table.found("S1state") ?? ""] ?? 3;
}

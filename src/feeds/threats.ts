import { THREATS } from "../cef/mapping/threats.ts";
import type { JsonRecord, JsonValue } from "../event/event.ts";
import { type FeedDefinition, at } from "./definition.ts";

/** On 2.1 the times stand in `threatInfo`; they are at the top in answers of older consoles. */
function updatedAt(record: JsonRecord): JsonValue | undefined {
  return at(record, "threatInfo", "updatedAt") ?? record["updatedAt"];
}

/** What a note needs of its threat: its id, and where it belongs. */
function place(threat: JsonRecord): JsonRecord {
  const { id = null, agentRealtimeInfo = null, agentDetectionInfo = null } = threat;
  const [now, then] = [agentRealtimeInfo, agentDetectionInfo].map((info) => (info ?? {}) as JsonRecord);
  const member = (name: string): JsonValue => now?.[name] ?? then?.[name] ?? null;
  return {
    threatId: id,
    threatName: at(threat, "threatInfo", "threatName") ?? null,
    computerName: member("agentComputerName"),
    ...Object.fromEntries(
      ["siteId", "siteName", "accountId", "accountName", "groupId", "groupName"].map((name) => [name, member(name)]),
    ),
  };
}

/** Mutable: the same id comes back each time `updatedAt` moves. */
export const threats: FeedDefinition = {
  name: "threats",
  description: "Detected threats, each version of them.",
  forwards:
    "each threat at first sight and each later version of it; with `notes: true` and `timeline: true` its notes and its timeline, one request each for every threat that has changed",
  permission: "Threats.view",
  every: "30s",
  start: "24h",
  source: {
    read: "window",
    path: "threats",
    timeField: "updatedAt",
    time: updatedAt,
    version: updatedAt,
    isObject: true,
    details: [
      {
        option: "notes",
        kind: "note",
        path: (id) => `threats/${id}/notes`,
        sortBy: "createdAt",
        version: "updatedAt",
        belongs: place,
      },
      {
        option: "timeline",
        kind: "timeline",
        path: (id) => `threats/${id}/timeline`,
        sortBy: "createdAt",
        version: "createdAt",
        belongs: place,
      },
    ],
  },
  mapping: { table: THREATS },
};

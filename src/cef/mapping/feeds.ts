import { FEEDS } from "../../feeds/index.ts";
import type { Change, EventFeed, FeedName, JsonValue, SecurityEvent } from "../../event/event.ts";
import type { CefSeverity } from "../../event/severity.ts";
import { activityType } from "../activity-types.ts";
import type { ActivityType } from "../activity-types.ts";
import type { FeedMapping, MappingOptions } from "../cef-event.ts";
import { extensionKey } from "../extension.ts";
import { compileName } from "../name-template.ts";
import type { NameTemplate } from "../name-template.ts";
import { refine, refinementOf, threatSeverity } from "../severity.ts";
import { ACTIVITIES } from "./activities.ts";
import { mapOwnEvents } from "./bridge.ts";
import { addChanged, endExtension, startExtension } from "./head.ts";
import { MARK, mapObjects } from "./object.ts";
import { CompiledTable } from "./table.ts";
import type { Table } from "./table.ts";
import { NOTE, TIMELINE } from "./threat-details.ts";
import { THREATS } from "./threats.ts";

export function createMappings(options: MappingOptions): Readonly<Record<EventFeed, FeedMapping>> {
  const own = { activities: mapActivities(options), threats: mapThreats(options) };
  const [mark, note, timeline] = [MARK, NOTE, TIMELINE].map((mapping) => mapObjects(mapping, options));
  const mappings = Object.values(FEEDS).map(({ name, mapping }): [FeedName, FeedMapping] => {
    const objects = "noun" in mapping ? mapObjects(mapping, options) : own[name as keyof typeof own];
    const byChange: Partial<Record<Change, FeedMapping | undefined>> = { snapshot: mark, note, timeline };
    return [name, (event) => (byChange[event.change] ?? objects)(event)];
  });
  return { ...(Object.fromEntries(mappings) as Record<FeedName, FeedMapping>), bridge: mapOwnEvents(options) };
}

/** The table that a feed's records are read by. */
export function tableOf(feed: FeedName): Table {
  return FEEDS[feed].mapping.table;
}

const OUTCOME = extensionKey("outcome");
const ACTIVITY_ID = extensionKey("activityID");
const ACTIVITY_TYPE = extensionKey("activityType");

function mapActivities(options: MappingOptions): FeedMapping {
  const table = new CompiledTable(ACTIVITIES);
  const valueOf = (key: string): string | undefined => table.found(key);
  return (event) => {
    const { record } = event;
    const known = knownType(record["activityType"], event.typeNames);
    const classId = String(known.type.id);
    table.open(record);
    const kind = typeof record["threatId"] === "string" ? "detection" : "administration";
    const extension = startExtension(event, "SystemEvent", kind, options);
    table.writeRows(extension);
    const outcome = outcomeOf(table.found("S1globalStatus")) ?? known.type.outcome;
    if (outcome !== undefined) extension.add(OUTCOME, outcome);
    if (options.unmappedData) table.writeLeftovers(extension);
    extension.startTrailer();
    extension.add(ACTIVITY_ID, event.id);
    extension.add(ACTIVITY_TYPE, classId);
    endExtension(extension, table);
    return {
      deviceVersion: agentVersion(table) ?? event.consoleVersion ?? "",
      classId,
      name: known.name(valueOf),
      severity: activitySeverity(known.type, table),
      extension,
    };
  };
}

interface KnownType {
  readonly type: ActivityType;
  readonly name: NameTemplate;
}

const KNOWN = new Map<number, KnownType>();
const MAX_KNOWN = 4096;

/** Type 0 stands for a record that does not tell its type. A type without a name of ours has the console's own. */
function knownType(value: JsonValue | undefined, typeNames: ReadonlyMap<number, string> | undefined): KnownType {
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  const id = typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : 0;
  const known = KNOWN.get(id);
  if (known !== undefined) return known;
  const type = activityType(id);
  const told = type.name === `Activity ${id}` ? typeNames?.get(id) : undefined;
  // Not kept: another console may call it otherwise.
  if (told !== undefined) return { type: { ...type, name: told }, name: compileName(told) };
  // Nor is one that the console may tell later.
  if (type.name === `Activity ${id}`) return { type, name: compileName(type.name) };
  const added = { type, name: compileName(type.name) };
  if (KNOWN.size < MAX_KNOWN) KNOWN.set(id, added);
  return added;
}

function activitySeverity(type: ActivityType, table: CompiledTable): CefSeverity {
  const refinement = refinementOf(type.id);
  if (refinement === undefined) return type.severity;
  return refine(refinement, table.found(refinement.by), table.found("msg")) ?? type.severity;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  success: "success",
  failed: "failure",
  failure: "failure",
  pending: "pending",
  pending_reboot: "pending",
  partial: "partial",
};

function outcomeOf(status: string | undefined): string | undefined {
  return status !== undefined && Object.hasOwn(OUTCOMES, status) ? OUTCOMES[status] : undefined;
}

const OS_FAMILIES: Readonly<Record<string, string>> = {
  windows: "Windows",
  windows_legacy: "Windows",
  linux: "Linux",
  macos: "macOS",
};

/** Native syslog gives the endpoint's system in the place of the version, for events of an endpoint. */
function agentVersion(table: CompiledTable): string | undefined {
  if (table.found("S1agentId") === undefined && table.found("dhost") === undefined) return undefined;
  const family = table.found("S1osFamily");
  return (
    table.found("osName") ?? (family !== undefined && Object.hasOwn(OS_FAMILIES, family) ? OS_FAMILIES[family] : family)
  );
}

const THREAT_NAMES: Readonly<Record<SecurityEvent["change"], NameTemplate>> = {
  new: compileName("Threat detected - machine {dhost} || Threat detected"),
  updated: compileName("Threat updated - machine {dhost} || Threat updated"),
  changed: compileName("Threat updated - machine {dhost} || Threat updated"),
  event: compileName("Threat - machine {dhost} || Threat"),
  listed: compileName("Threat listed - machine {dhost} || Threat listed"),
  snapshot: compileName("Threats: end of the list"),
  note: compileName("Threat note"),
  timeline: compileName("Threat timeline"),
};

function mapThreats(options: MappingOptions): FeedMapping {
  const table = new CompiledTable(THREATS);
  const valueOf = (key: string): string | undefined => table.found(key);
  return (event) => {
    table.open(event.record);
    const extension = startExtension(event, "ThreatEvent", "detection", options);
    table.writeRows(extension);
    addChanged(extension, event);
    if (options.unmappedData) table.writeLeftovers(extension);
    extension.startTrailer();
    endExtension(extension, table);
    return {
      deviceVersion: table.found("osName") ?? table.found("S1osFamily") ?? event.consoleVersion ?? "",
      classId: `threats.${event.change}`,
      name: THREAT_NAMES[event.change](valueOf),
      severity: threatSeverity({
        confidenceLevel: table.found("cs3"),
        mitigationStatus: table.found("act"),
        classification: table.found("cs2"),
        analystVerdict: table.found("cs5"),
        incidentStatus: table.found("cs4"),
        mitigatedPreemptively: table.found("S1mitigatedPreemptively") !== undefined,
        failedActions: table.found("S1failedActions") !== undefined,
        pendingActions: table.found("S1pendingActions") !== undefined || table.found("S1rebootRequired") !== undefined,
      }),
      extension,
    };
  };
}

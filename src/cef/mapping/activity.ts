import type { JsonValue, SecurityEvent } from "../../event/event.ts";
import type { CefSeverity } from "../../event/severity.ts";
import { activityType } from "../activity-types.ts";
import type { ActivityType } from "../activity-types.ts";
import type { FeedMapping, MappingOptions } from "../cef-event.ts";
import { extensionKey } from "../extension.ts";
import { compileName } from "../name-template.ts";
import type { NameTemplate } from "../name-template.ts";
import { refine, refinementOf } from "../severity.ts";
import { ACTIVITIES } from "./activities.ts";
import { endExtension, startExtension } from "./head.ts";
import { CompiledTable, type Findings } from "./table.ts";

/** What a message says of an activity besides what its rows have found. */
export interface ActivityFacts {
  readonly classId: string;
  readonly name: NameTemplate;
  /** What `name` was made of. */
  readonly template: string;
  readonly severity: CefSeverity;
  readonly outcome: string | undefined;
}

export const ACTIVITY_CATEGORY = "SystemEvent";

const OUTCOME = extensionKey("outcome");
const ACTIVITY_ID = extensionKey("activityID");
const ACTIVITY_TYPE = extensionKey("activityType");

export function mapActivities(options: MappingOptions): FeedMapping {
  const table = new CompiledTable(ACTIVITIES);
  return (event) => {
    const { record } = event;
    table.open(record);
    const kind = typeof record["threatId"] === "string" ? "detection" : "administration";
    const extension = startExtension(event, ACTIVITY_CATEGORY, kind, options);
    table.writeRows(extension);
    const { classId, name, severity, outcome } = activityFacts(table, record["activityType"], event.typeNames);
    if (outcome !== undefined) extension.add(OUTCOME, outcome);
    if (options.unmappedData) table.writeLeftovers(extension);
    extension.startTrailer();
    extension.add(ACTIVITY_ID, event.id);
    extension.add(ACTIVITY_TYPE, classId);
    endExtension(extension, table);
    return {
      deviceVersion: systemOf(table) ?? event.consoleVersion ?? "",
      classId,
      name: name((key) => table.found(key)),
      severity,
      extension,
    };
  };
}

/** Call it after the rows: they find what it goes by. `value`: the record's `activityType`. */
export function activityFacts(
  findings: Findings,
  value: JsonValue | undefined,
  typeNames: SecurityEvent["typeNames"],
): ActivityFacts {
  const { type, classId, name } = knownType(value, typeNames);
  return {
    classId,
    name,
    template: type.name,
    severity: severityOf(type, findings),
    outcome: outcomeOf(findings) ?? type.outcome,
  };
}

interface KnownType {
  readonly type: ActivityType;
  readonly classId: string;
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
  const classId = String(id);
  const told = type.name === `Activity ${id}` ? typeNames?.get(id) : undefined;
  // Not kept: another console may call it otherwise.
  if (told !== undefined) return { type: { ...type, name: told }, classId, name: compileName(told) };
  // Nor is one that the console may tell later.
  if (type.name === `Activity ${id}`) return { type, classId, name: compileName(type.name) };
  const added = { type, classId, name: compileName(type.name) };
  if (KNOWN.size < MAX_KNOWN) KNOWN.set(id, added);
  return added;
}

function severityOf(type: ActivityType, findings: Findings): CefSeverity {
  const refinement = refinementOf(type.id);
  if (refinement === undefined) return type.severity;
  return refine(refinement, findings.found(refinement.by), findings.found("msg")) ?? type.severity;
}

const OUTCOMES: ReadonlyMap<string, string> = new Map([
  ["success", "success"],
  ["failed", "failure"],
  ["failure", "failure"],
  ["pending", "pending"],
  ["pending_reboot", "pending"],
  ["partial", "partial"],
]);

function outcomeOf(findings: Findings): string | undefined {
  const status = findings.found("S1globalStatus");
  return status === undefined ? undefined : OUTCOMES.get(status);
}

const OS_FAMILIES: Readonly<Record<string, string>> = {
  windows: "Windows",
  windows_legacy: "Windows",
  linux: "Linux",
  macos: "macOS",
};

/** Native syslog gives the endpoint's system in the place of the version, for events of an endpoint; undefined for others. */
export function systemOf(findings: Findings): string | undefined {
  if (!isOfEndpoint(findings)) return undefined;
  const family = findings.found("S1osFamily");
  return (
    findings.found("osName") ??
    (family !== undefined && Object.hasOwn(OS_FAMILIES, family) ? OS_FAMILIES[family] : family)
  );
}

export function isOfEndpoint(findings: Findings): boolean {
  return findings.isFound("S1agentId") || findings.isFound("dhost");
}

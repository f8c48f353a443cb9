import type { Change, SecurityEvent } from "../../event/event.ts";
import type { CefSeverity } from "../../event/severity.ts";
import type { CefEvent, MappingOptions } from "../cef-event.ts";
import { compileName } from "../name-template.ts";
import { type Refinement, refine } from "../severity.ts";
import { type Kind, addChanged, endExtension, startExtension } from "./head.ts";
import { CompiledTable, type Row, type Table } from "./table.ts";

/** What becomes of the objects of a feed, all of it as data. */
export interface ObjectMapping {
  readonly table: Table;
  /** What one is called, and the key whose value tells which. */
  readonly noun: string;
  readonly named: string;
  /** Detections are `ThreatEvent`s and have another native time; the rest are `SystemEvent`s. */
  readonly kind?: Kind;
  /** 3 when left out, or when the record does not tell. */
  readonly severity?: SeverityRule;
  /** The key that holds what stands for a version in the header; the console's build when left out. */
  readonly deviceVersion?: string;
}

export interface SeverityRule extends Pick<Refinement, "by" | "severities"> {
  /** Never more than this, by another key. */
  readonly atMost?: Pick<Refinement, "by" | "severities">;
}

export const OBJECT_SEVERITY: CefSeverity = 3;

/** Where an object belongs, as most records tell it. */
export const SCOPE: readonly Row[] = [
  { key: "siteId", from: ["siteId"] },
  { key: "siteName", from: ["siteName"] },
  { key: "accountId", from: ["accountId"] },
  { key: "accountName", from: ["accountName"] },
];

export const GROUP: readonly Row[] = [
  { key: "S1groupId", from: ["groupId"] },
  { key: "S1groupName", from: ["groupName"] },
];

/** A table whose record has no part of its own for what has no key. */
export function objectTable(
  rows: readonly Row[],
  trailer: readonly Row[] = SCOPE,
  drop: readonly string[] = [],
): Table {
  // A member that the trailer tells by itself has been told.
  const told = trailer.flatMap(({ from }) => from);
  return { rows, trailer, leftovers: { section: "", sameAs: {}, drop: ["id", "updatedAt", ...told, ...drop] } };
}

const WORDS: Readonly<Record<Change, string>> = {
  event: "",
  new: " new",
  updated: " updated",
  changed: " changed",
  listed: " listed",
  note: " note",
  timeline: " timeline",
  snapshot: " list ends",
};

export function mapObjects(mapping: ObjectMapping, options: MappingOptions): (event: SecurityEvent) => CefEvent {
  const { noun, named, kind = "administration", deviceVersion } = mapping;
  const table = new CompiledTable(mapping.table);
  const valueOf = (key: string): string | undefined => table.found(key);
  const names = Object.fromEntries(
    Object.entries(WORDS).map(([change, word]) => [
      change,
      compileName(`${noun}${word} - {${named}} || ${noun}${word}`),
    ]),
  ) as Record<Change, ReturnType<typeof compileName>>;
  return (event) => {
    table.open(event.record);
    const category = kind === "detection" ? "ThreatEvent" : "SystemEvent";
    const extension = startExtension(event, category, kind, options);
    table.writeRows(extension);
    addChanged(extension, event);
    if (options.unmappedData) table.writeLeftovers(extension);
    extension.startTrailer();
    endExtension(extension, table);
    return {
      deviceVersion: (deviceVersion === undefined ? undefined : valueOf(deviceVersion)) ?? event.consoleVersion ?? "",
      classId: `${event.feed}.${event.change}`,
      name: names[event.change](valueOf),
      severity: severityOf(mapping.severity, valueOf),
      extension,
    };
  };
}

function severityOf(rule: SeverityRule | undefined, valueOf: (key: string) => string | undefined): CefSeverity {
  if (rule === undefined) return OBJECT_SEVERITY;
  const severity = refine({ types: [], ...rule }, valueOf(rule.by), undefined) ?? OBJECT_SEVERITY;
  const { atMost } = rule;
  const limit = atMost === undefined ? undefined : refine({ types: [], ...atMost }, valueOf(atMost.by), undefined);
  return limit !== undefined && limit < severity ? limit : severity;
}

/** The mark behind the last object of a whole list. */
export const MARK: ObjectMapping = {
  noun: "Snapshot",
  named: "S1feed",
  table: objectTable(
    [
      { key: "cn1", from: ["count"], label: "objects", note: "how many the list has" },
      { key: "S1feed", from: ["feed"] },
      { key: "S1mode", from: ["mode"] },
      {
        key: "S1listedAt",
        from: ["listedAt"],
        note: "when the list was begun; in `S1eventKey` of each member of a snapshot",
      },
    ],
    [],
  ),
};

import { FEEDS } from "../../feeds/index.ts";
import type { Change, EventFeed, FeedName, SecurityEvent } from "../../event/event.ts";
import type { FeedMapping, MappingOptions } from "../cef-event.ts";
import { compileName } from "../name-template.ts";
import type { NameTemplate } from "../name-template.ts";
import { threatSeverity } from "../severity.ts";
import { mapActivities } from "./activity.ts";
import { mapOwnEvents } from "./bridge.ts";
import { addChanged, endExtension, startExtension } from "./head.ts";
import { MARK, mapObjects } from "./object.ts";
import { CompiledTable } from "./table.ts";
import type { Table } from "./table.ts";
import { NOTE, TIMELINE } from "./threat-details.ts";
import { THREATS } from "./threats.ts";

/** The mapping of every feed. Each is made when its first event comes: most never have one, and a table takes memory. */
export function mapFeeds(options: MappingOptions): FeedMapping {
  const beside: Partial<Record<Change, FeedMapping>> = {
    snapshot: lazily(() => mapObjects(MARK, options)),
    note: lazily(() => mapObjects(NOTE, options)),
    timeline: lazily(() => mapObjects(TIMELINE, options)),
  };
  const bridge = lazily(() => mapOwnEvents(options));
  const feeds = new Map<EventFeed, FeedMapping>(
    Object.values(FEEDS).map(({ name }) => [name, lazily(() => mapFeed(name, options))]),
  );
  return (event) => {
    const feed = feeds.get(event.feed);
    return (feed === undefined ? bridge : (beside[event.change] ?? feed))(event);
  };
}

function mapFeed(name: FeedName, options: MappingOptions): FeedMapping {
  const { mapping } = FEEDS[name];
  if ("noun" in mapping) return mapObjects(mapping, options);
  return name === "activities" ? mapActivities(options) : mapThreats(options);
}

function lazily(make: () => FeedMapping): FeedMapping {
  let made: FeedMapping | undefined;
  return (event) => (made ??= make())(event);
}

/** The table that a feed's records are read by. */
export function tableOf(feed: FeedName): Table {
  return FEEDS[feed].mapping.table;
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

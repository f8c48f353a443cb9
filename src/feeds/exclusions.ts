import { objectTable } from "../cef/mapping/object.ts";
import { asFlag, asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";
import { LISTED_SCOPE, scopeOfList } from "./scope-of.ts";

export const exclusions: FeedDefinition = {
  name: "exclusions",
  description: "Paths, hashes and certificates that are excluded from detection.",
  forwards: "each exclusion at first sight and whenever its `updatedAt` moves",
  permission: "Exclusions.view",
  every: "5m",
  start: "2010-01-01",
  source: {
    read: "window",
    path: "exclusions",
    query: { includeChildren: "true" },
    timeField: "updatedAt",
    time: (record) => record["updatedAt"],
    isObject: true,
    belongs: scopeOfList,
    volatile: ["inAppInventory"],
  },
  mapping: {
    noun: "Exclusion",
    named: "cs1",
    severity: { by: "S1notRecommended", severities: { "not recommended": 5 } },
    table: objectTable(
      [
        { key: "suser", from: ["userName"], as: asWord, note: "who made it" },
        { key: "suid", from: ["userId"] },
        { key: "cs1", from: ["value"], label: "value" },
        { key: "cs2", from: ["type"], label: "exclusionType" },
        { key: "cs3", from: ["mode"], label: "mode" },
        { key: "cs4", from: ["pathExclusionType"], label: "pathExclusionType" },
        { key: "cs5", from: ["scopePath", "scopeName"], label: "scope" },
        { key: "cs6", from: ["actions"], label: "actions" },
        { key: "S1description", from: ["description"] },
        { key: "S1osFamily", from: ["osType"] },
        { key: "S1source", from: ["source"] },
        { key: "S1application", from: ["applicationName"] },
        { key: "S1notRecommended", from: ["notRecommended"] },
        { key: "S1imported", from: ["imported"], as: asFlag },
        { key: "S1groupId", from: ["groupId"] },
      ],
      LISTED_SCOPE,
      ["createdAt", "includeChildren", "includeParents", "inject", "scope", "scopeName"],
    ),
  },
};

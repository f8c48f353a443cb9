import { objectTable } from "../cef/mapping/object.ts";
import { asFlag, asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";
import { LISTED_SCOPE, scopeOfList } from "./scope-of.ts";

export const blocklist: FeedDefinition = {
  name: "blocklist",
  description: "Hashes that are blocked.",
  forwards: "each entry at first sight and whenever its `updatedAt` moves",
  permission: "Blacklist.view",
  every: "5m",
  start: "2010-01-01",
  source: {
    read: "window",
    path: "restrictions",
    query: { includeChildren: "true" },
    timeField: "updatedAt",
    time: (record) => record["updatedAt"],
    isObject: true,
    belongs: scopeOfList,
  },
  mapping: {
    noun: "Blocklist entry",
    named: "fileHash",
    table: objectTable(
      [
        { key: "suser", from: ["userName"], as: asWord, note: "who made it" },
        { key: "suid", from: ["userId"] },
        { key: "fileHash", from: ["value"], as: asWord },
        { key: "cs2", from: ["type"], label: "type" },
        { key: "cs5", from: ["scopePath", "scopeName"], label: "scope" },
        { key: "S1description", from: ["description"] },
        { key: "S1osFamily", from: ["osType"] },
        { key: "S1source", from: ["source"] },
        { key: "S1notRecommended", from: ["notRecommended"] },
        { key: "S1imported", from: ["imported"], as: asFlag },
        { key: "S1groupId", from: ["groupId"] },
      ],
      LISTED_SCOPE,
      ["createdAt", "includeChildren", "includeParents", "scope", "scopeName"],
    ),
  },
};

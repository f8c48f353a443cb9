import { asWord } from "../reading.ts";
import { GROUP, type ObjectMapping, SCOPE, objectTable } from "./object.ts";
import type { Row } from "./table.ts";

/** What is told beside a threat. The feed adds which threat, and where that belongs. */
const OF_THE_THREAT: readonly Row[] = [
  { key: "dhost", from: ["computerName"], as: asWord, note: "the endpoint" },
  { key: "fname", from: ["threatName"], as: asWord },
  { key: "S1threatId", from: ["threatId"] },
];

export const NOTE: ObjectMapping = {
  noun: "Threat",
  named: "fname",
  table: objectTable(
    [
      { key: "msg", from: ["text"], note: "verbatim" },
      { key: "suser", from: ["creator"], as: asWord, note: "who wrote it" },
      { key: "suid", from: ["creatorId"] },
      ...OF_THE_THREAT,
      { key: "S1edited", from: ["edited"] },
      ...GROUP,
    ],
    SCOPE,
    ["createdAt"],
  ),
};

export const TIMELINE: ObjectMapping = {
  noun: "Threat",
  named: "fname",
  table: objectTable(
    [
      { key: "msg", from: ["primaryDescription"], note: "verbatim" },
      { key: "suser", from: ["data.byUser", "data.username", "data.userName"], as: asWord, note: "who did it" },
      { key: "suid", from: ["userId"] },
      ...OF_THE_THREAT,
      { key: "fileHash", from: ["hash"], as: asWord },
      { key: "cs1", from: ["secondaryDescription"], label: "secondaryDescription" },
      {
        key: "S1activityType",
        from: ["activityType"],
        note: "the activity of the same id stands in the feed `activities`, too",
      },
      { key: "S1agentId", from: ["agentId"] },
      { key: "S1osFamily", from: ["osFamily"] },
      ...GROUP,
    ],
    SCOPE,
    ["createdAt", "agentUpdatedVersion"],
  ),
};

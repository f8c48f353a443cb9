import { SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asFlag, asLargeInteger, asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

/** What is said of the endpoint is the endpoint's: it does not make another application of it. */
const OF_THE_AGENT = [
  "agentInfected",
  "agentIsActive",
  "agentIsDecommissioned",
  "agentNetworkStatus",
  "agentOperationalState",
  "agentVersion",
  "agentDomain",
  "agentMachineType",
  "updatedAt",
];

export const applications: FeedDefinition = {
  name: "applications",
  description: "Applications installed on the endpoints.",
  forwards: "each installed application at first sight and when it has changed",
  permission: "Applications Page.view",
  every: "24h",
  start: "now",
  source: { read: "list", path: "installed-applications", volatile: OF_THE_AGENT },
  mapping: {
    noun: "Application",
    named: "fname",
    table: objectTable(
      [
        { key: "dhost", from: ["agentComputerName"], as: asWord },
        { key: "dntdom", from: ["agentDomain"], as: asWord },
        { key: "fname", from: ["name"], as: asWord },
        { key: "fileType", from: ["type"], as: asWord },
        { key: "fsize", from: ["size"] },
        { key: "fileCreateTime", from: ["installedAt"], note: "when it was installed" },
        { key: "cs1", from: ["version"], label: "version" },
        { key: "cs2", from: ["publisher"], label: "publisher" },
        { key: "cs3", from: ["riskLevel"], label: "riskLevel" },
        { key: "S1agentId", from: ["agentId"] },
        { key: "S1agentUuid", from: ["agentUuid"] },
        { key: "S1osFamily", from: ["osType", "agentOsType"] },
        { key: "S1fileSize", from: ["size"], as: asLargeInteger, note: "from 2147483648 up" },
        { key: "S1signed", from: ["signed"], as: asFlag },
      ],
      SCOPE,
      ["createdAt", ...OF_THE_AGENT],
    ),
  },
};

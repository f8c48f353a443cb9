import { GROUP, SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asFlag, asWord } from "../cef/reading.ts";
import type { JsonValue } from "../event/event.ts";
import { type FeedDefinition, at } from "./definition.ts";

function interfaces(value: JsonValue, member: string): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const all = (value as readonly JsonValue[]).flatMap((item): JsonValue | readonly JsonValue[] =>
    typeof item === "object" && item !== null && !Array.isArray(item) ? (at({ item }, "item", member) ?? []) : [],
  );
  const texts = all.filter((text): text is string => typeof text === "string" && text !== "");
  return texts.length === 0 ? undefined : texts.join(",");
}

const firstMac = (value: JsonValue): string | undefined => interfaces(value, "physical")?.split(",")[0];

export const agents: FeedDefinition = {
  name: "agents",
  description: "Endpoints with the agent, and their state.",
  forwards: "each endpoint at first sight and whenever its `updatedAt` moves; `lastActiveDate` alone does not move it",
  permission: "Endpoints.view",
  every: "5m",
  start: "2010-01-01",
  source: {
    read: "window",
    path: "agents",
    timeField: "updatedAt",
    time: (record) => record["updatedAt"],
    isObject: true,
    volatile: ["lastActiveDate"],
  },
  mapping: {
    noun: "Endpoint",
    named: "dhost",
    deviceVersion: "osName",
    severity: { by: "S1infected", severities: { true: 7 } },
    table: objectTable(
      [
        { key: "act", from: ["operationalState"], as: asWord },
        { key: "suser", from: ["lastLoggedInUserName"], as: asWord },
        { key: "dhost", from: ["computerName"], as: asWord },
        { key: "dntdom", from: ["domain"], as: asWord },
        {
          key: "dst",
          from: ["lastIpToMgmt", "networkInterfaces"],
          as: (value) => asWord(value) ?? interfaces(value, "inet"),
          note: "IPv4 only",
        },
        { key: "dmac", from: ["networkInterfaces"], as: firstMac, note: "of the first interface" },
        {
          key: "c6a3",
          from: ["networkInterfaces"],
          as: (value) => interfaces(value, "inet6"),
          label: "Endpoint IPv6 Address",
          note: "the first",
        },
        { key: "destinationTranslatedAddress", from: ["externalIp"], note: "IPv4 only; the endpoint as seen outside" },
        { key: "deviceCustomDate1", from: ["lastActiveDate"], label: "lastActiveDate" },
        { key: "deviceCustomDate2", from: ["registeredAt"], label: "registeredAt" },
        { key: "cs1", from: ["networkStatus"], label: "networkStatus" },
        { key: "cs2", from: ["mitigationMode"], label: "mitigationMode" },
        { key: "cs3", from: ["scanStatus"], label: "scanStatus" },
        { key: "cs4", from: ["userActionsNeeded"], label: "userActionsNeeded" },
        { key: "cs5", from: ["detectionState"], label: "detectionState" },
        { key: "cn1", from: ["activeThreats"], label: "activeThreats" },
        { key: "S1agentId", from: ["id"] },
        { key: "S1agentUuid", from: ["uuid"] },
        { key: "S1agentVersion", from: ["agentVersion"] },
        { key: "osName", from: ["osName"], as: asWord },
        { key: "S1osRevision", from: ["osRevision"] },
        { key: "S1osFamily", from: ["osType"] },
        { key: "S1machineType", from: ["machineType"] },
        { key: "S1serialNumber", from: ["serialNumber"] },
        { key: "S1externalId", from: ["externalId"] },
        { key: "S1infected", from: ["infected"], as: asFlag },
        { key: "S1isActive", from: ["isActive"], as: asFlag },
        { key: "S1isDecommissioned", from: ["isDecommissioned"], as: asFlag },
        { key: "S1isUninstalled", from: ["isUninstalled"], as: asFlag },
        { key: "S1isPendingUninstall", from: ["isPendingUninstall"], as: asFlag },
        { key: "S1isUpToDate", from: ["isUpToDate"], as: asFlag },
        { key: "S1firewallEnabled", from: ["firewallEnabled"], as: asFlag },
        { key: "S1rebootRequired", from: ["threatRebootRequired"], as: asFlag },
        { key: "S1inRemoteShell", from: ["inRemoteShellSession"], as: asFlag },
        ...GROUP,
      ],
      SCOPE,
      ["createdAt", "networkInterfaces", "showAlertIcon", "groupUpdatedAt", "policyUpdatedAt"],
    ),
  },
};

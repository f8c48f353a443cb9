import { SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

export const ranger: FeedDefinition = {
  name: "ranger",
  description: "Devices on the network as Network Discovery (Ranger) sees them.",
  forwards: "each device at first sight and when it has changed; being seen again does not count as a change",
  permission: "Ranger.view",
  every: "1h",
  start: "now",
  source: {
    read: "list",
    path: "ranger/table-view",
    scopes: ["accountIds", "siteIds"],
    oneScope: true,
    volatile: ["lastSeen", "fingerPrintScore"],
  },
  mapping: {
    noun: "Network device",
    named: "dhost",
    table: objectTable(
      [
        { key: "act", from: ["managedState"], as: asWord },
        { key: "dhost", from: ["hostnames"] },
        { key: "dntdom", from: ["domain"], as: asWord },
        { key: "dst", from: ["localIp"], note: "IPv4 only" },
        { key: "dmac", from: ["macAddress"] },
        { key: "destinationTranslatedAddress", from: ["externalIp"], note: "IPv4 only; the device as seen outside" },
        { key: "deviceCustomDate1", from: ["firstSeen"], label: "firstSeen" },
        { key: "deviceCustomDate2", from: ["lastSeen"], label: "lastSeen" },
        { key: "cs1", from: ["deviceType"], label: "deviceType" },
        { key: "cs2", from: ["manufacturer"], label: "manufacturer" },
        { key: "cs3", from: ["deviceFunction"], label: "deviceFunction" },
        { key: "cs4", from: ["deviceReview"], label: "deviceReview" },
        { key: "cs5", from: ["networkName"], label: "networkName" },
        { key: "cs6", from: ["subnetAddress"], label: "subnetAddress" },
        { key: "S1agentId", from: ["agentId"] },
        { key: "osName", from: ["osName"], as: asWord },
        { key: "S1osFamily", from: ["osType"] },
        { key: "S1osVersion", from: ["osVersion"] },
        { key: "S1discoveryMethods", from: ["discoveryMethods"] },
        { key: "S1tcpPorts", from: ["tcpPorts"] },
        { key: "S1udpPorts", from: ["udpPorts"] },
      ],
      SCOPE,
      ["networks", "ipAddresses"],
    ),
  },
};

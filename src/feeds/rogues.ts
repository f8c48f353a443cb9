import { SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

export const rogues: FeedDefinition = {
  name: "rogues",
  description: "Devices on the network without an agent (Rogues).",
  forwards: "each device at first sight and when it has changed; being seen again does not count as a change",
  permission: "Rogues.view",
  every: "1h",
  start: "now",
  source: { read: "list", path: "rogues/table-view", volatile: ["lastSeen"] },
  mapping: {
    noun: "Rogue device",
    named: "dhost",
    table: objectTable(
      [
        { key: "dhost", from: ["hostnames"] },
        { key: "dst", from: ["localIp"], note: "IPv4 only" },
        { key: "dmac", from: ["macAddress"] },
        { key: "destinationTranslatedAddress", from: ["externalIp"], note: "IPv4 only; the device as seen outside" },
        { key: "deviceCustomDate1", from: ["firstSeen"], label: "firstSeen" },
        { key: "deviceCustomDate2", from: ["lastSeen"], label: "lastSeen" },
        { key: "cs1", from: ["deviceType"], label: "deviceType" },
        { key: "cs2", from: ["manufacturer"], label: "manufacturer" },
        { key: "cs3", from: ["deviceFunction"], label: "deviceFunction" },
        { key: "osName", from: ["osName"], as: asWord },
        { key: "S1osFamily", from: ["osType"] },
        { key: "S1osVersion", from: ["osVersion"] },
      ],
      SCOPE,
    ),
  },
};

import { objectTable, SCOPE, GROUP } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

/** `eventTime` is the endpoint's, and an endpoint may tell days later: only `createdAt`, as the ids, has an order of arrival. */
export const deviceControlEvents: FeedDefinition = {
  name: "device_control_events",
  description: "USB and Bluetooth devices that were connected or blocked.",
  forwards: "each event, once, also when the endpoint told it late",
  permission: "Device Control.view",
  every: "30s",
  start: "now",
  source: {
    read: "newest",
    path: "device-control/events",
    time: (record) => record["createdAt"],
  },
  mapping: {
    noun: "Device event",
    named: "S1deviceName",
    severity: { by: "act", severities: { blocked: 5, block: 5, "read only": 4 } },
    table: objectTable(
      [
        { key: "act", from: ["eventType"], as: asWord, note: "free text of the console" },
        { key: "suser", from: ["lastLoggedInUserName"], as: asWord },
        { key: "dhost", from: ["computerName"], as: asWord, note: "the endpoint" },
        { key: "start", from: ["eventTime"], note: "the endpoint's time" },
        { key: "S1agentId", from: ["agentId"] },
        { key: "S1interface", from: ["interface"] },
        { key: "S1deviceName", from: ["deviceName"] },
        { key: "S1deviceId", from: ["deviceId"] },
        { key: "S1deviceClass", from: ["deviceClass"] },
        { key: "S1vendorId", from: ["vendorId"] },
        { key: "S1productId", from: ["productId"] },
        { key: "S1uid", from: ["uId"] },
        { key: "S1accessPermission", from: ["accessPermission"] },
        { key: "S1ruleId", from: ["ruleId"] },
        { key: "S1eventId", from: ["eventId"] },
        ...GROUP,
      ],
      SCOPE,
      ["createdAt"],
    ),
  },
};

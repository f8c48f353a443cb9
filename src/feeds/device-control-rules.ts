import { GROUP, SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";
import { scopeOfRule } from "./scope-of.ts";

export const deviceControlRules: FeedDefinition = {
  name: "device_control_rules",
  description: "Device Control rules.",
  forwards: "each rule at first sight and when it has changed",
  permission: "Device Control.view",
  every: "15m",
  start: "now",
  source: { read: "list", path: "device-control", belongs: scopeOfRule },
  mapping: {
    noun: "Device rule",
    named: "cs3",
    table: objectTable(
      [
        { key: "act", from: ["action"], as: asWord, note: "`Allow`, `Block`" },
        { key: "suser", from: ["creator"], as: asWord, note: "who made it" },
        { key: "cs1", from: ["status"], label: "status" },
        { key: "cs2", from: ["accessPermission"], label: "accessPermission" },
        { key: "cs3", from: ["ruleName"], label: "ruleName" },
        { key: "cs4", from: ["ruleType"], label: "ruleType" },
        { key: "S1ruleId", from: ["id"] },
        { key: "S1interface", from: ["interface"] },
        { key: "S1deviceName", from: ["deviceName"] },
        { key: "S1deviceId", from: ["deviceId"] },
        { key: "S1deviceClass", from: ["deviceClassName", "deviceClass"] },
        { key: "S1vendorId", from: ["vendorId"] },
        { key: "S1productId", from: ["productId"] },
        { key: "S1uid", from: ["uid"] },
        { key: "S1order", from: ["order"] },
        { key: "S1scopeLevel", from: ["scope"] },
        ...GROUP,
      ],
      SCOPE,
      ["createdAt", "editable", "scopeId", "scopeName"],
    ),
  },
};

import { GROUP, SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";
import { scopeOfRule } from "./scope-of.ts";

export const firewallRules: FeedDefinition = {
  name: "firewall_rules",
  description: "Firewall Control rules.",
  forwards: "each rule at first sight and when it has changed",
  permission: "Firewall Control.view",
  every: "15m",
  start: "now",
  source: { read: "list", path: "firewall-control", belongs: scopeOfRule },
  mapping: {
    noun: "Firewall rule",
    named: "cs3",
    table: objectTable(
      [
        { key: "act", from: ["action"], as: asWord, note: "`Allow`, `Block`" },
        { key: "proto", from: ["protocol"], as: asWord },
        { key: "suser", from: ["creator"], as: asWord, note: "who made it" },
        { key: "cs1", from: ["status"], label: "status" },
        { key: "cs2", from: ["direction"], label: "direction" },
        { key: "cs3", from: ["name"], label: "ruleName" },
        { key: "cs4", from: ["remoteHosts", "remoteHost"], label: "remoteHosts" },
        { key: "cs5", from: ["localHost"], label: "localHost" },
        { key: "cs6", from: ["application"], label: "application" },
        { key: "S1ruleId", from: ["id"] },
        { key: "S1ruleCategory", from: ["ruleCategory"] },
        { key: "S1description", from: ["description"] },
        { key: "S1remotePort", from: ["remotePort"] },
        { key: "S1localPort", from: ["localPort"] },
        { key: "S1osFamily", from: ["osTypes", "osType"] },
        { key: "S1order", from: ["order"] },
        { key: "S1scopeLevel", from: ["scope"] },
        { key: "S1tags", from: ["tagNames"] },
        ...GROUP,
      ],
      SCOPE,
      ["createdAt", "editable", "tag", "tags", "tagIds", "remoteHost", "osType", "scopeId", "scopeName"],
    ),
  },
};

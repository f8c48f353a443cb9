import { SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

export const policies: FeedDefinition = {
  name: "policies",
  description: "Protection policies of accounts, sites and groups.",
  forwards:
    "the policy of each account, site and group at first sight and when it has changed, with the scope added, whose name does not count; one request for each",
  permission: "Policy.view, and Accounts.view, Sites.view, Groups.view to find the scopes",
  every: "1h",
  start: "now",
  source: { read: "policies" },
  mapping: {
    noun: "Policy",
    named: "S1scopeName",
    table: objectTable(
      [
        { key: "suser", from: ["userFullName"], as: asWord, note: "who set it" },
        { key: "suid", from: ["userId"] },
        { key: "cs1", from: ["mitigationMode"], label: "mitigationMode" },
        { key: "cs2", from: ["mitigationModeSuspicious"], label: "mitigationModeSuspicious" },
        { key: "cs3", from: ["autoMitigationAction"], label: "autoMitigationAction" },
        { key: "cs4", from: ["engines"], label: "engines" },
        { key: "cs5", from: ["inheritedFrom"], label: "inheritedFrom" },
        { key: "S1scopeLevel", from: ["scopeLevel"], note: "`account`, `site`, `group`" },
        { key: "S1scopeId", from: ["scopeId"] },
        { key: "S1scopeName", from: ["scopeName"] },
        { key: "S1groupId", from: ["groupId"] },
        { key: "S1groupName", from: ["groupName"] },
        // Off is the news here, so both are told.
        { key: "S1antiTamperingOn", from: ["antiTamperingOn"] },
        { key: "S1snapshotsOn", from: ["snapshotsOn"] },
        { key: "S1networkQuarantineOn", from: ["networkQuarantineOn"] },
        { key: "S1scanNewAgents", from: ["scanNewAgents"] },
        { key: "S1allowRemoteShell", from: ["allowRemoteShell"] },
        { key: "S1autoDecommissionOn", from: ["autoDecommissionOn"] },
        { key: "S1autoDecommissionDays", from: ["autoDecommissionDays"] },
        { key: "S1isDefault", from: ["isDefault"] },
      ],
      SCOPE,
      ["createdAt"],
    ),
  },
};

import { SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

/** Counts and scans that go on every day. */
const OF_THE_DAY = ["daysDetected", "lastScanDate", "lastScanResult"];

/** The console sorts by many fields, but not by the one that says when a risk changed, and does not show it. */
export const applicationRisks: FeedDefinition = {
  name: "application_risks",
  description: "Vulnerable applications with their CVEs.",
  forwards: "each CVE of an application on an endpoint at first sight and when it has changed, its removal included",
  permission: "Applications Page.viewRisks",
  every: "1h",
  start: "2010-01-01",
  source: {
    read: "list",
    path: "application-management/risks",
    since: "riskUpdatedDate",
    query: { includeRemovals: "true" },
    oneScope: true,
    volatile: OF_THE_DAY,
  },
  mapping: {
    noun: "Vulnerability",
    named: "cs1",
    severity: {
      by: "S1severity",
      severities: { critical: 8, high: 7, medium: 5, low: 3, none: 2 },
      atMost: { by: "act", severities: { removed: 2 } },
    },
    table: objectTable(
      [
        { key: "act", from: ["status"], as: asWord, note: "`Detected`, `Removed`" },
        { key: "dhost", from: ["endpointName"], as: asWord },
        { key: "fname", from: ["application", "applicationName"], as: asWord },
        { key: "reason", from: ["reason", "mitigationStatusReason"] },
        { key: "deviceCustomDate1", from: ["detectionDate"], label: "detectionDate" },
        { key: "deviceCustomDate2", from: ["publishedDate"], label: "publishedDate" },
        { key: "cs1", from: ["cveId"], label: "cveId" },
        { key: "cs2", from: ["applicationVendor"], label: "applicationVendor" },
        { key: "cs3", from: ["applicationVersion"], label: "applicationVersion" },
        { key: "cs4", from: ["mitigationStatus"], label: "mitigationStatus" },
        { key: "cs5", from: ["exploitCodeMaturity"], label: "exploitCodeMaturity" },
        { key: "cs6", from: ["remediationLevel"], label: "remediationLevel" },
        { key: "cfp1", from: ["baseScore", "nvdBaseScore"], label: "baseScore" },
        { key: "cfp2", from: ["riskScore"], label: "riskScore" },
        { key: "S1severity", from: ["severity"], note: "the console's own scale" },
        { key: "S1agentId", from: ["endpointId"] },
        { key: "S1osFamily", from: ["osType"] },
        { key: "S1machineType", from: ["endpointType"] },
        { key: "S1application", from: ["applicationName"] },
        { key: "S1markedBy", from: ["markedBy", "mitigationStatusChangedBy"] },
        { key: "S1cvssVersion", from: ["cvssVersion"] },
      ],
      SCOPE,
    ),
  },
};

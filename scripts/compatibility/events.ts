import type { JsonRecord, SecurityEvent } from "../../src/event/event.ts";
import type { Micros } from "../../src/event/time.ts";

/** An event of each kind that parsers of the native syslog tell apart. */
export interface Example {
  readonly name: string;
  readonly event: SecurityEvent;
}

const HOST = { computerName: "FIN-LAP-07" };
const USER = { username: "ada@example.com" };
const THREAT = {
  ...HOST,
  fileContentHash: "02699626f388ed830012e5b787640e71c56d42d8",
  filePath: "\\Device\\HarddiskVolume3\\invoice.exe",
  threatClassification: "Malware",
};

const ACTIVITIES: readonly (readonly [type: number, sentence: string, data: JsonRecord])[] = [
  [19, "Threat with confidence level malicious detected: invoice.exe", THREAT],
  [4003, "Threat with confidence level suspicious detected: invoice.exe", THREAT],
  [2004, "The agent FIN-LAP-07 successfully quarantined the threat: invoice.exe.", THREAT],
  [2009, "The agent FIN-LAP-07 failed to quarantine the threat: invoice.exe.", THREAT],
  [21, "The management user Ada Example marked the threat invoice.exe as resolved.", THREAT],
  [23, "The management user Ada Example added user Bob Example as Viewer.", {}],
  [24, "The management user Ada Example modified the user Bob Example.", {}],
  [25, "The management user Ada Example deleted the user Bob Example.", {}],
  [27, "The management user Ada Example logged in to the management console with IP Address 198.51.100.7.", USER],
  [33, "The management user Ada Example logged out of the management console.", USER],
  [133, "The management user Ada Example failed to log in to the management console.", USER],
  [128, "The agent FIN-LAP-07 was disabled.", HOST],
  [3608, "Alert created for powershell.exe from Custom Rule: Encoded in Group G, detected on FIN-LAP-07.", HOST],
  [5125, "USB device was blocked on FIN-LAP-07.", HOST],
];

const SCOPE = {
  siteId: "1805117263218812002",
  siteName: "Berlin",
  accountId: "1805117263218812001",
  accountName: "Ex",
};
const TIME = (Date.UTC(2026, 8, 21, 13, 47, 1) * 1000 + 605_229) as Micros;

function event(feed: "activities" | "threats", index: number, record: JsonRecord): SecurityEvent {
  const id = `22873115409871238${String(index).padStart(2, "0")}`;
  const isActivity = feed === "activities";
  return {
    console: "acme",
    consoleVersion: "S-25.1.3#77",
    feed,
    change: isActivity ? "event" : "new",
    id,
    key: isActivity ? `activities/${id}` : `threats/${id}/2026-09-21T13:47:01.605229Z`,
    time: TIME,
    record: { ...record, id },
  };
}

const THREAT_OBJECT: JsonRecord = {
  agentRealtimeInfo: { agentComputerName: "FIN-LAP-07", agentOsName: "Windows 11 Pro", ...SCOPE },
  threatInfo: { threatName: "invoice.exe", confidenceLevel: "malicious", mitigationStatus: "not_mitigated" },
};

export const EXAMPLES: readonly Example[] = [
  ...ACTIVITIES.map(([activityType, primaryDescription, data], index) => {
    const ofThreat = data === THREAT ? { threatId: "2287311540881209344", agentId: "1805117263218812900" } : {};
    const record = { activityType, primaryDescription, ...SCOPE, ...ofThreat, data };
    return { name: String(activityType), event: event("activities", index, record) };
  }),
  { name: "threats.new", event: event("threats", 90, THREAT_OBJECT) },
];

import { integer } from "../console/json-text.ts";
import type { ExactRecord } from "../console/json-text.ts";
import type { Random } from "./random.ts";
import type { Administrator, Finding, Host, Place } from "./scene.ts";
import { snowflakeNumber } from "./snowflake.ts";

/** What an activity is about. Every kind takes of it what it needs. */
export interface Subject {
  readonly random: Random;
  readonly place: Place;
  readonly host: Host;
  readonly administrator: Administrator;
  readonly finding: Finding;
  readonly ms: number;
}

/** The part of an activity that differs from type to type. */
export interface ActivityDetail {
  readonly type: number;
  readonly about: "agent" | "threat" | "user";
  readonly primary: string;
  readonly secondary?: string;
  readonly data: ExactRecord;
  readonly hash?: string;
}

type ActivityKind = (subject: Subject) => ActivityDetail;

/** Each kind as often as it comes in the mix: sign-ins and scans are common, tampering is rare. */
export const ACTIVITY_KINDS: readonly ActivityKind[] = [
  loggedIn,
  loggedIn,
  loggedIn,
  loggedOut,
  loginFailed,
  loginFailed,
  userAdded,
  maliciousThreat,
  maliciousThreat,
  suspiciousThreat,
  mitigated(2001, "kill", "killed"),
  mitigated(2004, "quarantine", "quarantined"),
  incidentStatusChanged,
  customRuleAlert,
  customRuleAlert,
  pathExclusionDeleted,
  blocklistHashDeleted,
  deviceBlocked,
  deviceBlocked,
  scan(90, "started"),
  scan(92, "completed"),
  scan(92, "completed"),
  agent(17, "subscribed and joined the group", (subject) => subject.place.groupName),
  agent(51, "was uninstalled"),
  agent(61, "was disconnected from network by", (subject) => subject.administrator.name),
  agent(120, "was enabled"),
  agent(128, "was disabled because of database corruption"),
  policyReverted,
];

export function maliciousThreat(subject: Subject): ActivityDetail {
  return detected(19, "malicious", subject);
}

function suspiciousThreat(subject: Subject): ActivityDetail {
  return detected(4003, "suspicious", subject);
}

function detected(type: number, confidenceLevel: string, { host, finding }: Subject): ActivityDetail {
  return {
    type,
    about: "threat",
    primary: `Threat with confidence level ${confidenceLevel} detected: ${finding.fileName}`,
    secondary: finding.sha1,
    data: {
      computerName: host.name,
      confidenceLevel,
      escapedMaliciousProcessArguments: finding.arguments,
      fileContentHash: finding.sha1,
      fileDisplayName: finding.fileName,
      filePath: finding.filePath,
      threatClassification: finding.classification,
      threatClassificationSource: "Engine",
      username: `${host.name}\\${host.user}`,
    },
  };
}

export function mitigated(type: number, action: string, past: string): ActivityKind {
  return ({ host, finding }) => ({
    type,
    about: "threat",
    primary: `The agent ${host.name} successfully ${past} the threat: ${finding.fileName}.`,
    secondary: finding.filePath,
    data: {
      action,
      computerName: host.name,
      escapedMaliciousProcessArguments: finding.arguments,
      fileContentHash: finding.sha1,
      fileDisplayName: finding.fileName,
      filePath: finding.filePath,
      globalStatus: "success",
      threatClassification: finding.classification,
      threatClassificationSource: "Engine",
    },
  });
}

function incidentStatusChanged({ administrator, finding, host }: Subject): ActivityDetail {
  return {
    type: 2028,
    about: "threat",
    primary: `The management user ${administrator.name} changed the incident status of ${finding.fileName} to resolved.`,
    data: {
      computerName: host.name,
      fileContentHash: finding.sha1,
      fileDisplayName: finding.fileName,
      newIncidentStatus: "resolved",
      newIncidentStatusTitle: "Resolved",
      oldIncidentStatus: "unresolved",
      oldIncidentStatusTitle: "Unresolved",
      username: administrator.name,
    },
  };
}

function loggedIn({ administrator }: Subject): ActivityDetail {
  return signIn(27, administrator, `logged in to the management console with IP Address ${administrator.ip}.`, null);
}

function loggedOut({ administrator }: Subject): ActivityDetail {
  return signIn(33, administrator, `logged out of the management console with IP Address ${administrator.ip}.`, null);
}

function loginFailed({ administrator, random }: Subject): ActivityDetail {
  const from = { ...administrator, ip: `203.0.113.${random.below(250) + 1}` };
  return signIn(133, from, `failed to log in to the management console with IP Address ${from.ip}.`, "Wrong password");
}

function signIn(type: number, { name, email, ip }: Administrator, what: string, reason: string | null): ActivityDetail {
  return {
    type,
    about: "user",
    primary: `The management user ${name} ${what}`,
    data: { email, ipAddress: ip, reason, role: "Admin", source: "mgmt", userScope: "account", username: name },
  };
}

function userAdded({ administrator, random }: Subject): ActivityDetail {
  const username = `New Analyst ${random.below(1000)}`;
  return {
    type: 23,
    about: "user",
    primary: `The management user ${administrator.name} added the user ${username} to the management.`,
    data: { byUser: administrator.name, realUser: null, role: "Viewer", userScope: "account", username },
  };
}

function customRuleAlert({ host, ms, random }: Subject): ActivityDetail {
  const sequence = random.below(4096);
  const ruleName = random.pick(["Encoded PowerShell = suspicious", "LSASS access | credential", "New local admin"]);
  return {
    type: 3608,
    about: "agent",
    primary: `Alert created for ${ruleName} from Custom Rule: ${ruleName} in Group, detected on ${host.name}.`,
    data: {
      agentipv4: host.ip,
      alertId: integer(snowflakeNumber(ms, sequence)),
      alertid: integer(snowflakeNumber(ms, sequence)),
      detectedat: ms,
      dveventid: "",
      dveventtype: "PROCESSCREATION",
      k8sclustername: "",
      origagentmachinetype: host.machineType,
      origagentname: host.name,
      origagentosfamily: host.osFamily,
      physical: "02:00:5e:10:00:01",
      ruleId: integer(snowflakeNumber(ms - 86_400_000, sequence % 7)),
      ruledescription: "Fires when the query of the rule matches\nan event of any endpoint in scope.",
      rulename: ruleName,
      rulescopelevel: "E_GROUP",
      severity: random.pick(["E_LOW", "E_MEDIUM", "E_HIGH", "E_CRITICAL"]),
      sourcename: "STAR",
      statusChangeFromAgent: -1,
      userName: host.user,
    },
  };
}

function pathExclusionDeleted({ administrator, host }: Subject): ActivityDetail {
  return {
    type: 3016,
    about: "user",
    primary: `The management user ${administrator.name} deleted the path exclusion.`,
    secondary: "C:\\Program Files\\Backup Agent\\",
    data: {
      description: "added for the backup window",
      exclusionType: "path",
      osFamily: host.osFamily,
      username: administrator.name,
      value: "C:\\Program Files\\Backup Agent\\",
    },
  };
}

function blocklistHashDeleted({ administrator, finding, host }: Subject): ActivityDetail {
  return {
    type: 3020,
    about: "user",
    primary: `The management user ${administrator.name} deleted the ${host.osFamily} hash from the blacklist.`,
    secondary: finding.sha1,
    hash: finding.sha1,
    data: {
      description: null,
      fileContentHash: finding.sha1,
      osFamily: host.osFamily,
      username: administrator.name,
    },
  };
}

function deviceBlocked({ host, ms, random }: Subject): ActivityDetail {
  const deviceName = random.pick(["Flash Drive 3.0", "Portable SSD", "Phone"]);
  return {
    type: 5125,
    about: "agent",
    primary: `Device Control blocked the device ${deviceName} on the endpoint ${host.name}.`,
    data: {
      computerName: host.name,
      creator: "N/A",
      deviceClass: "08h",
      deviceInformationServiceInfoKey: null,
      deviceName,
      eventId: `{${random.uuid()}}`,
      eventTime: `${new Date(ms - random.below(200_000)).toISOString().slice(0, 19)}+00:00`,
      eventType: "blocked",
      interface: "USB",
      lastLoggedInUserName: host.user,
      productId: random.hex(4),
      ruleId: -1,
      ruleName: null,
      ruleType: "productId",
      uid: random.hex(20),
      vendorId: random.hex(4),
    },
  };
}

function scan(type: number, verb: string): ActivityKind {
  return agent(type, `${verb} full disk scan at`, ({ ms }) => new Date(ms).toUTCString());
}

function agent(type: number, what: string, object?: (subject: Subject) => string): ActivityKind {
  return (subject) => ({
    type,
    about: "agent",
    primary: `Agent ${subject.host.name} ${what}${object === undefined ? "" : ` ${object(subject)}`}.`,
    data: {
      computerName: subject.host.name,
      externalIp: `203.0.113.${subject.random.below(250) + 1}`,
      system: subject.host.osFamily === "windows",
      username: subject.administrator.name,
      uuid: subject.host.uuid,
    },
  });
}

function policyReverted({ administrator }: Subject): ActivityDetail {
  return {
    type: 5044,
    about: "user",
    primary: `The management user ${administrator.name} reverted the account policy to the inherited one.`,
    data: { policy: { id: integer(snowflakeNumber(Date.UTC(2025, 5, 1), 77)) }, username: administrator.name },
  };
}

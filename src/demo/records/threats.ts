import { formatTime } from "../../event/time.ts";
import type { Micros } from "../../event/time.ts";
import { writeExact } from "../console/json-text.ts";
import type { ExactRecord } from "../console/json-text.ts";
import { subjectOf } from "./activities.ts";
import type { Occasion } from "./activities.ts";
import type { Subject } from "./activity-kinds.ts";

/** The JSON text of one threat in the nested shape of API 2.1, as it is at first sight: killed, not looked at yet. */
export function threatText(occasion: Occasion): string {
  return threatRecordText(subjectOf(occasion), occasion.time);
}

export function threatRecordText(subject: Subject, time: Micros): string {
  const { finding } = subject;
  return writeExact({
    agentDetectionInfo: detectionInfo(subject),
    agentRealtimeInfo: realtimeInfo(subject),
    containerInfo: { id: null, image: null, isContainerQuarantine: null, labels: null, name: null },
    ecsInfo: { clusterName: null, serviceArn: null, serviceName: null, taskArn: null, type: null, version: null },
    id: finding.threatId,
    indicators: INDICATORS,
    kubernetesInfo: KUBERNETES_NONE,
    mitigationStatus: [mitigation(time)],
    threatInfo: threatInfo(subject, time),
    whiteningOptions: ["hash", "path"],
  });
}

const AGENT_VERSION = "25.1.3.334";

const INDICATORS = [
  {
    category: "Evasion",
    description: "Code that hides its origin was detected",
    ids: [14, 233],
    tactics: [
      {
        name: "Defense Evasion",
        source: "MITRE",
        techniques: [{ link: "https://attack.mitre.org/techniques/T1027/", name: "T1027" }],
      },
    ],
  },
  { category: "General", description: "Detected by the Static Engine", ids: [43], tactics: [] },
];

const KUBERNETES_NONE: ExactRecord = {
  cluster: null,
  controllerKind: null,
  controllerLabels: null,
  controllerName: null,
  isContainerQuarantine: null,
  namespace: null,
  namespaceLabels: null,
  node: null,
  nodeLabels: null,
  pod: null,
  podLabels: null,
};

function mitigation(time: Micros): ExactRecord {
  const at = formatTime((time + 900_000) as Micros);
  return {
    action: "kill",
    actionsCounters: { failed: 0, notFound: 0, pendingReboot: 0, success: 2, total: 2 },
    agentSupportsReport: true,
    groupNotFound: false,
    lastUpdate: at,
    latestReport: null,
    mitigationEndedAt: at,
    mitigationStartedAt: formatTime(time),
    reportId: null,
    status: "success",
  };
}

function detectionInfo({ place, host }: Subject): ExactRecord {
  return {
    accountId: place.accountId,
    accountName: place.accountName,
    agentDetectionState: null,
    agentDomain: place.domain,
    agentIpV4: `${host.ip},192.0.2.1`,
    agentIpV6: "2001:db8::a,2001:db8::b",
    agentLastLoggedInUpn: `${host.user}@example.com`,
    agentLastLoggedInUserMail: null,
    agentLastLoggedInUserName: host.user,
    agentMitigationMode: "protect",
    agentOsName: host.osName,
    agentOsRevision: host.osRevision,
    agentRegisteredAt: "2025-03-03T08:00:00.000000Z",
    agentUuid: host.uuid,
    agentVersion: AGENT_VERSION,
    assetVersion: null,
    cloudProviders: {},
    externalIp: "203.0.113.9",
    groupId: place.groupId,
    groupName: place.groupName,
    siteId: place.siteId,
    siteName: place.siteName,
  };
}

function realtimeInfo({ place, host }: Subject): ExactRecord {
  return {
    accountId: place.accountId,
    accountName: place.accountName,
    activeThreats: 1,
    agentComputerName: host.name,
    agentDecommissionedAt: null,
    agentDomain: place.domain,
    agentId: host.id,
    agentInfected: true,
    agentIsActive: true,
    agentIsDecommissioned: false,
    agentMachineType: host.machineType,
    agentMitigationMode: "protect",
    agentNetworkStatus: "connected",
    agentOsName: host.osName,
    agentOsRevision: host.osRevision,
    agentOsType: host.osFamily,
    agentUuid: host.uuid,
    agentVersion: AGENT_VERSION,
    groupId: place.groupId,
    groupName: place.groupName,
    networkInterfaces: [
      { id: host.id, inet: [host.ip], inet6: ["2001:db8::a"], name: "Ethernet", physical: "02:00:5e:10:00:01" },
    ],
    operationalState: "na",
    rebootRequired: false,
    scanAbortedAt: null,
    scanFinishedAt: null,
    scanStartedAt: null,
    scanStatus: "none",
    siteId: place.siteId,
    siteName: place.siteName,
    storageName: null,
    storageType: null,
    userActionsNeeded: [],
  };
}

function threatInfo({ finding, host, random }: Subject, time: Micros): ExactRecord {
  return {
    analystVerdict: "undefined",
    analystVerdictDescription: "Undefined",
    automaticallyResolved: false,
    browserType: null,
    certificateId: "",
    classification: finding.classification,
    classificationSource: "Engine",
    cloudFilesHashVerdict: null,
    collectionId: finding.threatId,
    confidenceLevel: random.pick(["malicious", "malicious", "suspicious"]),
    createdAt: formatTime(time),
    detectionEngines: [{ key: finding.engine, title: "On-Write Static AI" }],
    detectionType: "static",
    engines: ["On-Write DFI"],
    externalTicketExists: false,
    externalTicketId: null,
    failedActions: false,
    fileExtension: finding.fileName.split(".").at(-1)?.toUpperCase() ?? null,
    fileExtensionType: "Executable",
    filePath: finding.filePath,
    fileSize: random.below(4_000_000),
    fileVerificationType: "NotSigned",
    identifiedAt: formatTime((time - 60_000 - random.below(3_000_000)) as Micros),
    incidentStatus: "unresolved",
    incidentStatusDescription: "Unresolved",
    initiatedBy: "agent_policy",
    initiatedByDescription: "Agent Policy",
    initiatingUserId: null,
    initiatingUsername: null,
    isFileless: false,
    isValidCertificate: false,
    maliciousProcessArguments: finding.arguments,
    md5: null,
    mitigatedPreemptively: false,
    mitigationStatus: "mitigated",
    mitigationStatusDescription: "Mitigated",
    originatorProcess: host.osFamily === "windows" ? "explorer.exe" : "bash",
    pendingActions: false,
    processUser: `${host.name}\\${host.user}`,
    publisherName: "",
    reachedEventsLimit: false,
    rebootRequired: false,
    rootProcessUpn: null,
    sha1: finding.sha1,
    sha256: null,
    storyline: random.hex(16).toUpperCase(),
    threatId: finding.threatId,
    threatName: finding.fileName,
    updatedAt: formatTime(time),
  };
}

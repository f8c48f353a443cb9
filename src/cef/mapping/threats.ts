import type { JsonValue } from "../../event/event.ts";
import { asFileName, asFlag, asLargeInteger, asSeveral, asText, asWord, isObject } from "../reading.ts";
import type { Row, Table } from "./table.ts";

/**
 * Threats: the state of a detection. The paths behind the first are older consoles' flat records.
 */
const ROWS: readonly Row[] = [
  { key: "msg", from: ["description"], as: asWord, note: "flat records only" },
  { key: "act", from: ["threatInfo.mitigationStatus", "mitigationStatus"], as: asWord },
  { key: "start", from: ["threatInfo.identifiedAt", "createdDate"], note: "first identified" },
  { key: "deviceCustomDate1", from: ["threatInfo.createdAt", "createdAt"], label: "createdAt" },
  { key: "dhost", from: ["agentRealtimeInfo.agentComputerName", "agentComputerName"], as: asWord },
  { key: "dst", from: ["agentDetectionInfo.agentIpV4", "agentIp"], note: "the first of the list" },
  {
    key: "c6a3",
    from: ["agentDetectionInfo.agentIpV6", "agentIp"],
    label: "Destination IPv6 Address",
    note: "the first of the list",
  },
  { key: "dmac", from: ["agentRealtimeInfo.networkInterfaces"], as: firstPhysicalAddress },
  {
    key: "dntdom",
    from: ["agentRealtimeInfo.agentDomain", "agentDetectionInfo.agentDomain", "agentDomain"],
    as: asWord,
  },
  { key: "destinationTranslatedAddress", from: ["agentDetectionInfo.externalIp"], note: "IPv4 only" },
  {
    key: "duser",
    from: ["threatInfo.processUser", "agentDetectionInfo.agentLastLoggedInUserName", "username"],
    as: asWord,
  },
  { key: "suser", from: ["threatInfo.initiatingUsername"], note: "who raised it, when a user did" },
  { key: "suid", from: ["threatInfo.initiatingUserId", "initiatingUserId"] },
  {
    key: "fname",
    from: ["fileDisplayName", "threatInfo.filePath", "filePath", "threatInfo.threatName"],
    as: asFileName,
  },
  { key: "filePath", from: ["threatInfo.filePath", "filePath"], as: asWord },
  {
    key: "fileHash",
    from: ["threatInfo.sha256", "fileSha256", "threatInfo.sha1", "fileContentHash", "threatInfo.md5"],
    as: asWord,
    note: "the strongest there is",
  },
  { key: "fsize", from: ["threatInfo.fileSize"], note: "up to 2147483647; larger ones are in S1fileSize" },
  { key: "fileType", from: ["threatInfo.fileExtensionType", "fileExtensionType"], as: asWord },
  { key: "sproc", from: ["threatInfo.originatorProcess"], as: asWord },
  { key: "cs1", from: ["threatInfo.threatName", "threatName"], label: "threatName" },
  { key: "cs2", from: ["threatInfo.classification", "classification"], label: "classification" },
  { key: "cs3", from: ["threatInfo.confidenceLevel", "confidenceLevel"], label: "confidenceLevel" },
  { key: "cs4", from: ["threatInfo.incidentStatus", "incidentStatus"], label: "incidentStatus" },
  { key: "cs5", from: ["threatInfo.analystVerdict", "analystVerdict"], label: "analystVerdict" },
  {
    key: "cs6",
    from: ["threatInfo.maliciousProcessArguments", "maliciousProcessArguments"],
    label: "maliciousProcessArguments",
  },
  { key: "S1threatId", from: ["threatInfo.threatId", "id"] },
  { key: "S1storylineId", from: ["threatInfo.storyline", "maliciousGroupId"] },
  { key: "S1agentId", from: ["agentRealtimeInfo.agentId", "agentId"] },
  { key: "S1agentUuid", from: ["agentRealtimeInfo.agentUuid", "agentDetectionInfo.agentUuid"] },
  {
    key: "S1agentVersion",
    from: ["agentRealtimeInfo.agentVersion", "agentDetectionInfo.agentVersion", "agentVersion"],
  },
  { key: "osName", from: ["agentRealtimeInfo.agentOsName", "agentDetectionInfo.agentOsName"], as: asWord },
  { key: "S1osFamily", from: ["agentRealtimeInfo.agentOsType", "agentOsType"] },
  { key: "S1groupId", from: ["agentRealtimeInfo.groupId", "agentDetectionInfo.groupId", "groupId"] },
  { key: "S1groupName", from: ["agentRealtimeInfo.groupName", "agentDetectionInfo.groupName", "groupName"] },
  { key: "S1sha1", from: ["threatInfo.sha1", "fileContentHash"], unlessIn: "fileHash" },
  { key: "S1md5", from: ["threatInfo.md5"], unlessIn: "fileHash" },
  { key: "S1fileSize", from: ["threatInfo.fileSize"], as: asLargeInteger, note: "from 2147483648 up" },
  { key: "S1publisher", from: ["threatInfo.publisherName", "publisher"] },
  { key: "S1fileVerification", from: ["threatInfo.fileVerificationType", "fileVerificationType"] },
  { key: "S1certificateId", from: ["threatInfo.certificateId", "certId"] },
  { key: "S1engines", from: ["threatInfo.engines", "engines"] },
  { key: "S1detectionType", from: ["threatInfo.detectionType"] },
  { key: "S1classificationSource", from: ["threatInfo.classificationSource", "classificationSource"] },
  { key: "S1cloudVerdict", from: ["threatInfo.cloudFilesHashVerdict", "cloudVerdict"] },
  { key: "S1initiatedBy", from: ["threatInfo.initiatedBy", "initiatedBy"] },
  {
    key: "S1mitigationActions",
    from: ["mitigationStatus", "mitigationReport"],
    as: mitigationActions,
    note: "`action:status` of each",
  },
  { key: "S1tactics", from: ["indicators"], as: tactics, note: "MITRE tactics of the indicators" },
  { key: "S1techniques", from: ["indicators"], as: techniques, note: "MITRE techniques of the indicators" },
  { key: "S1indicators", from: ["indicators"], as: indicatorCategories, note: "their categories" },
  { key: "S1mitigationMode", from: ["agentRealtimeInfo.agentMitigationMode", "mitigationMode"] },
  { key: "S1networkStatus", from: ["agentRealtimeInfo.agentNetworkStatus", "agentNetworkStatus"] },
  { key: "S1machineType", from: ["agentRealtimeInfo.agentMachineType", "agentMachineType"] },
  {
    key: "S1lastUser",
    from: ["agentDetectionInfo.agentLastLoggedInUpn", "agentDetectionInfo.agentLastLoggedInUserName"],
  },
  { key: "S1collectionId", from: ["threatInfo.collectionId", "collectionId"] },
  { key: "S1ticketId", from: ["threatInfo.externalTicketId", "external_ticket_id"] },
  { key: "S1mitigatedPreemptively", from: ["threatInfo.mitigatedPreemptively"], as: asFlag },
  { key: "S1automaticallyResolved", from: ["threatInfo.automaticallyResolved", "automaticallyResolved"], as: asFlag },
  { key: "S1failedActions", from: ["threatInfo.failedActions"], as: asFlag },
  { key: "S1pendingActions", from: ["threatInfo.pendingActions"], as: asFlag },
  { key: "S1rebootRequired", from: ["threatInfo.rebootRequired", "agentRealtimeInfo.rebootRequired"], as: asFlag },
  { key: "S1isFileless", from: ["threatInfo.isFileless"], as: asFlag },
  { key: "S1isValidCertificate", from: ["threatInfo.isValidCertificate", "isCertValid"], as: asFlag },
  { key: "S1agentIpV4", from: ["agentDetectionInfo.agentIpV4"], as: asSeveral, note: "only when there are several" },
  { key: "S1agentIpV6", from: ["agentDetectionInfo.agentIpV6"], as: asSeveral, note: "only when there are several" },
  { key: "S1container", from: ["containerInfo"] },
  { key: "S1kubernetes", from: ["kubernetesInfo"] },
  { key: "S1cloud", from: ["agentDetectionInfo.cloudProviders"] },
  { key: "S1ecs", from: ["ecsInfo"] },
];

const TRAILER: readonly Row[] = [
  { key: "siteId", from: ["agentRealtimeInfo.siteId", "agentDetectionInfo.siteId", "siteId"] },
  { key: "siteName", from: ["agentRealtimeInfo.siteName", "agentDetectionInfo.siteName", "siteName"] },
  { key: "accountId", from: ["agentRealtimeInfo.accountId", "agentDetectionInfo.accountId", "accountId"] },
  { key: "accountName", from: ["agentRealtimeInfo.accountName", "agentDetectionInfo.accountName", "accountName"] },
];

/** Prose for what another key tells, times that are never, and a flag about the console itself. */
const DROP: readonly string[] = [
  "createdAt",
  "identifiedAt",
  "fileExtension",
  "reachedEventsLimit",
  "updatedAt",
  "incidentStatusDescription",
  "analystVerdictDescription",
  "mitigationStatusDescription",
  "initiatedByDescription",
  "detectionEngines",
  "externalTicketExists",
];

export const THREATS: Table = {
  rows: ROWS,
  trailer: TRAILER,
  leftovers: { section: "threatInfo", sameAs: {}, drop: DROP },
};

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function member(value: JsonValue, name: string): JsonValue | undefined {
  return isObject(value) ? value[name] : undefined;
}

function join(texts: Iterable<string | undefined>): string | undefined {
  const distinct = new Set([...texts].filter((item) => item !== undefined));
  return distinct.size === 0 ? undefined : [...distinct].join(", ");
}

function text(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : asWord(value);
}

function firstPhysicalAddress(value: JsonValue): string | undefined {
  return list(value)
    .map((item) => text(member(item, "physical")))
    .find((address) => address !== undefined);
}

/** `kill:success, quarantine:failed`, from the list of today's records or the object of the flat ones. */
function mitigationActions(value: JsonValue): string | undefined {
  const actions = isObject(value)
    ? Object.entries(value).map(([action, report]) => [action, member(report, "status")] as const)
    : list(value).map((item) => [text(member(item, "action")), member(item, "status")] as const);
  return join(
    actions.map(([action, status]) => {
      const outcome = text(status);
      return action === undefined || outcome === undefined ? undefined : `${action}:${outcome}`;
    }),
  );
}

function allTactics(indicators: JsonValue): readonly JsonValue[] {
  return list(indicators).flatMap((indicator) => list(member(indicator, "tactics")));
}

function tactics(indicators: JsonValue): string | undefined {
  return join(allTactics(indicators).map((tactic) => text(member(tactic, "name"))));
}

function techniques(indicators: JsonValue): string | undefined {
  const all = allTactics(indicators).flatMap((tactic) => list(member(tactic, "techniques")));
  return join(all.map((technique) => text(member(technique, "name"))));
}

function indicatorCategories(indicators: JsonValue): string | undefined {
  return (
    join(list(indicators).map((indicator) => text(member(indicator, "category")) ?? undefined)) ??
    unknownShape(indicators)
  );
}

/** Indicators of a shape that we do not know are kept as they are. */
function unknownShape(indicators: JsonValue): string | undefined {
  return Array.isArray(indicators) && indicators.every(isObject) ? undefined : asText(indicators);
}

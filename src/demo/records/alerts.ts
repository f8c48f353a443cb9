import type { ExactRecord } from "../console/json-text.ts";
import type { Endpoint } from "./endpoints.ts";
import { iso } from "./estate.ts";
import { Random } from "./random.ts";
import { ADMINISTRATORS } from "./scene.ts";
import { snowflake } from "./snowflake.ts";

/** What endpoints report beside activities and threats: alerts in both APIs, devices, and what people note. */

const NOTHING: ExactRecord = { id: null, image: null, labels: null, name: null };

const ALERT_NULLS = [
  "dnsRequest dnsResponse dstIp dstPort indicatorCategory indicatorDescription indicatorName loginAccountDomain",
  "loginAccountSid loginIsAdministratorEquivalent loginIsSuccessful loginType loginsUserName modulePath moduleSha1",
  "netEventDirection registryKeyPath registryOldValue registryOldValueType registryPath registryValue srcIp srcMachineIp",
  "srcPort tiIndicatorComparisonMethod tiIndicatorSource tiIndicatorType tiIndicatorValue",
];

/** The id under which both APIs know the alert. */
export function alertId(reportedMs: number, index: number): string {
  return snowflake(reportedMs, index);
}

/** `createdAt` is the event's time, `reportedAt` the console's, a moment later. */
export function cloudAlert({ place, host, index }: Endpoint, reportedMs: number): ExactRecord {
  const reportedAt = iso(reportedMs);
  const nulls = Object.fromEntries(nulled(ALERT_NULLS));
  return {
    agentDetectionInfo: {
      accountId: place.accountId,
      machineType: host.machineType,
      name: host.name,
      osFamily: host.osFamily,
      osName: host.osName,
      osRevision: host.osRevision,
      siteId: place.siteId,
      uuid: host.uuid,
      version: "25.1.3.334",
    },
    agentRealtimeInfo: {
      id: host.id,
      infected: false,
      isActive: true,
      isDecommissioned: false,
      machineType: host.machineType,
      name: host.name,
      os: host.osFamily,
      uuid: host.uuid,
    },
    alertInfo: {
      ...nulls,
      alertId: alertId(reportedMs, index),
      analystVerdict: "Undefined",
      createdAt: iso(reportedMs - 125),
      dvEventId: `01K34SAXX3NFQCZ41PM9BC3W${index}`,
      eventType: "PROCESSCREATION",
      hitType: "Events",
      incidentStatus: "Unresolved",
      isEdr: true,
      reportedAt,
      source: "STAR",
      updatedAt: reportedAt,
    },
    containerInfo: NOTHING,
    kubernetesInfo: { ...NOTHING, cluster: null, namespace: null, node: null, pod: null },
    ruleInfo: {
      description: "A shell was started by an office program",
      id: "1900000000000000101",
      name: "Shell from office",
      queryLang: "2.0",
      queryType: "events",
      s1ql: "src.process.name = 'winword.exe' AND tgt.process.name = 'cmd.exe'",
      scopeLevel: "site",
      severity: ["Low", "Medium", "High", "Critical"][index % 4] ?? "Low",
      treatAsThreat: "UNDEFINED",
    },
    sourceParentProcessInfo: process("explorer.exe", host.user, index),
    sourceProcessInfo: process("winword.exe", host.user, index),
    targetProcessInfo: {
      tgtFileCreatedAt: "1970-01-01T00:00:00Z",
      tgtFileHashSha1: null,
      tgtFileHashSha256: null,
      tgtFileId: null,
      tgtFileIsSigned: null,
      tgtFileModifiedAt: "1970-01-01T00:00:00Z",
      tgtFileOldPath: null,
      tgtFilePath: null,
      tgtProcCmdLine: 'cmd.exe /c whoami | find "admin"',
      tgtProcImagePath: "C:\\Windows\\System32\\cmd.exe",
      tgtProcIntegrityLevel: "medium",
      tgtProcName: "cmd.exe",
      tgtProcPid: "4711",
      tgtProcSignedStatus: "signed",
      tgtProcStorylineId: "715DC289163B5ECB",
      tgtProcUid: "705DC289163B5ECB",
      tgtProcessStartTime: iso(reportedMs - 200),
    },
  };
}

function nulled(lines: readonly string[]): [string, null][] {
  return lines
    .join(" ")
    .split(" ")
    .map((name) => [name, null]);
}

function process(name: string, user: string, index: number): ExactRecord {
  const random = new Random(9, index);
  return {
    commandline: `"C:\\Program Files\\${name}" /n`,
    effectiveUser: null,
    fileHashMd5: random.hex(32),
    fileHashSha1: random.hex(40),
    fileHashSha256: random.hex(64),
    filePath: `C:\\Program Files\\${name}`,
    fileSignerIdentity: "EXAMPLE CORPORATION",
    integrityLevel: "medium",
    loginUser: null,
    name,
    pid: String(1000 + index),
    pidStarttime: "2026-11-20T07:30:32.364000Z",
    realUser: null,
    storyline: random.hex(16).toUpperCase(),
    subsystem: "sys_win32",
    uniqueId: random.hex(16).toUpperCase(),
    user,
  };
}

/** The same alert as the unified API has it: times in milliseconds, an id of its own, the old one as `externalId`. */
export function unifiedAlert({ place, host, index }: Endpoint, reportedMs: number): ExactRecord {
  const ms = (time: number): string => new Date(time).toISOString();
  return {
    analystVerdict: "UNDEFINED",
    analytics: { category: "Custom Rule", name: "Custom Rule", type: "OTHER", typeValue: "DYNAMIC", uid: null },
    asset: {
      agentUuid: host.uuid,
      agentVersion: "25.1.3.334",
      assetTypeClassifier: `${host.osName} ${host.machineType}`,
      category: host.machineType === "server" ? "Server" : "Workstation",
      connectivityToConsole: "ONLINE",
      id: `asset${host.id}`,
      lastLoggedInUser: host.user,
      name: host.name,
      osType: host.osFamily.toUpperCase(),
      osVersion: `${host.osName} ${host.osRevision}`,
      pendingReboot: false,
      policy: null,
      subcategory: "Other",
      type: "UNKNOWN",
    },
    assignee: null,
    attackSurfaces: ["ENDPOINT"],
    classification: "MALWARE",
    confidenceLevel: "SUSPICIOUS",
    createdAt: ms(reportedMs),
    dataSources: [],
    description: "A shell was started by an office program",
    detectedAt: ms(reportedMs - 125),
    detectionSource: { engine: null, product: "CWS", vendor: "SentinelOne" },
    detectionTime: {
      asset: {
        agentVersion: "25.1.3.334",
        consoleIpAddress: null,
        domain: place.domain,
        ipV4: host.ip,
        ipV6: "2001:db8::a",
        lastLoggedInUser: host.user,
        osName: host.osName,
        osRevision: host.osRevision,
        osType: host.osFamily.toUpperCase(),
        policy: null,
        subscriptionTime: null,
      },
      attacker: null,
      cloud: null,
      kubernetes: null,
      scope: {
        accountId: place.accountId,
        accountName: place.accountName,
        groupName: place.groupName,
        siteName: place.siteName,
      },
      targetUser: null,
    },
    externalId: alertId(reportedMs, index),
    fileHash: null,
    fileName: null,
    firstSeenAt: ms(reportedMs - 125),
    id: uuidV7(reportedMs, index),
    lastSeenAt: ms(reportedMs),
    name: "Shell from office",
    noteExists: false,
    process: {
      cmdLine: 'cmd.exe /c whoami | find "admin"',
      file: {
        certSubject: null,
        md5: null,
        name: "cmd.exe",
        path: "C:\\Windows\\System32\\cmd.exe",
        sha1: new Random(9, index).hex(40),
        sha256: null,
      },
      parentName: "winword.exe",
      username: host.user,
    },
    realTime: {
      scope: {
        account: { id: place.accountId, name: place.accountName },
        group: { id: place.groupId, name: place.groupName },
        site: { id: place.siteId, name: place.siteName },
      },
    },
    result: "UNMITIGATED",
    severity: ["LOW", "MEDIUM", "HIGH", "CRITICAL"][index % 4] ?? "LOW",
    status: "NEW",
    storylineId: new Random(9, index).hex(16).toUpperCase(),
    ticketId: null,
    // Seen on live consoles: a few milliseconds before it was created.
    updatedAt: ms(reportedMs - 3),
  };
}

function uuidV7(timeMs: number, index: number): string {
  const time = timeMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${index.toString(16).padStart(12, "0")}`;
}

/** `eventTime` is the endpoint's: it may lie far before the moment when the console got to know it. */
export function deviceEvent({ host, index }: Endpoint, createdMs: number, delayMs: number): ExactRecord {
  const createdAt = iso(createdMs);
  return {
    accessPermission: index % 3 === 0 ? "Read-Only" : "Not-Applicable",
    agentId: host.id,
    computerName: host.name,
    createdAt,
    deviceClass: "08h",
    deviceId: `2F${index}B`,
    deviceName: "Stick | 64=GB",
    eventId: new Random(11, index).uuid(),
    eventTime: iso(createdMs - delayMs),
    eventType: index % 3 === 0 ? "connected" : "blocked",
    id: snowflake(createdMs, index),
    interface: "USB",
    lastLoggedInUserName: host.user,
    lmpVersion: "",
    minorClass: "",
    productId: "5567",
    profileUuids: "",
    ruleId: "1900000000000000303",
    serviceClass: "",
    uId: `4C53000${index}`,
    updatedAt: createdAt,
    vendorId: "0781",
  };
}

/** The console itself does not tell in a note which threat it is about: the path does. */
export function threatNote(threatId: string, index: number, createdMs: number): ExactRecord {
  const { id, name } = ADMINISTRATORS[index % ADMINISTRATORS.length] ?? ADMINISTRATORS[0];
  return {
    createdAt: iso(createdMs),
    creator: name,
    creatorId: id,
    edited: false,
    id: snowflake(createdMs, index),
    text: "looked at it:\nfalse alarm = no | closed",
    threatId,
    updatedAt: iso(createdMs),
  };
}

import type { ExactRecord } from "../console/json-text.ts";
import { iso } from "./estate.ts";
import { Random } from "./random.ts";
import { BUILT_MS, PLACES, hostAt } from "./scene.ts";
import type { Host, Place } from "./scene.ts";
import { snowflake } from "./snowflake.ts";

/** What runs at a customer: endpoints, what is installed on them, and what else is on their networks. */

const MINUTE_MS = 60_000;

export interface Endpoint {
  readonly place: Place;
  readonly host: Host;
  readonly index: number;
}

/** The first hosts of each place. */
export function endpointsOf(perPlace: number): Endpoint[] {
  return PLACES.flatMap((place, at) =>
    Array.from({ length: perPlace }, (_, number) => ({
      place,
      host: hostAt(place, number),
      index: at * perPlace + number,
    })),
  );
}

/** `updatedAt` is spread over the day before `nowMs`. */
export function agent({ place, host, index }: Endpoint, nowMs: number): ExactRecord {
  const updatedAt = iso(nowMs - (index + 1) * 4 * MINUTE_MS);
  return {
    accountId: place.accountId,
    accountName: place.accountName,
    activeDirectory: {
      computerDistinguishedName: host.osFamily === "windows" ? `CN=${host.name},CN=Computers,DC=${place.domain}` : null,
      computerMemberOf: [],
      lastUserDistinguishedName: null,
      lastUserMemberOf: [],
      mail: null,
      userPrincipalName: null,
    },
    activeProtection: ["edr"],
    activeThreats: index % 29 === 0 ? 1 : 0,
    agentVersion: index % 7 === 0 ? "24.2.3.471" : "25.1.3.334",
    allowRemoteShell: false,
    appsVulnerabilityStatus: index % 5 === 0 ? "patch_required" : "up_to_date",
    cloudProviders: {},
    computerName: host.name,
    consoleMigrationStatus: "N/A",
    containerizedWorkloadCounts: null,
    coreCount: 4,
    cpuCount: 1,
    cpuId: "Example CPU @ 2.40GHz",
    createdAt: iso(BUILT_MS + index * 1000),
    detectionState: null,
    domain: place.domain,
    encryptedApplications: false,
    externalId: "",
    externalIp: "203.0.113.9",
    firewallEnabled: true,
    firstFullModeTime: null,
    fullDiskScanLastUpdatedAt: updatedAt,
    groupId: place.groupId,
    groupIp: "203.0.113.x",
    groupName: place.groupName,
    hasContainerizedWorkload: false,
    id: host.id,
    inRemoteShellSession: false,
    infected: index % 29 === 0,
    installerType: { windows: ".msi", linux: ".deb", macos: ".pkg" }[host.osFamily],
    isActive: index % 9 !== 0,
    isAdConnector: false,
    isDecommissioned: index % 31 === 0,
    isHyperAutomate: null,
    isPendingUninstall: false,
    isUninstalled: false,
    isUpToDate: index % 7 !== 0,
    lastActiveDate: iso(nowMs - index * MINUTE_MS),
    lastIpToMgmt: host.ip,
    lastLoggedInUserName: host.user,
    lastSuccessfulScanDate: null,
    licenseKey: "",
    locationEnabled: true,
    locationType: "fallback",
    locations: [],
    machineSid: null,
    machineType: host.machineType,
    missingPermissions: [],
    mitigationMode: "protect",
    mitigationModeSuspicious: "detect",
    modelName: "Example Corp - Model 5",
    networkInterfaces: [
      {
        gatewayIp: "192.0.2.1",
        gatewayMacAddress: "02:00:5e:10:00:fe",
        id: host.id,
        inet: [host.ip],
        inet6: ["2001:db8::a"],
        name: "Ethernet",
        physical: "02:00:5e:10:00:01",
      },
    ],
    networkQuarantineEnabled: false,
    networkStatus: index % 9 === 0 ? "disconnected" : "connected",
    operationalState: "na",
    operationalStateExpiration: null,
    osArch: "64 bit",
    osName: host.osName,
    osRevision: host.osRevision,
    osStartTime: "2026-11-01T06:00:00Z",
    osType: host.osFamily,
    osUsername: null,
    proxyStates: { console: false, deepVisibility: false },
    rangerStatus: "Enabled",
    rangerVersion: "25.1.0.12",
    registeredAt: iso(BUILT_MS + index * 1000),
    remoteProfilingState: "disabled",
    remoteProfilingStateExpiration: null,
    scanAbortedAt: null,
    scanFinishedAt: updatedAt,
    scanStartedAt: updatedAt,
    scanStatus: "finished",
    serialNumber: null,
    showAlertIcon: false,
    siteId: place.siteId,
    siteName: place.siteName,
    storageName: null,
    storageType: null,
    tags: { sentinelone: [] },
    threatRebootRequired: false,
    totalMemory: 16_384,
    updatedAt,
    userActionsNeeded: [],
    uuid: host.uuid,
  };
}

const APPLICATIONS = [
  ["Example Browser", "131.0.2", "Example Foundation"],
  ["Archive Tool", "24.08", "Archive &lt;contact@example.com&gt;"],
  ["PDF Reader | Pro", "11.2.1", "Reader = Works"],
] as const;

export function installedApplications({ host, index }: Endpoint, nowMs: number): ExactRecord[] {
  return APPLICATIONS.map(([name, version, publisher], at) => ({
    agentComputerName: host.name,
    agentDomain: "",
    agentId: host.id,
    agentInfected: false,
    agentIsActive: true,
    agentIsDecommissioned: false,
    agentMachineType: host.machineType,
    agentNetworkStatus: "connected",
    agentOperationalState: "na",
    agentOsType: host.osFamily,
    agentUuid: host.uuid,
    agentVersion: "25.1.3.334",
    createdAt: iso(nowMs - 86_400_000),
    id: snowflake(BUILT_MS + 20_000 + index, at),
    installedAt: iso(BUILT_MS + 86_400_000),
    name,
    osType: host.osFamily,
    publisher,
    riskLevel: at === 0 ? "high" : "none",
    signed: true,
    size: 1_048_576 * (at + 1),
    type: "app",
    updatedAt: iso(nowMs - 3_600_000),
    version,
  }));
}

export function applicationRisk({ host, index }: Endpoint, nowMs: number): ExactRecord {
  const [name, version, vendor] = APPLICATIONS[index % APPLICATIONS.length] ?? APPLICATIONS[0];
  return {
    application: `${name} ${version}`,
    applicationName: name,
    applicationVendor: vendor,
    applicationVersion: version,
    baseScore: "7.80",
    cveId: `CVE-2026-${10_000 + index}`,
    cvssVersion: "3.1",
    daysDetected: index % 60,
    detectionDate: iso(nowMs - (index % 60) * 86_400_000),
    endpointId: host.id,
    endpointName: host.name,
    endpointType: host.machineType,
    exploitCodeMaturity: "Not Defined",
    id: snowflake(BUILT_MS + 40_000 + index, index),
    lastScanDate: new Date(nowMs - index * MINUTE_MS).toISOString().replace(/\.\d+Z$/, "Z"),
    lastScanResult: "Succeeded",
    markType: "",
    markedBy: null,
    markedDate: null,
    mitigationStatus: "Not mitigated",
    nvdBaseScore: "7.80",
    osType: host.osFamily,
    publishedDate: "2026-03-22T06:32:52Z",
    reason: null,
    remediationLevel: "Official Fix",
    reportConfidence: "Confirmed",
    riskScore: "7.1",
    severity: "HIGH",
    status: "Detected",
  };
}

export function applicationInventory(): ExactRecord[] {
  return APPLICATIONS.map(([applicationName, , applicationVendor]) => ({
    applicationName,
    applicationVendor,
    applicationVersionsCount: 1,
    endpointsCount: 40,
    estimate: false,
  }));
}

export function rogue(index: number, nowMs: number): ExactRecord {
  const random = new Random(77, index);
  return {
    deviceFunction: "Workstation",
    deviceType: "Workstation",
    externalIp: "203.0.113.9",
    firstSeen: iso(nowMs - (index + 2) * 86_400_000),
    hostnames: [`guest-${index}`],
    id: snowflake(BUILT_MS + 60_000 + index, index),
    lastSeen: iso(nowMs - index * 3 * MINUTE_MS),
    localIp: `192.0.2.${100 + (index % 100)}`,
    macAddress: `02:00:5e:20:${random.hex(2)}:${random.hex(2)}`,
    manufacturer: "Example Devices",
    osName: "Unknown",
    osType: "unknown",
    osVersion: "",
  };
}

export function rangerDevice(index: number, nowMs: number): ExactRecord {
  const place = PLACES[index % PLACES.length] ?? PLACES[0];
  return {
    ...rogue(index, nowMs),
    agentId: null,
    deviceReview: "na",
    deviceReviewLog: [],
    discoveryMethods: ["ARP", "mDNS"],
    domain: place.domain,
    fingerPrintScore: 10,
    gatewayIpAddress: "192.0.2.1",
    gatewayMacAddress: "02:00:5e:10:00:fe",
    hasIdentity: false,
    hasUserLabel: false,
    id: snowflake(BUILT_MS + 80_000 + index, index),
    ipAddresses: [`192.0.2.${100 + (index % 100)}`],
    labelUpdatedAt: null,
    labelUserName: null,
    managedState: index % 2 === 0 ? "unmanaged" : "unsupported",
    networkName: "office",
    networks: [],
    siteName: place.siteName,
    subnetAddress: "192.0.2.0/24",
    tags: [],
    tcpPorts: [22, 443],
    udpPorts: [],
  };
}

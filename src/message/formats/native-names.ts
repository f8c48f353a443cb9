import type { ExtensionKey } from "../../cef/extension.ts";
import type { EventFeed } from "../../event/event.ts";

/** The keys of SentinelOne's own `cef2` and `rfc-5424`, as tables. The misspellings are SentinelOne's. */

/** In the order in which SentinelOne writes them; `cat activityID activityType` end the message. */
export const ORDER: readonly string[] =
  `suser fileName filePath oldValue newValue rt fileHash deviceAddress deviceHostFqdn
deviceHostName notificationScope siteId siteName accountId accountName vendor eventID eventDesc eventSeverity
originatorName originatorVersion sourceAgentLastAcivityTimestmps sourceAgentRegisterTimestmps sourceNetworkState
sourceOsRevision sourceOsType sourceAgentUuid sourceFqdn sourceThreatCount sourceMgmtPrecievedAddress sourceDnsDomain
sourceHostName sourceUserName sourceUserId sourceAgentId sourceGroupId sourceGroupName sourceIpAddresses
sourceMacAddresses threatClassification threatClassificationSource threatDetectingEngine threatClassifier
threatMitigationStatus threatConfidenceLevel threatMitigatedPreemptively threatMitigationStatusLabel
threatMitigationStatusID threatCommandLineArguments threatID threatStoryline threatDetectionTime threatIndicatorsList
threatProcessUser fileHashSha256 fileHashMd5`.split(/\s+/);

/** Our keys, or the labels of custom strings, and SentinelOne's names for the same. Undefined: told by another key. */
const NAMES: Readonly<Record<string, string | undefined>> = {
  rt: undefined,
  cat: undefined,
  dst: undefined,
  S1agentIpV4: undefined,
  S1agentIpV6: undefined,
  c6a2: "ip",
  src: "ip",
  dhost: "sourceHostName",
  dmac: "sourceMacAddresses",
  dntdom: "sourceDnsDomain",
  destinationTranslatedAddress: "sourceMgmtPrecievedAddress",
  fname: "fileName",
  sproc: "originatingProcessName",
  S1sha1: "fileHash",
  S1md5: "fileHashMd5",
  S1threatId: "threatID",
  S1storylineId: "threatStoryline",
  S1agentId: "sourceAgentId",
  S1agentUuid: "sourceAgentUuid",
  S1uuid: "sourceAgentUuid",
  S1agentVersion: "originatorVersion",
  S1osFamily: "sourceOsType",
  S1groupId: "sourceGroupId",
  S1groupName: "sourceGroupName",
  S1engines: "threatDetectingEngine",
  S1classificationSource: "threatClassificationSource",
  S1confidenceLevel: "threatConfidenceLevel",
  S1mitigatedPreemptively: "threatMitigatedPreemptively",
  S1networkStatus: "sourceNetworkState",
  S1lastUser: "sourceUserName",
  S1newValue: "newValue",
  S1oldValue: "oldValue",
  S1comments: "noteText",
  S1ruleId: "ruleId",
  S1alertId: "alertId",
  S1interface: "endpointDeviceControlInterface",
  S1deviceName: "endpointDeviceControlDeviceName",
  S1vendorId: "endpointDeviceControlVendor",
  S1productId: "endpointDeviceControlProduct",
  createdAt: "S1createdAt",
  classification: "threatClassification",
  confidenceLevel: "threatConfidenceLevel",
  maliciousProcessArguments: "threatCommandLineArguments",
  processArguments: "threatCommandLineArguments",
};

const THREAT_NAMES: Readonly<Record<string, string>> = {
  act: "threatMitigationStatus",
  duser: "threatProcessUser",
  start: "threatDetectionTime",
};

/** Undefined: another pair tells it. */
export function nativeName(feed: EventFeed, { name, label }: ExtensionKey, value: string): string | undefined {
  if (name === "fileHash") return HASHES[value.length] ?? name;
  // The one address without a key of its own for IPv6 is that of the endpoint, which stands in a list.
  if (name === "c6a3") return label === "Destination IPv6 Address" ? undefined : "sourceMgmtPrecievedAddress";
  if (feed === "threats" && Object.hasOwn(THREAT_NAMES, name)) return THREAT_NAMES[name];
  if (Object.hasOwn(NAMES, name)) return NAMES[name];
  if (label === undefined) return name;
  return Object.hasOwn(NAMES, label) ? NAMES[label] : label.replace(/[^A-Za-z0-9]/g, "");
}

const HASHES: Readonly<Record<number, string>> = { 32: "fileHashMd5", 40: "fileHash", 64: "fileHashSha256" };

/** SentinelOne's categories by activity type; the rest are operations. */
const CATEGORIES: readonly (readonly [category: string, types: readonly (number | readonly [number, number])[]])[] = [
  ["MALWARE", [[18, 20], 4003, [4108, 4111]]],
  ["MITIGATION", [[2001, 2011], [2013, 2016], 2026]],
  ["THREATMANAGEMENT", [21, 22, [2028, 2030], 2036, 2037, [4007, 4009]]],
  ["WHITELISTBLACKLIST", [2, [3001, 3007], [3020, 3023]]],
  ["EXCLUSIONS", [[3008, 3019]]],
  ["DEVICECONTROL", [[5120, 5129]]],
  ["FIREWALLCONTROL", [[5220, 5259]]],
];

const CATEGORY_OF: ReadonlyMap<string, string> = new Map(
  CATEGORIES.flatMap(([category, types]) =>
    types.flatMap((range) => {
      const [first, last] = typeof range === "number" ? [range, range] : range;
      return Array.from({ length: last - first + 1 }, (_, at): [string, string] => [String(first + at), category]);
    }),
  ),
);

export function categoryOf(feed: EventFeed, classId: string): string {
  return feed === "threats" ? "MALWARE" : (CATEGORY_OF.get(classId) ?? "OPERATIONS");
}

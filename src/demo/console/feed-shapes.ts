import type { FeedName } from "../../event/event.ts";
import type { ParameterType } from "./parameters.ts";

/**
 * What the console knows about a list resource: its parameters, as of the vendor's API document 2.1, and where in a
 * record each sortable and filterable value stands. A path may have alternatives: threats of API 2.0 are flat.
 */
export interface FeedShape {
  readonly feed: FeedName;
  /** The name in the console's cursors. */
  readonly view: string;
  readonly parameters: ReadonlyMap<string, ParameterType>;
  readonly sortPaths: Readonly<Record<string, readonly string[]>>;
  readonly filterPaths: Readonly<Record<string, readonly string[]>>;
  /** Accepted without effect, as there is nothing that they could change here. */
  readonly withoutEffect: ReadonlySet<string>;
}

const PAGING = {
  countOnly: "boolean",
  cursor: "text",
  limit: { integer: [1, 1000] },
  skip: { integer: [0, 1000] },
  skipCount: "boolean",
  sortOrder: { choices: ["asc", "desc"] },
} as const;

export const activityShape: FeedShape = {
  feed: "activities",
  view: "ActivityView",
  parameters: new Map<string, ParameterType>([
    ...Object.entries(PAGING),
    ["sortBy", { choices: ["id", "activityType", "createdAt"] }],
    ...times("createdAt"),
    ["createdAt__between", "between"],
    ["includeHidden", "boolean"],
    ...lists(500, "accountIds groupIds siteIds"),
    ...lists(5000, "activityTypes activityUuids agentIds alertIds ids relatedIds ruleIds threatIds userEmails userIds"),
  ]),
  sortPaths: { id: ["id"], activityType: ["activityType"], createdAt: ["createdAt"] },
  filterPaths: {
    ids: ["id"],
    accountIds: ["accountId"],
    groupIds: ["groupId"],
    siteIds: ["siteId"],
    activityTypes: ["activityType"],
    activityUuids: ["activityUuid"],
    agentIds: ["agentId"],
    threatIds: ["threatId"],
    userIds: ["userId"],
  },
  withoutEffect: new Set(["includeHidden"]),
};

const ENGINES = [
  "reputation sentinelone_cloud cloud_detection user_blacklist pre_execution pre_execution_suspicious executables",
  "data_files exploits penetration pup lateral_movement remote_shell manual application_control threat_intelligence",
  "watchtower_cloud_detection driver_blocking",
].join(" ");

const THREAT_SORT_PATHS: Readonly<Record<string, readonly string[]>> = {
  id: ["id"],
  createdAt: ["threatInfo.createdAt", "createdAt"],
  updatedAt: ["threatInfo.updatedAt", "updatedAt"],
  mitigationStatus: ["threatInfo.mitigationStatus", "mitigationStatus"],
  fileDisplayName: ["threatInfo.threatName", "fileDisplayName"],
  agentVersion: ["agentRealtimeInfo.agentVersion", "agentVersion"],
  agentMachineType: ["agentRealtimeInfo.agentMachineType", "agentMachineType"],
  siteId: ["agentRealtimeInfo.siteId", "siteId"],
  siteName: ["agentRealtimeInfo.siteName", "siteName"],
  agentComputerName: ["agentRealtimeInfo.agentComputerName", "agentComputerName"],
  filePath: ["threatInfo.filePath", "filePath"],
  contentHash: ["threatInfo.sha1", "fileContentHash"],
  collectionId: ["threatInfo.collectionId", "collectionId"],
  classification: ["threatInfo.classification", "classification"],
  createdDate: ["threatInfo.createdAt", "createdDate"],
};
const THREAT_CLOUD_SORTS = [
  "cloudAccount",
  "cloudImage",
  "cloudInstanceId",
  "cloudInstanceSize",
  "cloudLocation",
  "cloudNetwork",
];

export const threatShape: FeedShape = {
  feed: "threats",
  view: "ThreatView",
  parameters: new Map<string, ParameterType>([
    ...Object.entries(PAGING),
    ["sortBy", { choices: [...Object.keys(THREAT_SORT_PATHS), ...THREAT_CLOUD_SORTS] }],
    ...times("createdAt"),
    ...times("updatedAt"),
    ...named(
      "boolean",
      "agentIsActive externalTicketExists failedActions hasAgentTags mitigatedPreemptively noteExists pendingActions",
    ),
    ...named("boolean", "rebootRequired resolved tenant"),
    ...named("text", "agentTagsData countsFor displayName query"),
    ...lists(500, "accountIds groupIds siteIds"),
    ...lists(5000, "agentIds agentVersions agentVersionsNin classifications classificationsNin cloudProvider"),
    ...lists(5000, "cloudProviderNin collectionIds contentHashes externalTicketIds ids storylines"),
    ...choices("agentMachineTypes", ["unknown", "desktop", "laptop", "server", "kubernetes node", "storage"]),
    ...choices("analystVerdicts", "undefined true_positive false_positive suspicious".split(" ")),
    ...choices("classificationSources", ["Cloud", "Behavioral", "Static", "Engine"]),
    ...choices("confidenceLevels", ["malicious", "suspicious", "n/a"]),
    ...choices("detectionEngines", ENGINES.split(" ")),
    ...choices("engines", ENGINES.split(" ")),
    ...choices("incidentStatuses", ["unresolved", "in_progress", "resolved"]),
    ...lists(5000, "initiatedBy initiatedByNin"),
    ...choices("mitigationStatuses", ["not_mitigated", "mitigated", "marked_as_benign"]),
    ...lists(5000, "osArchs"),
    ...choices("osTypes", ["windows", "windows_legacy", "linux", "macos"]),
    ...lists(10, "osNames osNamesNin"),
    ...contains(255, "awsRole awsSecurityGroups awsSubnetIds azureResourceGroup cloudAccount cloudImage"),
    ...contains(255, "cloudInstanceId cloudInstanceSize cloudLocation cloudNetwork gcpServiceAccount"),
    ...contains(10, "commandLineArguments computerName containerImageName containerLabels containerName contentHash"),
    ...contains(10, "detectionAgentDomain detectionAgentVersion externalTicketId filePath initiatedByUsername"),
    ...contains(10, "k8sClusterName k8sControllerLabels k8sControllerName k8sNamespaceLabels k8sNamespaceName"),
    ...contains(10, "k8sNodeLabels k8sNodeName k8sPodLabels k8sPodName originatedProcess publisherName"),
    ...contains(10, "realtimeAgentVersion signerIdentity storyline threatDetails uuid"),
  ]),
  sortPaths: THREAT_SORT_PATHS,
  filterPaths: {
    ids: ["id"],
    accountIds: ["agentRealtimeInfo.accountId", "accountId"],
    groupIds: ["agentRealtimeInfo.groupId", "groupId"],
    siteIds: ["agentRealtimeInfo.siteId", "siteId"],
    agentIds: ["agentRealtimeInfo.agentId", "agentId"],
    analystVerdicts: ["threatInfo.analystVerdict"],
    classifications: ["threatInfo.classification", "classification"],
    collectionIds: ["threatInfo.collectionId", "collectionId"],
    confidenceLevels: ["threatInfo.confidenceLevel"],
    contentHashes: ["threatInfo.sha1", "fileContentHash"],
    incidentStatuses: ["threatInfo.incidentStatus"],
    mitigationStatuses: ["threatInfo.mitigationStatus", "mitigationStatus"],
    osTypes: ["agentRealtimeInfo.agentOsType", "agentOsType"],
    storylines: ["threatInfo.storyline"],
  },
  withoutEffect: new Set(["tenant"]),
};

function times(name: string): [string, ParameterType][] {
  return ["gt", "gte", "lt", "lte"].map((operator) => [`${name}__${operator}`, "date"]);
}

function named(type: ParameterType, names: string): [string, ParameterType][] {
  return names.split(" ").map((name) => [name, type]);
}

function lists(list: number, names: string): [string, ParameterType][] {
  return named({ list }, names);
}

function contains(list: number, names: string): [string, ParameterType][] {
  return names.split(" ").map((name) => [`${name}__contains`, { list }]);
}

function choices(name: string, values: readonly string[]): [string, ParameterType][] {
  const type = { list: 5000, choices: values };
  return [
    [name, type],
    [`${name}Nin`, type],
  ];
}

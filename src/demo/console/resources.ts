import type { ParameterType } from "./parameters.ts";
import { PARAMETERS } from "./parameter-table.ts";

/** Where in a record a value stands, best first: a path may have alternatives, threats of API 2.0 are flat. */
export type Paths = readonly string[];

/** What the console knows about a list endpoint. All of them are served by the same code; this is what differs. */
export interface Resource {
  /** Without the prefix `/web/api/v2.1/`; `{…}` is the id of a parent. */
  readonly path: string;
  /** The name in the console's cursors. */
  readonly view: string;
  /** What a token's role must have, as the vendor names it. Undefined: any token will do. */
  readonly permission: string | undefined;
  readonly parameters: ReadonlyMap<string, ParameterType>;
  readonly id: Paths;
  /** Times that can be filtered on, such as `createdAt`. */
  readonly times: ReadonlyMap<string, Paths>;
  readonly sorts: ReadonlyMap<string, Paths>;
  readonly filters: ReadonlyMap<string, Paths>;
  /** Filters on a value of another endpoint's record: its path, and where its id stands in ours. */
  readonly joins: ReadonlyMap<string, Join>;
  /** Accepted without effect, as there is nothing that they could change here. */
  readonly withoutEffect: ReadonlySet<string>;
  /** The records are those of another endpoint: a threat's timeline is activities. */
  readonly recordsOf: string | undefined;
  /** The filter that the id in the path stands for. */
  readonly parent: { readonly filter: string; readonly of: string } | undefined;
  /** What a record's text has for our own use, and the console does not tell. */
  readonly hidden: RegExp | undefined;
  /** Tokens of a site are refused. */
  readonly notForSites: boolean;
}

interface Join {
  readonly of: string;
  readonly id: Paths;
  readonly value: Paths;
}

interface Differences {
  readonly view: string;
  readonly permission?: string;
  readonly id?: string;
  readonly times?: Readonly<Record<string, Paths>>;
  readonly sorts?: Readonly<Record<string, Paths>>;
  readonly filters?: Readonly<Record<string, Paths>>;
  /** Where the id of the agent stands whose site, group and account count. */
  readonly scopeOfAgent?: string;
  readonly withoutEffect?: readonly string[];
  readonly recordsOf?: string;
  readonly parent?: { readonly filter: string; readonly of: string };
  readonly hidden?: RegExp;
  readonly notForSites?: boolean;
}

/** Columns that are compared as instants, not as text. */
export function isTimeSort(sortBy: string): boolean {
  return /(?:At|Date|Seen|Time|Login|Activation|Joined)$|^expiration$/.test(sortBy);
}

const OWN_SCOPE = { accountIds: ["accountId"], siteIds: ["siteId"], groupIds: ["groupId"] };
/** Objects that are set for a scope name it so. */
const SET_FOR_SCOPE = {
  accountIds: ["scope.accountIds.0"],
  siteIds: ["scope.siteIds.0"],
  groupIds: ["scope.groupIds.0"],
};
const RULE_SCOPE = { accountIds: ["scopeId"], siteIds: ["scopeId"], groupIds: ["scopeId"] };

const THREAT: Readonly<Record<string, Paths>> = {
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

const ALERT_SORTS: Readonly<Record<string, Paths>> = {
  id: ["alertInfo.alertId"],
  alertInfoCreatedAt: ["alertInfo.createdAt"],
  alertInfoReportedAt: ["alertInfo.reportedAt"],
  alertInfoUpdatedAt: ["alertInfo.updatedAt"],
  severity: ["ruleInfo.severity"],
  ruleInfoName: ["ruleInfo.name"],
};

/** Every list endpoint, by path. */
export const RESOURCES: ReadonlyMap<string, Resource> = table({
  activities: {
    view: "ActivityView",
    permission: "Activity Page.view",
    filters: {
      activityTypes: ["activityType"],
      activityUuids: ["activityUuid"],
      agentIds: ["agentId"],
      threatIds: ["threatId"],
      userIds: ["userId"],
    },
    withoutEffect: ["includeHidden"],
  },
  threats: {
    view: "ThreatView",
    permission: "Threats.view",
    times: THREAT,
    sorts: THREAT,
    filters: {
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
    withoutEffect: ["tenant"],
  },
  "threats/{threat_id}/timeline": {
    view: "ThreatTimelineView",
    permission: "Threats.view",
    recordsOf: "activities",
    filters: { activityTypes: ["activityType"], threatIds: ["threatId"] },
    parent: { filter: "threatIds", of: "threats" },
  },
  "threats/{threat_id}/notes": {
    view: "ThreatNoteView",
    permission: "Threats.view",
    hidden: /"threatId":"\d*",?/,
    filters: { threatIds: ["threatId"] },
    parent: { filter: "threatIds", of: "threats" },
  },
  "cloud-detection/alerts": {
    view: "CloudDetectionAlertView",
    permission: "Custom Alerts.view",
    id: "alertInfo.alertId",
    times: { createdAt: ["alertInfo.createdAt"], reportedAt: ["alertInfo.reportedAt"] },
    sorts: ALERT_SORTS,
    filters: {
      ids: ["alertInfo.alertId"],
      accountIds: ["agentDetectionInfo.accountId"],
      siteIds: ["agentDetectionInfo.siteId"],
      severity: ["ruleInfo.severity"],
    },
    withoutEffect: ["tenant"],
  },
  "device-control/events": {
    view: "DeviceEventView",
    permission: "Device Control.view",
    filters: { agentIds: ["agentId"], interfaces: ["interface"] },
    scopeOfAgent: "agentId",
    withoutEffect: ["tenant"],
  },
  agents: { view: "AgentView", permission: "Endpoints.view", filters: { osTypes: ["osType"], uuids: ["uuid"] } },
  "installed-applications": {
    view: "ApplicationView",
    permission: "Applications Page.view",
    scopeOfAgent: "agentId",
    filters: { osTypes: ["osType"], types: ["type"] },
  },
  "application-management/risks": {
    view: "ApplicationRiskView",
    permission: "Applications Page.viewRisks",
    scopeOfAgent: "endpointId",
    filters: { cveIds: ["cveId"] },
    times: { riskUpdatedDate: ["lastScanDate"] },
    withoutEffect: ["includeRemovals"],
  },
  "application-management/inventory": {
    view: "ApplicationInventoryView",
    permission: "Applications Page.view",
    id: "applicationName",
    withoutEffect: ["accountIds", "siteIds", "groupIds"],
  },
  groups: { view: "GroupView", permission: "Groups.view", filters: { groupIds: ["id"], types: ["type"] } },
  sites: { view: "SiteView", permission: "Sites.view", filters: { siteIds: ["id"], states: ["state"] } },
  accounts: {
    view: "AccountView",
    permission: "Accounts.view",
    filters: { accountIds: ["id"], states: ["state"] },
    notForSites: true,
  },
  exclusions: {
    view: "ExclusionView",
    permission: "Exclusions.view",
    filters: SET_FOR_SCOPE,
    withoutEffect: ["includeChildren", "tenant"],
  },
  "unified-exclusions": {
    view: "UnifiedExclusionView",
    permission: "Exclusions.view",
    filters: SET_FOR_SCOPE,
    withoutEffect: ["tenant", "modeType"],
  },
  restrictions: {
    view: "RestrictionView",
    permission: "Blacklist.view",
    filters: SET_FOR_SCOPE,
    withoutEffect: ["includeChildren", "tenant"],
  },
  "firewall-control": { view: "FirewallRuleView", filters: RULE_SCOPE, withoutEffect: ["tenant"] },
  "device-control": {
    view: "DeviceRuleView",
    permission: "Device Control.view",
    filters: RULE_SCOPE,
    withoutEffect: ["tenant"],
  },
  users: {
    view: "UserView",
    permission: "Users.view",
    times: { createdAt: ["dateJoined"], apiTokenExpiresAt: ["apiToken.expiresAt"] },
    sorts: { createdAt: ["dateJoined"], apiTokenExpiresAt: ["apiToken.expiresAt"], roleId: ["scopeRoles.0.roleId"] },
    withoutEffect: ["accountIds", "siteIds", "groupIds"],
  },
  "service-users": {
    view: "ServiceUserView",
    permission: "Service Users.view",
    times: { apiTokenExpiresAt: ["apiToken.expiresAt"] },
    sorts: { apiTokenExpiresAt: ["apiToken.expiresAt"], roleId: ["scopeRoles.0.roleId"] },
    withoutEffect: ["accountIds", "siteIds"],
  },
  "rogues/table-view": {
    view: "RogueView",
    permission: "Rogues.view",
    withoutEffect: ["accountIds", "siteIds", "groupIds", "tenant"],
  },
  "ranger/table-view": {
    view: "RangerView",
    permission: "Ranger.view",
    withoutEffect: ["accountIds", "siteIds"],
  },
});

/** The alerts' service has no parameters: its query is GraphQL. */
export const UNIFIED_ALERT: Resource = {
  path: "unifiedalerts/graphql",
  view: "UnifiedAlertView",
  permission: undefined,
  parameters: new Map(),
  id: ["id"],
  times: new Map(),
  sorts: new Map([["id", ["id"]]]),
  filters: new Map(),
  joins: new Map(),
  withoutEffect: new Set(),
  recordsOf: undefined,
  parent: undefined,
  hidden: undefined,
  notForSites: false,
};

function table(rows: Readonly<Record<string, Differences>>): Map<string, Resource> {
  return new Map(Object.entries(rows).map(([path, row]) => [path, resource(path, row)]));
}

function resource(path: string, row: Differences): Resource {
  const parameters = PARAMETERS.get(path);
  if (parameters === undefined) throw new Error(`no parameters of ${path}`);
  const sortBy = parameters.get("sortBy");
  const sortNames = typeof sortBy === "object" && "choices" in sortBy ? (sortBy.choices ?? []) : [];
  const timeNames = [...parameters.keys()].flatMap((name) => /^(\w+)__(?:gte|between)$/.exec(name)?.[1] ?? []);
  const id = [row.id ?? "id"];
  return {
    path,
    view: row.view,
    permission: row.permission,
    parameters,
    id,
    times: new Map(timeNames.map((name) => [name, row.times?.[name] ?? [name]])),
    sorts: new Map([["id", id], ...sortNames.map((name): [string, Paths] => [name, row.sorts?.[name] ?? [name]])]),
    filters: new Map(Object.entries({ ids: id, ...(row.scopeOfAgent === undefined ? OWN_SCOPE : {}), ...row.filters })),
    joins: row.scopeOfAgent === undefined ? new Map() : agentJoins(row.scopeOfAgent),
    withoutEffect: new Set(row.withoutEffect),
    recordsOf: row.recordsOf,
    parent: row.parent,
    hidden: row.hidden,
    notForSites: row.notForSites ?? false,
  };
}

function agentJoins(id: string): Map<string, Join> {
  return new Map(Object.entries(OWN_SCOPE).map(([name, value]) => [name, { of: "agents", id: [id], value }]));
}

import type { ExactRecord } from "../console/json-text.ts";
import { ADMINISTRATORS, BUILT_MS, HOSTS_PER_PLACE, PLACES } from "./scene.ts";
import type { Place } from "./scene.ts";
import { snowflake } from "./snowflake.ts";

/** What stands still at a customer: accounts, sites, groups, their policies, and who may sign in. */

const DAY_MS = 86_400_000;
const ISO_BUILT = iso(BUILT_MS);

/** A time of the console, in microseconds as it writes them. */
export function iso(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

/** One place of each site, or of each account. */
function firstOf(key: "accountId" | "siteId"): readonly Place[] {
  return [...new Map([...PLACES].reverse().map((place) => [place[key], place])).values()].reverse();
}

const MADE = { creator: "Mira Okafor", creatorId: ADMINISTRATORS[0].id, createdAt: ISO_BUILT };

const LICENSES: ExactRecord = {
  bundles: [
    {
      displayName: "Complete",
      majorVersion: 1,
      minorVersion: 1,
      name: "complete",
      surfaces: [{ count: 500, name: "Total Agents" }],
      totalSurfaces: 500,
    },
  ],
  modules: [{ displayName: "STAR", majorVersion: 1, name: "star" }],
  settings: [],
};

export function accounts(nowMs: number): ExactRecord[] {
  return firstOf("accountId").map((place) => ({
    ...MADE,
    accountType: "Paid",
    activeAgents: PLACES.filter(({ accountId }) => accountId === place.accountId).length * HOSTS_PER_PLACE,
    billingMode: "subscription",
    expiration: iso(nowMs + 300 * DAY_MS),
    externalId: "",
    id: place.accountId,
    isDefault: false,
    licenses: LICENSES,
    name: place.accountName,
    numberOfSites: new Set(PLACES.filter(({ accountId }) => accountId === place.accountId).map(({ siteId }) => siteId))
      .size,
    salesforceId: null,
    skus: [{ agentsInSku: HOSTS_PER_PLACE, totalLicenses: 500, type: "Complete", unlimited: false }],
    state: "active",
    totalLicenses: 500,
    unlimitedExpiration: false,
    updatedAt: iso(nowMs - 3 * DAY_MS),
    usageType: "customer",
  }));
}

export function sites(nowMs: number): ExactRecord[] {
  return firstOf("siteId").map((place, index) => ({
    ...MADE,
    accountId: place.accountId,
    accountName: place.accountName,
    activeLicenses: HOSTS_PER_PLACE,
    description: null,
    expiration: iso(nowMs + (20 + index * 60) * DAY_MS),
    externalId: "",
    healthStatus: true,
    id: place.siteId,
    isDefault: index === 0,
    licenses: LICENSES,
    name: place.siteName,
    registrationToken: "ZXhhbXBsZS1zaXRlLXNlY3JldA==",
    siteType: "Paid",
    sku: "Complete",
    state: "active",
    suite: "Complete",
    totalLicenses: 100,
    unlimitedExpiration: false,
    unlimitedLicenses: false,
    updatedAt: iso(nowMs - (index + 1) * 3_600_000),
  }));
}

export function groups(nowMs: number): ExactRecord[] {
  return PLACES.map((place, index) => ({
    ...MADE,
    description: null,
    filterId: null,
    filterName: null,
    id: place.groupId,
    inherits: index % 2 === 0,
    isDefault: place.groupName === "Default Group",
    name: place.groupName,
    rank: index % 3 === 0 ? null : index,
    registrationToken: "ZXhhbXBsZS1ncm91cC1zZWNyZXQ=",
    siteId: place.siteId,
    totalAgents: HOSTS_PER_PLACE,
    type: "static",
    updatedAt: iso(nowMs - (index + 1) * 1_800_000),
  }));
}

/** The policy of the tenant, of each account, site and group: most inherit. */
export function policies(nowMs: number): Map<string, ExactRecord> {
  const scopes = [
    "tenant",
    ...firstOf("accountId").map(({ accountId }) => `accounts/${accountId}`),
    ...firstOf("siteId").map(({ siteId }) => `sites/${siteId}`),
    ...PLACES.map(({ groupId }) => `groups/${groupId}`),
  ];
  return new Map(scopes.map((scope, index) => [scope, policy(scope, index, nowMs)]));
}

function policy(scope: string, index: number, nowMs: number): ExactRecord {
  return {
    agentLoggingOn: true,
    agentNotification: true,
    agentUi: { agentUiOn: true, contactSupport: "", devicePopUpNotifications: true, showSuspicious: false },
    allowRemoteShell: false,
    antiTamperingOn: true,
    autoDecommissionDays: 21,
    autoDecommissionOn: true,
    autoFileUpload: { enabled: false, includeBenignFiles: false, maxDailyFileUpload: 5000 },
    autoImmuneOn: true,
    autoMitigationAction: "mitigation.none",
    createdAt: ISO_BUILT,
    dvAttributesPerEventType: { dns: { dvEventTypeDns: true }, process: { dvEventTypeProcess: true } },
    engines: {
      applicationControl: "off",
      dataFiles: "on",
      executables: "on",
      exploits: "on",
      lateralMovement: "on",
      penetration: "on",
      preExecution: "on",
      preExecutionSuspicious: "on",
      pup: "on",
      remoteShell: "off",
      reputation: "on",
    },
    identityOn: false,
    inheritedFrom: scope === "tenant" || index % 3 === 0 ? null : "account",
    iocAttributes: { autoDecommissionOn: null, dns: true, fds: true, ip: true, processes: true, urls: true },
    isDefault: scope === "tenant",
    mitigationMode: index % 2 === 0 ? "protect" : "detect",
    mitigationModeSuspicious: "detect",
    monitorOnExecute: true,
    monitorOnWrite: true,
    networkQuarantineOn: false,
    scanNewAgents: true,
    snapshotsOn: true,
    updatedAt: iso(nowMs - (index + 2) * 3_600_000),
    userFullName: "Mira Okafor",
    userId: ADMINISTRATORS[0].id,
  };
}

export function users(nowMs: number): ExactRecord[] {
  return ADMINISTRATORS.map(({ id, name, email }, index) => ({
    agreedEula: true,
    agreementUrl: null,
    allowRemoteShell: index === 0,
    apiToken: index === 1 ? null : { createdAt: seconds(nowMs - DAY_MS), expiresAt: seconds(nowMs + 29 * DAY_MS) },
    canGenerateApiToken: true,
    dateJoined: ISO_BUILT,
    email,
    emailReadOnly: true,
    emailVerified: true,
    firstLogin: iso(BUILT_MS + DAY_MS),
    fullName: name,
    fullNameReadOnly: true,
    groupsReadOnly: true,
    id,
    isSystem: index === 3,
    lastLogin: iso(nowMs - (index + 1) * 3_600_000),
    lowestRole: index === 0 ? "Admin" : "Viewer",
    primaryTwoFaMethod: "application",
    scope: index === 0 ? "tenant" : "site",
    scopeRoles: index === 0 ? [] : [role(PLACES[index] ?? PLACES[0], "Viewer")],
    siteRoles: [],
    source: "mgmt",
    tenantRoles: index === 0 ? ["Admin"] : [],
    twoFaConfigured: index !== 2,
    twoFaEnabled: true,
    twoFaEnabledReadOnly: false,
    twoFaStatus: index === 2 ? "not_configured" : "configured",
  }));
}

export function serviceUsers(nowMs: number): ExactRecord[] {
  return PLACES.slice(0, 3).map((place, index) => ({
    apiToken: { createdAt: iso(nowMs - 20 * DAY_MS), expiresAt: seconds(nowMs + (index * 14 + 3) * DAY_MS) },
    createdAt: ISO_BUILT,
    createdBy: { id: ADMINISTRATORS[0].id, name: ADMINISTRATORS[0].name },
    description: null,
    id: snowflake(BUILT_MS + 7000 + index, index),
    lastActivation: iso(nowMs - index * 60_000),
    name: `svc-forwarder-${index + 1}`,
    scope: "site",
    scopeRoles: [role(place, "Viewer")],
    updatedAt: iso(nowMs - (index + 1) * 7_200_000),
    updatedBy: { id: ADMINISTRATORS[0].id, name: ADMINISTRATORS[0].name },
  }));
}

function role(place: Place, roleName: string): ExactRecord {
  return {
    accountName: place.accountName,
    id: place.siteId,
    name: place.siteName,
    roleId: "1000000000000000777",
    roleName,
    roles: [roleName],
  };
}

/** Token times have no fraction. */
function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

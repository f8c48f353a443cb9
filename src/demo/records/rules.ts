import type { ExactRecord } from "../console/json-text.ts";
import { iso } from "./estate.ts";
import { Random } from "./random.ts";
import { ADMINISTRATORS, BUILT_MS, PLACES } from "./scene.ts";
import type { Place } from "./scene.ts";
import { snowflake } from "./snowflake.ts";

/** What is set for a scope: exclusions, the blocklist, firewall and device rules. */

interface Setting {
  readonly place: Place;
  readonly index: number;
  readonly id: string;
  readonly updatedAt: string;
}

function setting(index: number, nowMs: number, offset: number): Setting {
  return {
    place: PLACES[index % PLACES.length] ?? PLACES[0],
    index,
    id: snowflake(BUILT_MS + offset + index, index),
    updatedAt: iso(nowMs - (index + 1) * 900_000),
  };
}

function scoped({ place, id, updatedAt, index }: Setting): ExactRecord {
  const administrator = ADMINISTRATORS[index % ADMINISTRATORS.length] ?? ADMINISTRATORS[0];
  return {
    createdAt: iso(BUILT_MS + index * 1000),
    id,
    imported: false,
    includeChildren: false,
    includeParents: false,
    notRecommended: "NONE",
    scope: { siteIds: [place.siteId] },
    scopeName: place.siteName,
    scopePath: `Global\\${place.accountName}\\${place.siteName}`,
    source: "user",
    updatedAt,
    userId: administrator.id,
    userName: administrator.name,
  };
}

export function exclusion(index: number, nowMs: number): ExactRecord {
  const one = setting(index, nowMs, 100_000);
  const isPath = index % 2 === 0;
  return {
    ...scoped(one),
    actions: ["detect"],
    applicationName: null,
    description: "agreed with the owner\nsee ticket 4711",
    inAppInventory: false,
    inject: false,
    mode: isPath ? "suppress" : null,
    osType: "windows",
    pathExclusionType: isPath ? "subfolders" : null,
    type: isPath ? "path" : "white_hash",
    value: isPath ? `C:\\Program Files\\Line of Business ${index}\\` : new Random(5, index).hex(40),
  };
}

export function restriction(index: number, nowMs: number): ExactRecord {
  return {
    ...scoped(setting(index, nowMs, 120_000)),
    description: "seen in an incident",
    osType: "windows",
    type: "black_hash",
    value: new Random(6, index).hex(40),
  };
}

function rule({ place, id, updatedAt, index }: Setting): ExactRecord {
  return {
    createdAt: iso(BUILT_MS + index * 1000),
    creator: ADMINISTRATORS[0].name,
    creatorId: ADMINISTRATORS[0].id,
    editable: true,
    id,
    order: index + 1,
    scope: "site",
    scopeId: place.siteId,
    status: index % 4 === 0 ? "Disabled" : "Enabled",
    updatedAt,
  };
}

export function firewallRule(index: number, nowMs: number): ExactRecord {
  return {
    ...rule(setting(index, nowMs, 140_000)),
    action: index % 2 === 0 ? "Allow" : "Block",
    application: { type: "any", values: [] },
    description: null,
    direction: "inbound",
    localHost: { type: "any", values: [] },
    localPort: { type: "any", values: [] },
    location: { type: "all", values: null },
    name: `Rule ${index}: remote = any | support`,
    osType: "windows",
    osTypes: ["windows"],
    productId: "",
    protocol: "TCP",
    remoteHost: { type: "addresses", values: ["198.51.100.7"] },
    remoteHosts: [{ type: "addresses", values: ["198.51.100.7"] }],
    remotePort: { type: "specific", values: ["3389"] },
    ruleCategory: "firewall",
    tag: "",
    tagIds: [],
    tagNames: [],
    tags: [],
  };
}

export function deviceRule(index: number, nowMs: number): ExactRecord {
  const one = setting(index, nowMs, 160_000);
  return {
    ...rule(one),
    accessPermission: index % 2 === 0 ? "Read-Only" : "Not-Applicable",
    action: index % 2 === 0 ? "Allow" : "Block",
    bluetoothAddress: null,
    deviceClass: "08h",
    deviceClassName: "Mass Storage",
    deviceId: null,
    deviceInformationServiceInfoKey: null,
    deviceInformationServiceInfoValue: null,
    deviceName: null,
    gattService: [],
    interface: "USB",
    manufacturerName: null,
    minorClasses: [],
    productId: null,
    ruleName: `Storage ${index}`,
    ruleType: "class",
    scopeName: one.place.siteName,
    uid: null,
    vendorId: null,
    version: "",
  };
}

import type { DemoConsole } from "./console/console.ts";
import { writeExact } from "./console/json-text.ts";
import type { ExactRecord } from "./console/json-text.ts";
import { UNIFIED_ALERTS } from "./console/graphql.ts";
import { cloudAlert, deviceEvent, unifiedAlert } from "./records/alerts.ts";
import {
  agent,
  applicationInventory,
  applicationRisk,
  endpointsOf,
  installedApplications,
  rangerDevice,
  rogue,
} from "./records/endpoints.ts";
import { accounts, groups, policies, serviceUsers, sites, users } from "./records/estate.ts";
import { deviceRule, exclusion, firewallRule, restriction } from "./records/rules.ts";

export interface EstateOptions {
  /** The end of the history, in the console's time. */
  readonly nowMs: number;
  /** Endpoints of each of the seven groups; 5 when left out. */
  readonly endpointsPerGroup?: number;
  /** Alerts, device events and rules of each kind; 20 when left out. */
  readonly objects?: number;
}

/**
 * Gives the console a customer: everything that stands still or changes now and then, with the alerts and device events of
 * the hour before `nowMs`. Activities and threats are not among it.
 */
export function addEstate(console: DemoConsole, { nowMs, endpointsPerGroup = 5, objects = 20 }: EstateOptions): void {
  const endpoints = endpointsOf(endpointsPerGroup);
  const some = Array.from({ length: objects }, (_, index) => index);
  const happenings = some.map((index) => {
    const endpoint = endpoints[index % endpoints.length];
    if (endpoint === undefined) throw new RangeError("alerts need endpoints");
    return { endpoint: { ...endpoint, index }, ms: nowMs - 60_000 - index * Math.floor(3_500_000 / objects) };
  });
  const add = (path: string, records: readonly ExactRecord[]): void => console.add(path, records.map(writeExact));

  add("accounts", accounts(nowMs));
  add("sites", sites(nowMs));
  add("groups", groups(nowMs));
  for (const [scope, policy] of policies(nowMs)) console.policies.set(scope, writeExact(policy));
  add("users", users(nowMs));
  add("service-users", serviceUsers(nowMs));
  add(
    "agents",
    endpoints.map((one) => agent(one, nowMs)),
  );
  add(
    "installed-applications",
    endpoints.flatMap((one) => installedApplications(one, nowMs)),
  );
  add(
    "application-management/risks",
    endpoints.map((one) => applicationRisk(one, nowMs)),
  );
  add("application-management/inventory", applicationInventory());
  add(
    "rogues/table-view",
    some.map((index) => rogue(index, nowMs)),
  );
  add(
    "ranger/table-view",
    some.map((index) => rangerDevice(index, nowMs)),
  );
  add(
    "exclusions",
    some.map((index) => exclusion(index, nowMs)),
  );
  add(
    "restrictions",
    some.map((index) => restriction(index, nowMs)),
  );
  add(
    "firewall-control",
    some.map((index) => firewallRule(index, nowMs)),
  );
  add(
    "device-control",
    some.map((index) => deviceRule(index, nowMs)),
  );
  add(
    "cloud-detection/alerts",
    happenings.map(({ endpoint, ms }) => cloudAlert(endpoint, ms)),
  );
  add(
    UNIFIED_ALERTS,
    happenings.map(({ endpoint, ms }) => unifiedAlert(endpoint, ms)),
  );
  // Every fifth endpoint was offline when it happened.
  add(
    "device-control/events",
    happenings.map(({ endpoint, ms }) => deviceEvent(endpoint, ms, endpoint.index % 5 === 0 ? 171_000 : 800)),
  );
}

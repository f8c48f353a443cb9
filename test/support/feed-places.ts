import type { DemoConsole } from "../../src/demo/console/console.ts";
import { UNIFIED_ALERTS } from "../../src/demo/console/graphql.ts";
import { MINUTE, NOON } from "../integration/feed-fixture.ts";

/** Where the console has a feed's records, and what can change in them. */
export interface Place {
  readonly list: string;
  readonly field?: string;
  readonly change?: Parameters<DemoConsole["update"]>[2];
}

export const PLACES: Readonly<Partial<Record<string, Place>>> = {
  activities: { list: "activities" },
  threats: {
    list: "threats",
    field: "threatInfo.incidentStatus",
    change: { threatInfo: { incidentStatus: "resolved again" } },
  },
  alerts: { list: UNIFIED_ALERTS, field: "analystVerdict", change: { analystVerdict: "CHANGED" } },
  device_control_events: { list: "device-control/events" },
  agents: { list: "agents", field: "computerName", change: { computerName: "RENAMED" } },
  applications: { list: "installed-applications", field: "version", change: { version: "99.1" } },
  application_risks: {
    list: "application-management/risks",
    field: "status",
    change: { status: "Removed", lastScanDate: new Date(NOON + MINUTE).toISOString() },
  },
  groups: { list: "groups", field: "name", change: { name: "Renamed" } },
  sites: { list: "sites", field: "name", change: { name: "Renamed" } },
  accounts: { list: "accounts", field: "name", change: { name: "Renamed" } },
  exclusions: { list: "exclusions", field: "value", change: { value: "/new" } },
  blocklist: { list: "restrictions", field: "description", change: { description: "new" } },
  firewall_rules: { list: "firewall-control", field: "action", change: { action: "Changed" } },
  device_control_rules: { list: "device-control", field: "action", change: { action: "Changed" } },
  users: { list: "users", field: "twoFaStatus", change: { twoFaStatus: "changed" } },
  service_users: {
    list: "service-users",
    field: "apiToken.expiresAt",
    change: { apiToken: { expiresAt: "2031-01-01T00:00:00Z" } },
  },
  rogues: { list: "rogues/table-view", field: "osName", change: { osName: "Changed" } },
  ranger: { list: "ranger/table-view", field: "osName", change: { osName: "Changed" } },
};

/** A record of the console with the ids that it is known by. */
export interface Listed {
  readonly id: string;
  readonly externalId?: string;
}

export function recordsOf(demo: DemoConsole, list: string): Listed[] {
  const texts = [...demo.store(list).texts()];
  const withExternalId = list === UNIFIED_ALERTS;
  return texts.map((text) => {
    const { id, externalId } = JSON.parse(text) as Listed;
    return withExternalId && externalId !== undefined ? { id, externalId } : { id };
  });
}

/** The alerts have the id of the older list for others to join by. */
export function idOf({ id, externalId }: Listed): string {
  return externalId ?? id;
}

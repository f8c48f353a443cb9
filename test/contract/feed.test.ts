import { DemoConsole } from "../../src/demo/console/console.ts";
import { UNIFIED_ALERTS } from "../../src/demo/console/graphql.ts";
import { addEstate } from "../../src/demo/estate.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import type { FeedDefinition, Source } from "../../src/feeds/definition.ts";
import { FEEDS } from "../../src/feeds/index.ts";
import { MINUTE, NOON, TOKEN } from "../integration/feed-fixture.ts";
import { type FeedPlace, feedContract } from "./feed.contract.ts";

/** Where the console has a feed's records, and what can change in them. */
interface Place {
  readonly list: string;
  readonly field?: string;
  readonly change?: Parameters<DemoConsole["update"]>[2];
}

const PLACES: Readonly<Partial<Record<string, Place>>> = {
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

for (const definition of Object.values(FEEDS)) {
  feedContract({
    definition,
    paged: { ...definition, source: twoToAPage(definition.source) },
    newPlace: () => newPlace(definition),
  });
}

function twoToAPage(source: Source): Source {
  if (source.read === "alerts") return { ...source, unified: { ...source.unified, limit: 2 } };
  return source.read === "policies" ? source : { ...source, limit: 2 };
}

async function newPlace({ name }: FeedDefinition): Promise<FeedPlace> {
  let now = NOON;
  const demo = await DemoConsole.start({ token: TOKEN, clock: () => now });
  addEstate(demo, { nowMs: NOON - MINUTE, endpointsPerGroup: 1, objects: 5 });
  // Three at a time have the same time, so that page edges cut between ties.
  const timeline = { seed: 1, count: 7, startMs: NOON - 60 * MINUTE, stepMs: 1000, burst: 3 };
  demo.addActivities(generateActivities(timeline));
  demo.addThreats(generateThreats(timeline));
  const pass = (ms: number): void => {
    now += ms;
  };
  return name === "policies" ? { ...policies(demo), pass } : { ...listed(demo, name), pass };
}

function listed(demo: DemoConsole, name: string): Omit<FeedPlace, "pass"> {
  const { list, field, change } = PLACES[name] ?? { list: name };
  const records = recordsOf(demo, list);
  // The alerts have the id of the older list for others to join by.
  const idOf = (record: (typeof records)[number]): string => record.externalId ?? record.id;
  const [first] = records;
  return {
    demo,
    ids: records.map(idOf),
    requestsAtRest: 1,
    change:
      change === undefined || field === undefined || first === undefined
        ? undefined
        : () => {
            demo.update(list, first.id, change);
            return { id: idOf(first), field };
          },
  };
}

interface Listed {
  readonly id: string;
  readonly externalId?: string;
}

function recordsOf(demo: DemoConsole, list: string): Listed[] {
  const texts = [...demo.store(list).texts()];
  const withExternalId = list === UNIFIED_ALERTS;
  return texts.map((text) => {
    const { id, externalId } = JSON.parse(text) as Listed;
    return withExternalId && externalId !== undefined ? { id, externalId } : { id };
  });
}

function policies(demo: DemoConsole): Omit<FeedPlace, "pass"> {
  const scopes = [...demo.policies.keys()].filter((scope) => scope !== "tenant");
  const ids = scopes.map((scope) => scope.replace(/^\w+\//, ""));
  const [scope = "", id = ""] = [scopes.at(-1), ids.at(-1)];
  return {
    demo,
    ids,
    // Three lists of scopes, and one for each.
    requestsAtRest: 3 + scopes.length,
    change: () => {
      const policy = JSON.parse(demo.policies.get(scope) ?? "{}") as Record<string, unknown>;
      demo.policies.set(scope, JSON.stringify({ ...policy, antiTamperingOn: false }));
      return { id, field: "antiTamperingOn" };
    },
  };
}

import { DemoConsole } from "../../src/demo/console/console.ts";
import { addEstate } from "../../src/demo/estate.ts";
import { generateActivities, generateThreats } from "../../src/demo/records/records.ts";
import type { FeedDefinition, Source } from "../../src/feeds/definition.ts";
import { FEEDS } from "../../src/feeds/index.ts";
import { MINUTE, NOON, TOKEN } from "../integration/feed-fixture.ts";
import { PLACES, idOf, recordsOf } from "../support/feed-places.ts";
import { type FeedPlace, feedContract } from "./feed.contract.ts";

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

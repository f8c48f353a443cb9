import type { DemoConsole } from "./console/console.ts";
import { loadRecords } from "./records/recorded.ts";
import { ActivityDataset } from "./records/dataset.ts";
import { generateActivities, generateThreats } from "./records/records.ts";

/** What the embedded console has to give. */
export interface Supply {
  /** Events that have to arrive. */
  readonly expected: number;
  readonly description: string;
}

const HOUR_MS = 3_600_000;
const BURST = 7;
const THREATS_PER_ACTIVITY = 1 / 20;

/** The last hour of a made-up customer. */
export function madeUpSupply(console: DemoConsole, activities: number): Supply {
  const threats = Math.ceil(activities * THREATS_PER_ACTIVITY);
  const startMs = Date.now() - HOUR_MS;
  const span = HOUR_MS - 60_000;
  // Groups of equal times, some of which a page's edge cuts. The last group is whole, and in the past like the others.
  const places = Math.ceil(activities / BURST) * BURST;
  console.activities.setDataset(
    new ActivityDataset({ seed: 1, count: activities, startMs, stepMs: span / places, burst: BURST }),
  );
  console.addThreats(generateThreats({ seed: 2, count: threats, startMs, stepMs: span / threats }));
  return {
    expected: activities + threats,
    description: `the console has ${activities} activities and ${threats} threats of the last hour, all made up`,
  };
}

/** Recorded API answers of a folder. */
export function recordedSupply(console: DemoConsole, directory: string): Supply {
  const { activities, threats, expected, description } = loadRecords(directory);
  console.addActivities(activities);
  console.addThreats(threats);
  return { expected, description };
}

/** More activities of the last two minutes, which become visible one after the other. */
export function withLate(
  console: DemoConsole,
  supply: Supply,
  plays: readonly { readonly count?: number; readonly for?: number; readonly at?: number }[],
): Supply {
  let added = 0;
  for (const [at, { count = 50, for: forMs = 10_000, at: atMs = 0 }] of plays.entries()) {
    const nowMs = Date.now();
    const made = generateActivities({ seed: 500 + at, count, startMs: nowMs - 120_000, stepMs: 90_000 / count });
    let index = 0;
    for (const text of made) {
      index += 1;
      console.addActivities([text], { visibleAtMs: nowMs + atMs + (index / count) * forMs });
    }
    added += count;
  }
  if (added === 0) return supply;
  return {
    expected: supply.expected + added,
    description: `${supply.description}, and ${added} activities that become visible late`,
  };
}

/** A few new activities each second, until it is stopped. */
export function liveSupply(console: DemoConsole): { readonly added: number; stop(): void } {
  let added = 0;
  const timer = setInterval(() => {
    added += 3;
    console.addActivities(generateActivities({ seed: 1000 + added, count: 3, startMs: Date.now() - 300, stepMs: 100 }));
  }, 1000);
  return {
    get added() {
      return added;
    },
    stop: () => clearInterval(timer),
  };
}

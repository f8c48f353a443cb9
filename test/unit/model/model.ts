import * as fc from "fast-check";
import { vi } from "vitest";
import {
  type CollectorFault,
  type ConsoleFault,
  FIRST_EVENT,
  ModelWorld,
  OVERLAP_MS,
  START_MS,
  type Scenario,
} from "./world.ts";

/** How long things happen, and how long the world then has to come to rest. */
const ACTIVE_MS = 60_000;
const REST_MS = 5 * 60_000;
/** A killed bridge is started again after this. */
const RESTART_MS = 700;

export function scenarios(most: number): fc.Arbitrary<Scenario> {
  // Few different times, so that many are the same.
  const atMs = fc.integer({ min: 0, max: ACTIVE_MS / 250 }).map((quarter) => quarter * 250);
  const lateMs = fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: OVERLAP_MS - 1500 }));
  const consoleFault = fc.constantFrom<ConsoleFault>("429", "500", "503", "401", "torn", "repeat", "slow");
  const collectorFault = fc.record<CollectorFault>({
    kind: fc.constantFrom("reset", "stall", "blackhole", "refused", "never confirmed"),
    afterChunks: fc.nat({ max: 3 }),
  });
  const often = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  return fc.record({
    events: fc.array(fc.record({ atMs, lateMs }), { maxLength: most }),
    threats: fc.nat({ max: 6 }),
    changes: fc.array(fc.record({ threat: fc.nat({ max: 5 }), atMs: fc.nat({ max: ACTIVE_MS }) }), { maxLength: 12 }),
    console: fc.array(often(consoleFault), { maxLength: 60 }),
    collector: fc.array(often(collectorFault), { maxLength: 30 }),
    crashesMs: fc.array(fc.nat({ max: ACTIVE_MS }), { maxLength: 4 }),
    asItGoes: fc.boolean(),
    perPage: fc.integer({ min: 1, max: 7 }),
  });
}

/** Nothing happens. */
export const QUIET: Scenario = {
  events: [],
  threats: 0,
  changes: [],
  console: [],
  collector: [],
  crashesMs: [],
  asItGoes: false,
  perPage: 3,
};

export interface Found {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  /** Keys that came more often than crashes and broken windows explain. */
  readonly unexplained: readonly string[];
  /** Windows in which an event came twice, or one behind a later one though it was not late. */
  readonly disordered: readonly (readonly string[])[];
  readonly gaveUp: readonly unknown[];
}

export const SOUND: Found = { missing: [], unknown: [], unexplained: [], disordered: [], gaveUp: [] };

/** Runs the bridge through a scenario on the fake clock, and says what was wrong. */
export async function play(scenario: Scenario): Promise<Found> {
  vi.useFakeTimers({
    now: START_MS,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
  const world = new ModelWorld(scenario);
  try {
    await world.start();
    const happenings = [
      ...scenario.changes.map((change) => ({ atMs: change.atMs, happen: () => Promise.resolve(world.change(change)) })),
      ...scenario.crashesMs.map((atMs) => ({ atMs, happen: () => killed(world) })),
    ].toSorted((a, b) => a.atMs - b.atMs);
    for (const { atMs, happen } of happenings) {
      await passUntil(START_MS + atMs);
      await happen();
    }
    await passUntil(START_MS + ACTIVE_MS);
    const endMs = START_MS + ACTIVE_MS + REST_MS;
    while (Date.now() < endMs && missingIn(world).length > 0) await passUntil(Date.now() + 1000);
    // What comes twice may come a little later.
    await passUntil(Date.now() + 5000);
    return judge(world, scenario);
  } finally {
    world.remove();
    vi.useRealTimers();
  }
}

async function killed(world: ModelWorld): Promise<void> {
  world.crash();
  await passUntil(Date.now() + RESTART_MS);
  await world.start();
}

async function passUntil(ms: number): Promise<void> {
  const there = { is: false };
  setTimeout(() => (there.is = true), Math.max(0, ms - Date.now()));
  while (!there.is) {
    await settle();
    vi.advanceTimersToNextTimer();
  }
  await settle();
}

/** Everything that is under way without the clock has come to its end: promises, and zstd in its own threads. */
async function settle(): Promise<void> {
  do {
    for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  } while (packing.now > 0);
}

export const packing = { now: 0 };

function missingIn(world: ModelWorld): string[] {
  const read = new Set(world.collector.windows.flat());
  return world.expected.filter((key) => !read.has(key));
}

function judge(world: ModelWorld, { crashesMs, events }: Scenario): Found {
  const { windows, broken } = world.collector;
  const counts = new Map<string, number>();
  for (const key of windows.flat()) counts.set(key, (counts.get(key) ?? 0) + 1);
  const known = new Set(world.expected);
  return {
    missing: missingIn(world),
    unknown: [...counts.keys()].filter((key) => key.startsWith("activities/") && !known.has(key)),
    unexplained: [...counts].filter(([, count]) => count - 1 > broken + crashesMs.length).map(([key]) => key),
    disordered: windows.filter((keys) => new Set(keys).size < keys.length || !isInOrder(keys, events)),
    gaveUp: world.gaveUp,
  };
}

function isInOrder(keys: readonly string[], events: Scenario["events"]): boolean {
  const places = keys
    .filter((key) => key.startsWith("activities/"))
    .map((key) => Number(key.slice("activities/".length)) - FIRST_EVENT)
    .filter((at) => events[at]?.lateMs === 0)
    .map((at) => (events[at]?.atMs ?? 0) * 10_000 + at);
  return places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0));
}

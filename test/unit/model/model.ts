import * as fc from "fast-check";
import { vi } from "vitest";
import {
  type Between,
  type CollectorFault,
  type ConsoleFault,
  FIRST_EVENT,
  ModelWorld,
  OVERLAP_MS,
  type ReadWindow,
  START_MS,
  type Scenario,
} from "./world.ts";

/** How long things happen, and how long the world then has to come to rest. */
const ACTIVE_MS = 60_000;
const REST_MS = 5 * 60_000;
/** When many events come at once. */
const BURSTS_MS = [500, 12_000, 30_000];
/** A killed bridge is started again after this. */
const RESTART_MS = 700;

export function scenarios(most: number): fc.Arbitrary<Scenario> {
  // Few different times, so that many are the same.
  const anyMs = fc.integer({ min: 0, max: ACTIVE_MS / 250 }).map((quarter) => quarter * 250);
  // Most come in bursts, for only then do windows hold several chunks.
  const atMs = fc.oneof({ weight: 1, arbitrary: anyMs }, { weight: 2, arbitrary: fc.constantFrom(...BURSTS_MS) });
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
    underWay: fc.nat({ max: 2 }),
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
  underWay: 0,
  perPage: 3,
};

/** Bursts of events, with whatever may become of a window: most bugs of a delivery show in one of the two. */
export const HARD: readonly Scenario[] = [true, false].map((asItGoes) => ({
  ...QUIET,
  events: BURSTS_MS.flatMap((atMs) => Array.from({ length: 15 }, () => ({ atMs, lateMs: 0 }))),
  threats: 3,
  collector: [
    { kind: "refused", afterChunks: 0 },
    { kind: "reset", afterChunks: 2 },
    undefined,
    { kind: "never confirmed", afterChunks: 0 },
    { kind: "stall", afterChunks: 1 },
    { kind: "reset", afterChunks: 1 },
    undefined,
    { kind: "blackhole", afterChunks: 0 },
  ],
  crashesMs: [12_600, 45_000],
  asItGoes,
  underWay: 1,
}));

export interface Found {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  /** Keys that came more often in confirmed windows than crashes explain. */
  readonly unexplained: readonly string[];
  /** Windows in which an event came twice, or one behind a later one though it was not late. */
  readonly disordered: readonly (readonly string[])[];
  readonly gaveUp: readonly unknown[];
}

export const SOUND: Found = { missing: [], unknown: [], unexplained: [], disordered: [], gaveUp: [] };

/** Runs the bridge through a scenario on the fake clock, and says what was wrong. `between` is for bugs. */
export async function play(scenario: Scenario, between?: Between): Promise<Found> {
  vi.useFakeTimers({
    now: START_MS,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
  const world = new ModelWorld(scenario, between);
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
  const read = new Set(world.collector.windows.flatMap(({ keys }) => keys));
  return world.expected.filter((key) => !read.has(key));
}

function judge(world: ModelWorld, { crashesMs, events }: Scenario): Found {
  const { windows } = world.collector;
  // A window that broke comes again, and one that was confirmed does when a crash came before its release.
  const whole = countKeys(windows.filter(({ isBroken }) => !isBroken));
  const known = new Set(world.expected);
  const orders = windows.map(({ keys }) => keys);
  return {
    missing: missingIn(world),
    unknown: [...new Set(orders.flat())].filter((key) => key.startsWith("activities/") && !known.has(key)),
    unexplained: [...whole].filter(([, count]) => count - 1 > crashesMs.length).map(([key]) => key),
    disordered: orders.filter((keys) => new Set(keys).size < keys.length || !isInOrder(keys, events)),
    gaveUp: world.gaveUp,
  };
}

function countKeys(windows: readonly ReadWindow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of windows.flatMap(({ keys }) => keys)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function isInOrder(keys: readonly string[], events: Scenario["events"]): boolean {
  const places = keys
    .filter((key) => key.startsWith("activities/"))
    .map((key) => Number(key.slice("activities/".length)) - FIRST_EVENT)
    .filter((at) => events[at]?.lateMs === 0)
    .map((at) => (events[at]?.atMs ?? 0) * 10_000 + at);
  return places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0));
}

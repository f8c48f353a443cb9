import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { routerSource } from "../../src/bridge/assemble.ts";
import type { Match, Route } from "../../src/routing/match.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { eventsOf, jsonCollectors } from "../support/json-renderer.ts";
import { ACTIVITIES, NEVER, page, record } from "./spool.contract.ts";

// The same store, asked in this thread: a thread for each run takes its time.
vi.mock("../../src/spool/thread.ts", async () => (await import("../unit/model/mocks.ts")).threadHere());

const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const SITES = ["Alder", "Birch", "Cedar"] as const;
const NAMES = ["a", "b", "c"] as const;

type Name = (typeof NAMES)[number];

/** For each site who gets it; undefined: nobody by name, and so the one that takes the rest. */
type Share = readonly (Name | undefined)[];

interface Plan {
  readonly share: Share;
  /** Takes what nobody else does, so that each event is for exactly one of them. */
  readonly rest: Name;
}

const EVERYTHING: Match = { consoles: [], accounts: [], sites: [], groups: [], feeds: [], types: [], minSeverity: 0 };

function routesOf({ share, rest }: Plan, names: readonly Name[]): Route[] {
  const here = names.includes(rest) ? rest : names[0];
  return names.map((collector) => {
    const sites = SITES.filter((_, at) => share[at] === collector);
    const takesRest = collector === here;
    return {
      collector,
      // Without a site of its own it would match everything.
      match: { ...EVERYTHING, sites: sites.length === 0 && !takesRest ? ["nowhere"] : sites },
      takesRest,
    };
  });
}

/** A spool, what each collector got of it, and what was put in. */
class Place {
  readonly directory = mkdtempSync(join(MEMORY, "s1bridge-routes-"));
  readonly got = new Map<Name, string[]>(NAMES.map((name) => [name, []]));
  added = 0;
  #names: readonly Name[] = NAMES;
  #plan: Plan = { share: [], rest: "a" };
  #spool: ThreadedSpool | undefined;

  async open(): Promise<void> {
    this.#spool = await ThreadedSpool.open({
      directory: this.directory,
      maxBytes: 1 << 30,
      minFreeBytes: 0,
      ...this.#sources,
    });
  }

  /** While it runs, or as a stop and a start with another file. */
  async change(plan: Plan, isRestart: boolean): Promise<void> {
    this.#plan = plan;
    if (isRestart) {
      await this.spool.close();
      await this.open();
    } else await this.spool.configure(this.#sources);
  }

  /** One that goes, or one that comes (back). */
  async exchange(name: Name, plan: Plan): Promise<void> {
    const others = this.#names.filter((one) => one !== name);
    if (others.length > 0) this.#names = others.length < this.#names.length ? others : [...others, name];
    await this.change(plan, false);
  }

  async add(sites: readonly number[]): Promise<void> {
    const records = sites.map((site) => {
      const id = String(1000 + this.added++);
      return record(id, { text: JSON.stringify({ id, activityType: 27, siteName: SITES[site] }) });
    });
    await this.spool.append(ACTIVITIES, page(records), NEVER);
  }

  /** Reads, and confirms some of it. */
  async deliver(name: Name, most: number): Promise<void> {
    if (!this.#names.includes(name)) return;
    const reader = await this.spool.reader(name);
    if (reader.position >= this.spool.end) return;
    const batch = await reader.read(reader.position, most, NEVER);
    this.got.get(name)?.push(...eventsOf(batch).map(({ id }) => id));
    await reader.release(batch.end);
  }

  async deliverAll(): Promise<void> {
    for (const name of this.#names)
      for (let position = -1; position !== this.spool.end; position = this.spool.positions.get(name) ?? 0)
        await this.deliver(name, 1000);
  }

  get spool(): ThreadedSpool {
    if (this.#spool === undefined) throw new Error("it is not open");
    return this.#spool;
  }

  get #sources(): Pick<Parameters<typeof ThreadedSpool.open>[0], "collectors" | "router"> {
    return {
      collectors: jsonCollectors(...this.#names),
      router: routerSource(routesOf(this.#plan, this.#names)),
    };
  }

  async end(): Promise<void> {
    await this.#spool?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const plans = fc.record<Plan>({
  share: fc.array(fc.option(fc.constantFrom(...NAMES), { nil: undefined }), { minLength: 3, maxLength: 3 }),
  rest: fc.constantFrom(...NAMES),
});

type Step = (place: Place) => Promise<void>;

const steps = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 6 }).map(adding) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 5 })).map(
      ([name, most]): Step =>
        (place) =>
          place.deliver(name, most),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(plans, fc.boolean()).map(
      ([plan, isRestart]): Step =>
        (place) =>
          place.change(plan, isRestart),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...NAMES), plans).map(
      ([name, plan]): Step =>
        (place) =>
          place.exchange(name, plan),
    ),
  },
);

function adding(sites: readonly number[]): Step {
  return (place) => place.add(sites);
}

async function played(all: readonly Step[]): Promise<Place> {
  const place = new Place();
  try {
    await place.open();
    for (const step of all) await step(place);
    await place.deliverAll();
    return place;
  } finally {
    await place.end();
  }
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(1000 + at));
}

test("however routes change and collectors come and go, each event goes to one collector, and to one only", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (all) => {
      const place = await played(all);
      expect([...place.got.values()].flat().toSorted()).toEqual(ids(place.added));
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

const TO_A: Plan = { share: ["a"], rest: "c" };
const TO_B: Plan = { share: ["b"], rest: "c" };

test("what a collector that is behind was still to get goes to the one that gets such events now", async () => {
  const place = await played([
    (one) => one.change(TO_A, false),
    (one) => one.add([0, 1, 0, 1]),
    (one) => one.deliver("a", 1),
    (one) => one.deliver("b", 9),
    (one) => one.deliver("c", 9),
    (one) => one.change(TO_B, true),
  ]);
  expect(Object.fromEntries(place.got)).toEqual({ a: ["1000"], b: ["1002"], c: ["1001", "1003"] });
});

test("nobody goes back, and nothing is kept, when nothing is handed over", async () => {
  const place = new Place();
  try {
    await place.open();
    await place.change(TO_A, false);
    await place.add([0, 1]);
    for (const name of NAMES) await place.deliver(name, 9);
    await place.add([1, 1]);
    await place.deliver("a", 9);
    await place.change({ share: ["a", "b"], rest: "c" }, false);
    expect(Object.fromEntries(place.spool.positions)).toEqual({ a: 4, b: 2, c: 2 });
    await place.deliverAll();
    expect(Object.fromEntries(place.got)).toEqual({ a: ["1000"], b: ["1002", "1003"], c: ["1001"] });
  } finally {
    await place.end();
  }
});

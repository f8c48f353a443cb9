import { Random } from "../../src/demo/records/random.ts";

/** Everything that can go wrong in a run. `what` stands in the table. */
export const FAULTS = {
  "bridge killed": { what: "kill -9 of s1bridge, started again", weight: 3 },
  "bridge stopped": { what: "SIGTERM of s1bridge, started again", weight: 2 },
  "collector killed": { what: "kill -9 of rsyslog, back after 0.2 to 2 s", weight: 3, onCollector: true },
  "collector stalls": { what: "SIGSTOP of rsyslog for 0.5 to 5 s", weight: 3, onCollector: true },
  "connection reset": { what: "all connections reset", weight: 3, onCollector: true },
  "half read": { what: "the next connection reset after some bytes", weight: 2, onCollector: true },
  blackhole: { what: "nothing passes for 1 to 6 s, then all again, or resets", weight: 2, onCollector: true },
  "slow reader": { what: "200 kB a second for 2 to 6 s", weight: 2, onCollector: true },
  refused: { what: "no new connection for 1 to 4 s, the old ones reset", weight: 3, onCollector: true },
  "accepted, closed": {
    what: "connections closed as soon as they are accepted, 1 to 3 s",
    weight: 2,
    onCollector: true,
  },
  "console 429": { what: "1 to 5 answers, with Retry-After or without", weight: 2 },
  "console 5xx": { what: "1 to 3 answers: 500, 502, 503, 504", weight: 2 },
  "console reset": { what: "an answer broken off", weight: 2 },
  "torn JSON": { what: "an answer cut in its middle, as valid HTTP", weight: 2 },
  "repeated cursor": { what: "an answer with the cursor that was asked with, or null as text", weight: 2 },
  "slow answer": { what: "an answer that takes seconds", weight: 1 },
  "console hangs": { what: "an answer that never comes (the client gives up after 60 s)", weight: 1, holdsUp: true },
  "console 401": { what: "the token is revoked, its successor is there 1 s later", weight: 1, holdsUp: true },
  "token replaced": { what: "the successor is in the file, then the token is revoked", weight: 2 },
  "late events": { what: "1 event of 20 becomes visible up to 2.5 s late, for 2 to 5 s", weight: 3 },
  "disk full": { what: "the spool's file system filled to the last byte for 1 to 3 s", weight: 2 },
  "clock jumps": { what: "s1bridge's wall clock is an hour off at most, for 2 to 5 s", weight: 2 },
} as const satisfies Record<string, FaultKind>;

interface FaultKind {
  readonly what: string;
  /** How often, compared with the others. */
  readonly weight: number;
  readonly onCollector?: boolean;
  /** Holds the feed up for half a minute or more. */
  readonly holdsUp?: boolean;
}

export type FaultName = keyof typeof FAULTS;

export const TRANSPORTS = ["tcp", "tls", "relp"] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface PlannedFault {
  readonly atMs: number;
  readonly name: FaultName;
  /** Where, if it is a fault of a collector. */
  readonly transport: Transport | undefined;
  /** From 0 to 1: how long, how many, which variant. */
  readonly size: number;
  readonly variant: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** The mean time from one fault to the next. */
  readonly everyMs: number;
  /** What this machine can not do. */
  readonly without: readonly FaultName[];
  /** How often there may be a fault, of each kind that does, which holds the feed up for long. */
  readonly holdUps: number;
}

/** Faults at random moments: the same seed gives the same plan. */
export function plan({ seed, durationMs, everyMs, without, holdUps }: PlanOptions): PlannedFault[] {
  const faults: PlannedFault[] = [];
  const random = new Random(seed, 0);
  const unit = (): number => random.next() / 2 ** 32;
  const bag = new Bag(without, holdUps, random);
  for (let atMs = everyMs * unit(); atMs < durationMs; atMs += everyMs * (0.25 + 1.5 * unit())) {
    const name = bag.draw();
    const kind: FaultKind = FAULTS[name];
    const transport = kind.onCollector === true ? random.pick(TRANSPORTS) : undefined;
    faults.push({ atMs, name, transport, size: unit(), variant: random.below(1000) });
  }
  return faults;
}

/** All kinds, each as often as its weight, shuffled; then again. So a short run has many kinds as well. */
class Bag {
  readonly #random: Random;
  readonly #names: FaultName[];
  readonly #left = new Map<FaultName, number>();
  #bag: FaultName[] = [];

  constructor(without: readonly FaultName[], holdUps: number, random: Random) {
    this.#random = random;
    this.#names = (Object.keys(FAULTS) as FaultName[]).filter((name) => !without.includes(name));
    for (const name of this.#names) {
      this.#left.set(name, (FAULTS[name] as FaultKind).holdsUp === true ? holdUps : Infinity);
    }
  }

  draw(): FaultName {
    for (;;) {
      if (this.#bag.length === 0) this.#fill();
      const name = this.#bag.splice(this.#random.below(this.#bag.length), 1)[0] as FaultName;
      const left = this.#left.get(name) ?? 0;
      if (left <= 0) continue;
      this.#left.set(name, left - 1);
      return name;
    }
  }

  #fill(): void {
    this.#bag = this.#names.flatMap((name) => Array.from({ length: FAULTS[name].weight }, () => name));
  }
}

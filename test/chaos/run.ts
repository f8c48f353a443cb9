import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { orAborted } from "../../src/lib/signals.ts";
import { befall, partOf } from "./faults.ts";
import { type FaultName, type PlannedFault, TRANSPORTS, type Transport, plan } from "./plan.ts";
import { Blame, type Blamed, befalls } from "./blame.ts";
import type { Receiver } from "./receiver.ts";
import type { Tally } from "./tally.ts";
import { type World, createWorld } from "./world.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly events: number;
  readonly minutes: number;
  readonly faults: number;
  readonly logFile?: string | undefined;
  readonly onProgress: (progress: Progress) => void;
  /** Ends the run, and everything that was started for it. */
  readonly signal?: AbortSignal;
}

export interface Progress {
  /** From 0 to 1. */
  readonly done: number;
  readonly sent: number;
  /** Of the collector that is furthest behind. */
  readonly arrived: number;
  readonly faults: number;
  readonly last: string;
}

export interface Outcome {
  readonly collector: string;
  readonly sender: string;
  readonly events: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly unknown: number;
  /** From the time of the event to the first time it was received; undefined where nothing tells. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly worst: number } | undefined;
  /** Of the duplicates, by the fault before them. */
  readonly after: Blamed;
  /** Numbers of some events that did not come. */
  readonly missed: readonly number[];
}

export interface ChaosResult {
  readonly seed: number;
  readonly seconds: number;
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  readonly without: readonly FaultName[];
  readonly bridge: readonly Outcome[];
  readonly omfwd: Outcome;
  readonly starts: number;
  readonly gaveUp: readonly string[];
  readonly peakBytes: number;
  /** The exit code at the end. */
  readonly exitCode: number | null | undefined;
}

/** Of the time, events come so long; the rest is for what is still on its way. */
const SUPPLY_SHARE = 0.85;

/** What holds the feed up for half a minute or a whole one comes once in so many minutes, of each kind. */
const HOLD_UP_MINUTES = 4;

/** Longer than anything that holds a feed up: a hanging answer 60 s, a dead token 30 s. */
const PATIENCE_MS = 100_000;
/** rsyslog has nothing to wait for but its collector. */
const OMFWD_PATIENCE_MS = 30_000;

const TICK_MS = 250;

export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  await using stack = new AsyncDisposableStack();
  const run = play(options, stack);
  return await (options.signal === undefined ? run : orAborted(run, options.signal));
}

async function play(options: ChaosOptions, stack: AsyncDisposableStack): Promise<ChaosResult> {
  const beganMs = performance.now();
  const supplyMs = options.minutes * 60_000 * SUPPLY_SHARE;
  const world = await createWorld({ ...options, supplyMs }, stack);
  const without: FaultName[] = world.disk.isOurs ? [] : ["disk full"];
  const leadMs = world.dataset.startMs - Date.now();
  const faults = plan({
    seed: options.seed,
    durationMs: supplyMs,
    everyMs: supplyMs / options.faults,
    without,
    holdUps: Math.floor(options.minutes / HOLD_UP_MINUTES),
  });

  const blames = new Map(all(world).map((receiver) => [receiver, new Blame(receiver)]));
  const outcomeOf = (sender: string, receiver: Receiver): Outcome =>
    outcome(sender, receiver, blames.get(receiver)?.duplicates ?? {});
  world.bridge.start();
  const watch = new Watch(world, options);
  const ticking = watch.run();
  const done = await befallAll(world, faults, leadMs, (fault) => {
    watch.fault(fault.name, fault.transport);
    for (const [receiver, blame] of blames) if (befalls(fault, receiver)) blame.fault(fault.name);
  });
  await watch.settled();
  await ticking;
  const exit = await world.bridge.stop();
  await Promise.all(all(world).map(({ tally }) => tally.update()));
  return {
    seed: options.seed,
    seconds: (performance.now() - beganMs) / 1000,
    faults: done,
    without,
    bridge: TRANSPORTS.map((name) => outcomeOf("s1bridge", world.receivers[name])),
    omfwd: outcomeOf("rsyslog omfwd", world.mirror),
    starts: world.bridge.starts,
    gaveUp: world.bridge.gaveUp,
    peakBytes: world.bridge.peakBytes,
    exitCode: exit?.code,
  };
}

function all({ receivers, mirror }: World): Receiver[] {
  return [...TRANSPORTS.map((name) => receivers[name]), mirror];
}

/** Each fault at its time, but two of one part after each other. Resolves when all are over. */
async function befallAll(
  world: World,
  faults: readonly PlannedFault[],
  leadMs: number,
  onFault: (fault: PlannedFault) => void,
): Promise<Partial<Record<FaultName, number>>> {
  const counts: Partial<Record<FaultName, number>> = {};
  const busy = new Map<string, Promise<void>>();
  const beganMs = performance.now() + leadMs;
  for (const fault of faults) {
    await pause(Math.max(0, beganMs + fault.atMs - performance.now()));
    const part = partOf(fault);
    const next = (busy.get(part) ?? Promise.resolve()).then(async () => {
      onFault(fault);
      if (world.logFile !== undefined)
        appendFileSync(world.logFile, `${JSON.stringify({ time: new Date(), ...fault })}\n`);
      counts[fault.name] = (counts[fault.name] ?? 0) + 1;
      await befall(world, fault);
    });
    busy.set(part, next);
  }
  await Promise.all(busy.values());
  return counts;
}

/** Feeds rsyslog's forwarder, reads what has arrived, and knows when nothing more is to come. */
class Watch {
  readonly #world: World;
  readonly #options: ChaosOptions;
  readonly #finished = Promise.withResolvers<void>();
  #isSettling = false;
  #faults = 0;
  #last = "";

  constructor(world: World, options: ChaosOptions) {
    this.#world = world;
    this.#options = options;
  }

  fault(name: FaultName, transport: Transport | undefined): void {
    this.#faults += 1;
    this.#last = transport === undefined ? name : `${name} (${transport})`;
  }

  /** Resolves when all has arrived, or nothing has for too long. */
  settled(): Promise<void> {
    this.#isSettling = true;
    return this.#finished.promise;
  }

  async run(): Promise<void> {
    const { bridge, mirror } = this.#world;
    const ours = TRANSPORTS.map((name) => this.#world.receivers[name].tally);
    const bridgeStill = new Stillness(ours, PATIENCE_MS);
    const omfwdStill = new Stillness([mirror.tally], OMFWD_PATIENCE_MS);
    for (;;) {
      await pause(TICK_MS);
      this.#feed();
      bridge.measure();
      await Promise.all([...ours, mirror.tally].map((tally) => tally.update()));
      this.#tell();
      // Both are looked at in every turn: each has a clock of its own.
      const over = [bridgeStill.isOver(this.#isSettling), omfwdStill.isOver(this.#isSettling)];
      if (this.#isSettling && over.every(Boolean)) break;
    }
    this.#finished.resolve();
  }

  /** As many as the console has events by now. */
  #feed(): void {
    const { dataset, omfwd } = this.#world;
    omfwd.feed(Math.floor(dataset.length * this.#passed()));
  }

  #passed(): number {
    const { startMs, endMs } = this.#world.dataset;
    return Math.min(1, Math.max(0, (Date.now() - startMs) / (endMs - startMs)));
  }

  #tell(): void {
    const { dataset, receivers } = this.#world;
    const sent = Math.floor(dataset.length * this.#passed());
    const arrived = Math.min(...TRANSPORTS.map((name) => receivers[name].tally.distinct));
    const done = SUPPLY_SHARE * this.#passed() + (1 - SUPPLY_SHARE) * (arrived / dataset.length);
    this.#options.onProgress({ done, sent, arrived, faults: this.#faults, last: this.#last });
  }
}

/** Whether there is nothing more to wait for. */
class Stillness {
  readonly #tallies: readonly Tally[];
  readonly #patienceMs: number;
  #distinct = -1;
  #sinceMs = performance.now();

  constructor(tallies: readonly Tally[], patienceMs: number) {
    this.#tallies = tallies;
    this.#patienceMs = patienceMs;
  }

  isOver(isSettling: boolean): boolean {
    const distinct = this.#tallies.reduce((sum, tally) => sum + tally.distinct, 0);
    if (distinct !== this.#distinct || !isSettling) {
      this.#distinct = distinct;
      this.#sinceMs = performance.now();
    }
    const isComplete = this.#tallies.every(({ missing }) => missing === 0);
    return isComplete || performance.now() - this.#sinceMs > this.#patienceMs;
  }
}

function outcome(sender: string, { name, tally }: Receiver, after: Blamed): Outcome {
  const { duplicates, missing, unknown, worstMs } = tally;
  return {
    collector: name,
    sender,
    events: tally.distinct + missing,
    missing,
    duplicates,
    unknown,
    latencyMs: worstMs === 0 ? undefined : { p50: tally.quantileMs(0.5), p99: tally.quantileMs(0.99), worst: worstMs },
    after,
    missed: tally.missed(20),
  };
}

import type { Behaviour } from "../collector/behaviour.ts";
import { answerFault } from "../console/faults.ts";
import type { ConsoleRequest, Fault, FaultSource } from "../console/faults.ts";
import { unauthorized } from "../console/vendor-answers.ts";
import { collectorKind, consoleKind } from "./kinds.ts";
import type { Play, Scenario } from "./schema.ts";

/** How often each fault of a scenario has happened. */
export interface Played {
  readonly fault: string;
  readonly times: number;
}

/** A fault with what is left of it. */
class Entry {
  readonly play: Play;
  played = 0;
  #passed = 0;

  constructor(play: Play) {
    this.play = play;
  }

  /** Whether it holds now: from `at` on, and for as long as `for` says. */
  holds(elapsedMs: number): boolean {
    const { at = 0, for: forMs = Infinity } = this.play;
    return elapsedMs >= at && elapsedMs < at + forMs;
  }

  /** Takes one of its times; false when it is not its turn. */
  take(elapsedMs: number): boolean {
    const { after = 0, times = this.play.for === undefined ? 1 : Infinity } = this.play;
    if (!this.holds(elapsedMs) || this.played >= times) return false;
    this.#passed += 1;
    if (this.#passed <= after) return false;
    this.played += 1;
    return true;
  }
}

/**
 * Plays a scenario: what the embedded console and collector ask before each request and connection. It begins with the
 * first question to it, and has no timers: what holds follows from the time that has passed.
 */
export class ScenarioPlayer implements FaultSource {
  readonly #console: readonly Entry[];
  readonly #collector: readonly Entry[];
  readonly #now: () => number;
  #startMs: number | undefined;

  constructor(scenario: Scenario, now: () => number = () => performance.now()) {
    this.#console = scenario.console.map((play) => new Entry(play));
    this.#collector = scenario.collector.map((play) => new Entry(play));
    this.#now = now;
  }

  /** What goes wrong with a request. */
  next(request: ConsoleRequest): Fault | undefined {
    const elapsedMs = this.elapsedMs();
    if (this.#state("revoked", elapsedMs)) return answerFault(unauthorized);
    for (const entry of this.#console) {
      const { path, fault } = entry.play;
      const { make, withCursor } = consoleKind(fault);
      if (make === undefined || (path !== undefined && path !== request.path)) continue;
      if (withCursor === true && !request.search.has("cursor")) continue;
      if (entry.take(elapsedMs)) return make(entry.play, Date.now());
    }
    return undefined;
  }

  /** How far the console's clock is ahead now; below 0 when it is behind. */
  clockOffsetMs(): number {
    const elapsedMs = this.elapsedMs();
    let offsetMs = 0;
    for (const entry of this.#console) {
      const { fault, by = 0 } = entry.play;
      if ((fault !== "clock_ahead" && fault !== "clock_behind") || !entry.holds(elapsedMs)) continue;
      entry.played = 1;
      offsetMs += fault === "clock_ahead" ? by : -by;
    }
    return offsetMs;
  }

  /** How the collector treats its next connection. */
  behaviour(): Behaviour {
    const elapsedMs = this.elapsedMs();
    for (const entry of this.#collector) {
      const { make } = collectorKind(entry.play.fault);
      if (make !== undefined && entry.take(elapsedMs)) return make(entry.play);
    }
    return {};
  }

  /** When the collector is away, and for how long; `begin` is to be called when it goes. */
  absences(): { readonly atMs: number; readonly forMs: number; begin(): void }[] {
    return this.#collector
      .filter(({ play }) => play.fault === "away")
      .map((entry) => ({
        atMs: entry.play.at ?? 0,
        forMs: entry.play.for ?? 5000,
        begin: () => {
          entry.played += 1;
        },
      }));
  }

  /** Activities that are to become visible late: they count as played. */
  late(): readonly Play[] {
    return this.#console.flatMap((entry) => {
      if (entry.play.fault !== "late") return [];
      entry.played = 1;
      return [entry.play];
    });
  }

  /** What has happened so far, in the order of the file. */
  played(): Played[] {
    return [...this.#console, ...this.#collector].map(({ play: { fault }, played }) => ({ fault, times: played }));
  }

  elapsedMs(): number {
    this.#startMs ??= this.#now();
    return this.#now() - this.#startMs;
  }

  #state(fault: string, elapsedMs: number): boolean {
    const entry = this.#console.find((one) => one.play.fault === fault && one.holds(elapsedMs));
    if (entry !== undefined) entry.played += 1;
    return entry !== undefined;
  }
}

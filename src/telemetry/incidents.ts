import type { IncidentStatus } from "./status.ts";

/** What the fault was of, and what it was. */
export interface Trouble {
  readonly kind: IncidentStatus["kind"];
  /** `console/feed`, or the collector. */
  readonly about: string;
  readonly code: string;
  readonly message: string;
}

/** More than an operator reads at once. */
const MAX_INCIDENTS = 20;

/** What begins again so soon goes on: a collector that comes and goes is one incident, and not twenty. */
const FLAPPING_MS = 10 * 60_000;

interface Course {
  readonly trouble: Trouble;
  readonly sinceMs: number;
  lastMs: number;
  times: number;
  overMs: number | undefined;
}

/** The last faults since the start, those that are over included: what happened in the night is still there in the morning. */
export class Incidents {
  /** By who and what; the one that came last stands last. */
  readonly #courses = new Map<string, Course>();

  fault({ kind, about, code, message }: Trouble, nowMs: number): void {
    const trouble = { kind, about, code, message };
    const key = JSON.stringify([trouble.kind, trouble.about, trouble.code]);
    const before = this.#courses.get(key);
    const goesOn = before !== undefined && (before.overMs === undefined || nowMs - before.overMs < FLAPPING_MS);
    const course: Course = {
      trouble,
      sinceMs: goesOn ? before.sinceMs : nowMs,
      lastMs: nowMs,
      times: goesOn ? before.times + 1 : 1,
      overMs: undefined,
    };
    this.#courses.delete(key);
    if (this.#courses.size >= MAX_INCIDENTS) this.#forgetOne();
    this.#courses.set(key, course);
  }

  /** It works again. */
  over(kind: Trouble["kind"], about: string, nowMs: number): void {
    for (const course of this.#courses.values()) {
      const { trouble } = course;
      if (trouble.kind === kind && trouble.about === about) course.overMs ??= nowMs;
    }
  }

  /** Others are watched from now on: what is gone is over. */
  watch(isWatched: (kind: Trouble["kind"], about: string) => boolean, nowMs: number): void {
    for (const course of this.#courses.values())
      if (!isWatched(course.trouble.kind, course.trouble.about)) course.overMs ??= nowMs;
  }

  /** The newest first. */
  list(): readonly IncidentStatus[] {
    return [...this.#courses.values()].toReversed().map(({ trouble, sinceMs, lastMs, times, overMs }) => ({
      ...trouble,
      since: iso(sinceMs),
      at: iso(lastMs),
      times,
      overAt: overMs === undefined ? null : iso(overMs),
    }));
  }

  /** The oldest that is over, else the oldest. */
  #forgetOne(): void {
    const keys = [...this.#courses.keys()];
    const key = keys.find((one) => this.#courses.get(one)?.overMs !== undefined) ?? keys[0];
    if (key !== undefined) this.#courses.delete(key);
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

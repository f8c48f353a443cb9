import type { Logger } from "pino";

/** Something to log that may happen again and again. */
export interface Repeated {
  /** What makes it the same: who it is about and what it is. */
  readonly key: string;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Added up over the repeats and told as `events`. */
  readonly events?: number;
  /** The same is told once in this time. */
  readonly everyMs?: number;
}

const EVERY_MS = 10 * 60_000;

/** What began again after it was over is told at once, unless it was told this short a time ago. */
const FLAPPING_MS = 60_000;

/** Keys are of the configuration and of error codes; should one ever not be, memory has an end. */
const MAX_KEYS = 10_000;

interface Course {
  last: Repeated;
  sinceMs: number;
  times: number;
  events: number;
}

/**
 * A fault that goes on costs a line each ten minutes, not one for each attempt: the first is told at once, the next line says
 * how many there were since, as `same` and `inSeconds`. The counters have each of them at once.
 */
export class Repeats {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #courses = new Map<string, Course>();

  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  tell(repeated: Repeated): void {
    const { key, events = 0 } = repeated;
    const course = this.#courses.get(key);
    if (course === undefined) {
      if (this.#courses.size < MAX_KEYS) {
        this.#courses.set(key, { last: repeated, sinceMs: this.#now(), times: 0, events: 0 });
      }
      this.#write(repeated, repeated.events === undefined ? {} : { events });
      return;
    }
    course.last = repeated;
    course.times += 1;
    course.events += events;
    this.#tellDue(course);
  }

  /** It is over; true if there was something. Should it begin again, that is told. */
  over(key: string): boolean {
    const course = this.#courses.get(key);
    if (course === undefined) return false;
    if (this.#now() - course.sinceMs >= FLAPPING_MS) {
      this.#tellRest(course);
      this.#courses.delete(key);
    }
    return true;
  }

  /** Tells what is due, though nothing new has happened. To be called now and then. */
  look(): void {
    for (const [key, course] of this.#courses) {
      if (!this.#isDue(course)) continue;
      if (course.times === 0) this.#courses.delete(key);
      else this.#tellRest(course);
    }
  }

  /** Tells what was not told yet. */
  end(): void {
    for (const course of this.#courses.values()) this.#tellRest(course);
  }

  #isDue({ sinceMs, last: { everyMs = EVERY_MS } }: Course): boolean {
    return this.#now() - sinceMs >= everyMs;
  }

  #tellDue(course: Course): void {
    if (this.#isDue(course)) this.#tellRest(course);
  }

  #tellRest(course: Course): void {
    const { last, times, events, sinceMs } = course;
    if (times === 0) return;
    const now = this.#now();
    const sum = last.events === undefined ? {} : { events };
    this.#write(last, { ...sum, same: times, inSeconds: Math.round((now - sinceMs) / 1000) });
    Object.assign(course, { sinceMs: now, times: 0, events: 0 });
  }

  #write({ level, fields, message }: Repeated, more: object): void {
    this.#log[level]({ ...fields, ...more }, message);
  }
}

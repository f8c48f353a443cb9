import { type Observable, Subject, concat, defer, finalize, from, mergeAll } from "rxjs";
import { aborted } from "../lib/rx.ts";
import { type LinkedSignal, linkedTo } from "../lib/signals.ts";
import type { StopSignals } from "./ports.ts";
import type { Half, Report } from "./run.ts";

/**
 * A part of the bridge that can be stopped alone: the feeds of a console, the delivery to a collector.
 */
export interface Part {
  /** As long as this is the same, the part is. */
  readonly fingerprint: string;
  readonly start: (stop: StopSignals) => readonly Half[];
  /** Lets go of what it holds; after its halves have ended. */
  readonly close: () => Promise<void>;
}

interface RunningPart {
  readonly part: Part;
  readonly soft: LinkedSignal;
  readonly hard: LinkedSignal;
  readonly ended: Promise<unknown>;
}

/** How long a part that is exchanged may take to finish its window. */
const GRACE_MS = 8000;

/** Parts that run side by side. A reload exchanges some of them while the others go on. */
export class Parts {
  readonly #stop: StopSignals;
  readonly #halves = new Subject<Observable<Report>>();
  /** Started before anybody has subscribed; undefined from then on. */
  #early: Observable<Report>[] | undefined = [];
  readonly #running = new Map<string, RunningPart>();

  constructor(stop: StopSignals) {
    this.#stop = stop;
    // Nothing is started any more: what runs comes to its end.
    aborted(stop.soft).subscribe(() => this.#halves.complete());
  }

  /** What all parts report, also those that are started later. To be subscribed to once. Ends with the stop of the whole, and with an error of any. */
  get reports(): Observable<Report> {
    return defer(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      return concat(from(early), this.#halves);
    }).pipe(mergeAll());
  }

  get names(): readonly string[] {
    return [...this.#running.keys()];
  }

  fingerprint(name: string): string | undefined {
    return this.#running.get(name)?.part.fingerprint;
  }

  start(name: string, part: Part): void {
    const soft = linkedTo(this.#stop.soft);
    const hard = linkedTo(this.#stop.hard);
    const ends: Promise<void>[] = [];
    for (const half of part.start({ soft: soft.signal, hard: hard.signal })) {
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.push(promise);
      const running = (half as Observable<Report>).pipe(finalize(resolve));
      if (this.#early === undefined) this.#halves.next(running);
      else this.#early.push(running);
    }
    this.#running.set(name, { part, soft, hard, ended: Promise.all(ends) });
  }

  /** Resolves when the part has finished what it had begun, and let go of everything. */
  async end(name: string): Promise<Part | undefined> {
    const running = this.#running.get(name);
    if (running === undefined) return undefined;
    const { part, soft, hard, ended } = running;
    soft.abort();
    const late = setTimeout(() => hard.abort(), GRACE_MS);
    await ended;
    clearTimeout(late);
    this.#running.delete(name);
    soft[Symbol.dispose]();
    hard[Symbol.dispose]();
    await part.close();
    return part;
  }

  /** Ends the whole with an error. */
  fail(error: unknown): void {
    this.#halves.error(error);
  }

  /** Closes all parts, whose halves have ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ part }) => part.close()));
  }
}

import type { Report } from "../bridge/run.ts";

/** How long events take from the moment their page was read to their confirmation, weighted by events. */
export class Latency {
  readonly #waiting: { readonly end: number; readonly count: number; readonly atMs: number }[] = [];
  readonly #samples: { readonly ms: number; readonly count: number }[] = [];
  #end: number;

  /** `end`: the position behind the last event that was in the spool before. */
  constructor(end = 0) {
    this.#end = end;
  }

  add(report: Report): void {
    const atMs = performance.now();
    if (report.kind === "page") {
      this.#end += report.added;
      if (report.added > 0) this.#waiting.push({ end: this.#end, count: report.added, atMs });
      return;
    }
    if (report.kind === "own") {
      this.#end += report.events;
      return;
    }
    while (this.#waiting[0] !== undefined && this.#waiting[0].end <= report.end) {
      const page = this.#waiting.shift();
      if (page !== undefined) this.#samples.push({ ms: atMs - page.atMs, count: page.count });
    }
  }

  /** The time within which this share of the events was confirmed; undefined before the first. */
  quantile(share: number): number | undefined {
    const samples = this.#samples.toSorted((a, b) => a.ms - b.ms);
    const wanted = share * samples.reduce((sum, { count }) => sum + count, 0);
    let passed = 0;
    return samples.find(({ count }) => (passed += count) >= wanted)?.ms;
  }
}

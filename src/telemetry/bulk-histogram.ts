import { Histogram } from "prom-client";

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: Float64Array;
  sum: number;
  count: number;
}

/**
 * A histogram that takes many observations of one series at once: `observe` looks its series up for each, which costs more
 * than making the messages that are measured.
 */
export class BulkHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(options: ConstructorParameters<typeof Histogram>[0]) {
    super(options);
    this.#name = options.name;
    this.#help = options.help;
    this.#bounds = options.buckets ?? [];
  }

  /** `valueOf(index)` for each of `count` observations. */
  observeMany(labels: Readonly<Record<string, string>>, count: number, valueOf: (index: number) => number): void {
    const key = JSON.stringify(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { labels, counts: new Float64Array(this.#bounds.length), sum: 0, count: 0 };
      this.#series.set(key, series);
    }
    let { sum } = series;
    for (let index = 0; index < count; index++) {
      const value = valueOf(index);
      let bound = 0;
      while (bound < this.#bounds.length && value > (this.#bounds[bound] ?? 0)) bound += 1;
      if (bound < this.#bounds.length) series.counts[bound] = (series.counts[bound] ?? 0) + 1;
      sum += value;
    }
    series.sum = sum;
    series.count += count;
  }

  /** As prom-client's own: buckets are cumulative. */
  override get(): ReturnType<Histogram["get"]> {
    const values = [...this.#series.values()].flatMap(({ labels, counts, sum, count }) => {
      let below = 0;
      const bucket = (le: number | "+Inf", value: number) => ({
        metricName: `${this.#name}_bucket`,
        labels: { le, ...labels },
        value,
        exemplar: null,
      });
      return [
        ...this.#bounds.map((bound, at) => bucket(bound, (below += counts[at] ?? 0))),
        bucket("+Inf", count),
        { metricName: `${this.#name}_sum`, labels, value: sum, exemplar: null },
        { metricName: `${this.#name}_count`, labels, value: count, exemplar: null },
      ];
    });
    const told = { name: this.#name, help: this.#help, type: "histogram", values, aggregator: "sum" };
    return Promise.resolve(told as unknown as Awaited<ReturnType<Histogram["get"]>>);
  }

  /** What the registry asks before `get`; the types do not tell it. */
  getForPromString(): ReturnType<Histogram["get"]> {
    return this.get();
  }
}

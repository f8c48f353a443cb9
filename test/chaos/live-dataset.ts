import type { Dataset, Entry } from "../../src/demo/console/entry.ts";
import { ActivityDataset } from "../../src/demo/records/dataset.ts";
import { timeAt } from "../../src/demo/records/timeline.ts";

const EPOCH_MS = 1_483_228_800_000n;
const SEQUENCE_BITS = 23n;
const SEQUENCE_MASK = (1n << SEQUENCE_BITS) - 1n;

/** How late an event of a late stretch may become visible; less than the overlap, which finds it. */
export const LATEST_MS = 2500;

const CREATED = ["createdAt"] as const;

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Activities whose time comes while the run goes on; some become visible later than their time says. */
export class LiveDataset implements Dataset {
  readonly #dataset: ActivityDataset;
  readonly #late: Stretch[] = [];
  readonly startMs: number;
  readonly endMs: number;

  constructor({
    seed,
    count,
    startMs,
    durationMs,
  }: {
    seed: number;
    count: number;
    startMs: number;
    durationMs: number;
  }) {
    if (count > Number(SEQUENCE_MASK)) throw new RangeError(`at most ${SEQUENCE_MASK} events, ids tell no more apart`);
    const burst = 3;
    const stepMs = durationMs / count;
    const options = { seed, count, startMs, stepMs, burst };
    this.#dataset = new ActivityDataset(options);
    this.startMs = startMs;
    this.endMs = timeAt(options, count - 1) / 1000;
  }

  get length(): number {
    return this.#dataset.length;
  }

  /** From now on one of 20 becomes visible late. */
  lateFor(ms: number): void {
    const now = Date.now();
    this.#late.push({ fromMs: now, toMs: now + ms });
  }

  at(index: number): Entry {
    const entry = this.#dataset.at(index);
    if (index % 20 !== 7 || this.#late.length === 0) return entry;
    const ms = (entry.time(CREATED) ?? 0) / 1000;
    if (!this.#late.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)) return entry;
    return {
      id: entry.id,
      text: entry.text,
      visibleAtMs: ms + 500 + ((index * 7919) % (LATEST_MS - 500)),
      time: (paths) => entry.time(paths),
      value: (paths) => entry.value(paths),
    };
  }
}

/** Which event of the dataset an id belongs to, and when that was created: an id holds both. */
export function readId(id: string): { readonly index: number; readonly createdMs: number } {
  const number = BigInt(id);
  return {
    index: Number(number & SEQUENCE_MASK),
    createdMs: Number((number >> SEQUENCE_BITS) + EPOCH_MS),
  };
}

import type { Micros } from "../../event/time.ts";
import { Random } from "./random.ts";

export interface TimelineOptions {
  readonly seed: number;
  readonly count: number;
  /** The time of the first record, in milliseconds. */
  readonly startMs: number;
  /** The mean time from one record to the next. */
  readonly stepMs: number;
  /** So many records at a time have the very same `createdAt`, as after a bulk action; page edges cut them. */
  readonly burst?: number;
}

/** The time of record `index`: ascending, irregular, to the microsecond. */
export function timeAt({ seed, startMs, stepMs, burst = 1 }: TimelineOptions, index: number): Micros {
  const group = Math.floor(index / burst);
  const widthMicros = Math.max(1, Math.round(stepMs * 1000 * burst));
  return (startMs * 1000 + group * widthMicros + new Random(seed, group).below(widthMicros)) as Micros;
}

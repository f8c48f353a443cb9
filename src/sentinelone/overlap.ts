import { type Micros, addMs } from "../event/time.ts";

/** However late records become visible: a poll looks no further back than this. */
const MAX_OVERLAP_MS = 24 * 3_600_000;

/** Now and then a poll looks this many times as far back, for records that are later than the overlap reaches. */
const SWEEP = 6;
const SWEEP_EVERY = 2;

/** Ids are kept this much longer than a look back can bring them back. */
const MARGIN_MS = 10 * 60_000;

/**
 * How far a feed looks back behind its checkpoint.
 *
 * An overlap that is too short loses records silently, as nothing behind it is ever asked for. So every second overlap one
 * poll looks six times as far back. A record that is found there shows how late records get: the overlap grows to half as
 * much again, and stays so until the next start.
 */
export class Overlap {
  readonly #configuredMs: number;
  #ms: number;
  #sweptAt: Micros | undefined;

  constructor(configuredMs: number) {
    this.#configuredMs = configuredMs;
    this.#ms = configuredMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** How far the poll that begins now looks back. */
  lookBackMs(now: Micros): number {
    this.#sweptAt ??= now;
    if (now < addMs(this.#sweptAt, SWEEP_EVERY * this.#ms)) return this.#ms;
    this.#sweptAt = now;
    return this.#sweepMs;
  }

  /** Records before this instant will not be asked for again when the feed has been read to `time`. */
  seenSince(time: Micros): Micros {
    return addMs(time, -this.#sweepMs - MARGIN_MS);
  }

  /** A record stood so far behind. True when the overlap grew for it. */
  learn(behindMs: number): boolean {
    if (behindMs <= this.#ms || this.#ms >= MAX_OVERLAP_MS || this.#configuredMs === 0) return false;
    this.#ms = Math.min(MAX_OVERLAP_MS, Math.ceil(behindMs * 1.5));
    return true;
  }

  get #sweepMs(): number {
    return SWEEP * this.#ms;
  }
}

import type { JobSpool } from "./ports.ts";

/** A collector that has confirmed nothing for so long while something waits for it is not waited for, until it does again. */
const PATIENCE_MS = 15_000;

/** How often a collector is looked at that does not move. */
const LOOK_MS = 1000;

/** Of the spool's room, a job leaves so much to live events. */
const JOB_PART = 0.5;

export interface PaceOptions {
  readonly maxBytes: number;
  readonly patienceMs?: number;
}

/**
 * Keeps a job behind live events: its next page comes when the collectors that are alive have passed the one before, so
 * that a live event waits for no more than one page of it.
 */
export class Pace {
  readonly #spool: JobSpool;
  readonly #options: PaceOptions;
  readonly #moved = new Map<string, { position: number; atMs: number }>();

  constructor(spool: JobSpool, options: PaceOptions) {
    this.#spool = spool;
    this.#options = options;
  }

  /** Resolves when they have; gives those that are not waited for any more. */
  async untilPassed(end: number, signal: AbortSignal): Promise<readonly string[]> {
    for (;;) {
      const behind = [...this.#spool.positions].filter(([, position]) => position < end);
      if (!behind.some(([name, position]) => this.#isAlive(name, position))) return behind.map(([name]) => name);
      await this.#spool.untilReleased(signal, LOOK_MS);
    }
  }

  /** Resolves when the spool is not so full that a job would take the room of live events. */
  async untilRoom(signal: AbortSignal): Promise<void> {
    while ((await this.#spool.size()).bytes > this.#options.maxBytes * JOB_PART)
      await this.#spool.untilReleased(signal, LOOK_MS);
  }

  #isAlive(name: string, position: number): boolean {
    const nowMs = performance.now();
    const known = this.#moved.get(name);
    if (known?.position !== position) {
      this.#moved.set(name, { position, atMs: nowMs });
      return true;
    }
    return nowMs - known.atMs < (this.#options.patienceMs ?? PATIENCE_MS);
  }
}

/** A feed that neither takes nor drops its page for so long may be gone, or waits for room in the spool. */
const FORGOTTEN_MS = 10_000;

/**
 * Whose turn it is to read a page before it is wanted. One feed at a time: while console and disk wait for one feed there
 * is the work of the others, and each page takes 3 MB until it is stored.
 */
export class ReadAhead {
  #holder: object | undefined;
  #sinceMs = -Infinity;

  /** Whether `feed` may. */
  take(feed: object, nowMs: number = performance.now()): boolean {
    if (this.#holder !== undefined && this.#holder !== feed && nowMs - this.#sinceMs < FORGOTTEN_MS) return false;
    this.#holder = feed;
    this.#sinceMs = nowMs;
    return true;
  }

  /** `feed` has taken its page. */
  give(feed: object): void {
    if (this.#holder === feed) this.#holder = undefined;
  }
}

/** Of the whole process: its memory is one. */
export const READ_AHEAD = new ReadAhead();

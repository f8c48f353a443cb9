/** A page that has not been stored for so long waits for room in the spool, or its feed is gone. */
const FORGOTTEN_MS = 10_000;

/**
 * Who may read a page before it is wanted: a feed that is alone at work. Where several are, console and disk have other work
 * while they wait for one, and each page takes 3 MB until it is stored.
 */
export class ReadAhead {
  /** Since when each feed has a page on its way into the spool. */
  readonly #atWork = new Map<object, number>();

  /** `feed` has read a page. */
  begin(feed: object, nowMs: number = performance.now()): void {
    this.#atWork.set(feed, nowMs);
  }

  /** All that `feed` has read is stored. */
  end(feed: object): void {
    this.#atWork.delete(feed);
  }

  may(feed: object, nowMs: number = performance.now()): boolean {
    for (const [other, sinceMs] of this.#atWork) if (other !== feed && nowMs - sinceMs < FORGOTTEN_MS) return false;
    return true;
  }
}

/** Of the whole process: its memory is one. */
export const READ_AHEAD = new ReadAhead();

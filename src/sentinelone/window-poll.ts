import type { Micros } from "../event/time.ts";

export interface PollWindow {
  readonly from: Micros;
  readonly to: Micros;
  /** Everything before has been read by an earlier poll. */
  readonly readBefore: Micros;
  /** The checkpoint goes no further, whatever the console's clock says at this moment. */
  readonly sure: Micros;
}

/**
 * A poll under way: a window, and the place in it. It is read to its end by the console's cursor, or in two parts: what is
 * new, and then what lies behind `readBefore`, for the records that became visible late.
 */
export class WindowPoll {
  readonly readBefore: Micros;
  readonly #sure: Micros;
  readonly #used = new Set<string>();
  #from: Micros;
  #to: Micros;
  /** The time of the last record read. */
  #last: Micros;
  #cursor: string | undefined;
  #emptyPages = 0;
  #read = 0;
  /** Where it looks back when what is new has been read. */
  #behind: Pick<PollWindow, "from" | "to"> | undefined;
  /** It looks back now, and had read what is new up to here. */
  #newTo: Micros | undefined;

  constructor({ from, to, readBefore, sure }: PollWindow, order: "in order" | "new first" = "in order") {
    this.readBefore = readBefore;
    this.#sure = sure;
    this.#from = order === "new first" ? readBefore : from;
    this.#to = to;
    this.#last = this.#from;
    this.#behind = order === "new first" ? { from, to: readBefore } : undefined;
  }

  /** What is to be asked for next. */
  get place(): { readonly from: Micros; readonly to: Micros; readonly cursor: string | undefined } {
    return { from: this.#from, to: this.#to, cursor: this.#cursor };
  }

  /** Records that it has brought so far, known ones as well. */
  get read(): number {
    return this.#read;
  }

  /** A record of this time was read. One that was not asked for says nothing about how far the list has been read. */
  see(time: Micros): void {
    if (time <= this.#to) this.#last = Math.max(this.#last, time) as Micros;
  }

  /**
   * Moves to the next page. `reached`: how far the feed has been read; undefined while there is something to be looked
   * through behind it. The last page brings it to the end of the window; a window that broke off counts as far as its last
   * record.
   */
  advance(
    page: { readonly count: number; readonly limit: number },
    nextCursor: string | undefined,
  ): { readonly hasMore: boolean; readonly reached: Micros | undefined } {
    const goesOn = this.#follow(page, nextCursor);
    const isWhole = !goesOn && nextCursor === undefined;
    const reached = Math.min(isWhole ? this.#to : this.#last, this.#sure) as Micros;
    if (this.#newTo !== undefined) return { hasMore: goesOn, reached: isWhole ? this.#newTo : undefined };
    if (this.#behind === undefined) return { hasMore: goesOn, reached };
    if (!goesOn) this.#lookBack(this.#behind, reached);
    return { hasMore: true, reached: undefined };
  }

  /**
   * Goes on without the console's cursor: a new list that begins at the last record read. False when that would lead to
   * where the window began.
   */
  startOver(): boolean {
    if (this.#last <= this.#from) return false;
    this.#begin(this.#last);
    return true;
  }

  /** False at the end of the list. A cursor that leads in a circle is not followed. */
  #follow(
    { count, limit }: { readonly count: number; readonly limit: number },
    nextCursor: string | undefined,
  ): boolean {
    this.#read += count;
    this.#emptyPages = count === 0 ? this.#emptyPages + 1 : 0;
    if (nextCursor !== undefined && !this.#used.has(nextCursor) && this.#emptyPages < 2) {
      this.#used.add(nextCursor);
      this.#cursor = nextCursor;
      return true;
    }
    // A full page that is said to be the last may be one whose cursor was lost: what stands behind it would be missing.
    return (nextCursor !== undefined || count >= limit) && this.startOver();
  }

  #lookBack({ from, to }: Pick<PollWindow, "from" | "to">, reached: Micros): void {
    this.#behind = undefined;
    this.#newTo = reached;
    this.#to = to;
    this.#last = from;
    this.#begin(from);
  }

  #begin(from: Micros): void {
    this.#from = from;
    this.#cursor = undefined;
    this.#used.clear();
    this.#emptyPages = 0;
  }
}

import type { Appended, Checkpoint, Feed, Page, Spool } from "./ports.ts";

/** So many pages of a feed have been read and not been stored: one is stored while the next is made ready. */
const MOST_READ = 2;

interface ReadPage {
  readonly page: Page;
  /** Undefined once it could not be stored: it is to be tried again. */
  stored: Promise<Appended> | undefined;
}

export interface StoredPage {
  readonly page: Page;
  readonly appended: Appended;
}

/**
 * The pages of a feed on their way into its spool. While one is stored the next one of its poll is read, and made ready:
 * otherwise console, disk and we would wait for each other.
 *
 * They are stored in their order, whatever happens: a page that can not be stored stays, and those behind it with it.
 */
export class UnderWay {
  readonly #feed: Feed;
  readonly #spool: Spool;
  readonly #signal: AbortSignal;
  readonly #read: ReadPage[] = [];
  #reading: Promise<void> | undefined;
  /** Of the page that was read last, while there are more of its poll. */
  #checkpoint: Checkpoint | undefined;

  /** `signal` ends the reads and appends that are under way. */
  constructor({ feed, spool }: { readonly feed: Feed; readonly spool: Spool }, signal: AbortSignal) {
    this.#feed = feed;
    this.#spool = spool;
    this.#signal = signal;
  }

  /**
   * The next page, once it is stored. `begin` tells where a poll begins. Rejects when the page can not be read or stored: the
   * next call tries again.
   */
  async next(begin: () => Promise<Checkpoint | undefined>): Promise<StoredPage> {
    if (this.#read.length === 0) await this.#readNext(begin);
    this.#store();
    this.#readAhead();
    const [first] = this.#read;
    if (first?.stored === undefined) throw new Error("a page was read, and is not under way");
    try {
      const appended = await first.stored;
      this.#read.shift();
      first.page.release?.();
      return { page: first.page, appended };
    } catch (error) {
      // Those behind it were not stored either.
      for (const one of this.#read) one.stored = undefined;
      throw error;
    }
  }

  async #readNext(begin: () => Promise<Checkpoint | undefined>): Promise<void> {
    const ahead = this.#reading;
    this.#reading = undefined;
    try {
      await (ahead ?? this.#readPage(this.#checkpoint ?? (await begin())));
    } catch (error) {
      // The feed may begin anew: by now the spool has all that was read before.
      this.#checkpoint = undefined;
      throw error;
    }
  }

  async #readPage(checkpoint: Checkpoint | undefined): Promise<void> {
    const page = await this.#feed.readPage(checkpoint, this.#signal);
    this.#checkpoint = page.hasMore ? page.checkpoint : undefined;
    this.#read.push({ page, stored: undefined });
  }

  /** Begins what is not on its way into the spool, each behind the one before it. */
  #store(): void {
    let after: Promise<Appended> | undefined;
    for (const one of this.#read) {
      one.stored ??= this.#spool.append(this.#feed.key, one.page, this.#signal, { after });
      // Told to whoever waits for the page, if anybody still does.
      one.stored.catch(() => undefined);
      after = one.stored;
    }
  }

  #readAhead(): void {
    const checkpoint = this.#checkpoint;
    if (checkpoint === undefined || this.#reading !== undefined || this.#read.length >= MOST_READ) return;
    this.#reading = this.#readPage(checkpoint);
    this.#reading.then(
      () => {
        this.#reading = undefined;
        // It follows at once, unless what is before it has to be tried again: that is for the next call.
        if (this.#read.slice(0, -1).every(({ stored }) => stored !== undefined)) this.#store();
      },
      // Told to whoever waits for the page next.
      () => undefined,
    );
  }
}

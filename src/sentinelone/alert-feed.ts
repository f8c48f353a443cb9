import type { Appended, AuditableFeed, Checkpoint, FeedKey, Page } from "../bridge/ports.ts";
import type { SecurityEvent } from "../event/event.ts";
import { type Micros, addMs } from "../event/time.ts";
import type { AlertSource } from "../feeds/definition.ts";
import type { ConsoleClient } from "./client.ts";
import { FeedForbiddenError, FeedMissingError, FeedRefusedError } from "./errors.ts";
import { type ConsoleFeed, type FeedOptions, WindowedFeed } from "./feed.ts";

/** A console that has the older list only is asked for the newer one this often: it may have been upgraded. */
const LEGACY_MS = 60 * 60_000;

/** The newer list is read from where the older one began, but no further back than this: an upgrade is no reason to tell all of it again. */
const LOOK_BACK_MS = 24 * 60 * 60_000;

/**
 * Alerts of the console's unified list, or of the older one where that is all there is. Both name an alert by the same id,
 * so that one which was forwarded from the older list does not come as new after the console was upgraded.
 *
 * Which one is asked at the first read, after the console has refused it, and each hour while it is the older one. The
 * older list knows no changes: when the newer one comes (back), it is read from where the older one began, a day at most.
 */
export class AlertFeed implements ConsoleFeed {
  readonly key: FeedKey;
  readonly #unified: WindowedFeed;
  readonly #legacy: WindowedFeed;
  #chosen: WindowedFeed | undefined;
  /** Until then the older list is read without asking again, by `performance.now()`. */
  #legacyUntil = Infinity;
  /** Where the newer list has been read up to, if the older one has gone on from there. */
  #unifiedFrom: Micros | undefined;

  constructor({ unified, legacy }: AlertSource, client: ConsoleClient, options: FeedOptions) {
    this.key = { console: options.console, feed: "alerts" };
    this.#unified = new WindowedFeed("alerts", unified, client, options);
    this.#legacy = new WindowedFeed("alerts", legacy, client, options);
  }

  get overlapMs(): number {
    return (this.#chosen ?? this.#unified).overlapMs;
  }

  stored(appended: Appended): boolean {
    return this.#chosen?.stored(appended) === true;
  }

  async readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    const chosen = await this.#current(signal);
    try {
      if (chosen === this.#legacy) {
        this.#unifiedFrom ??= checkpoint?.time;
        const page = await chosen.readPage(checkpoint, signal);
        // Between two polls only: a window is read to its end by one of them.
        if (!page.hasMore && performance.now() > this.#legacyUntil) this.#chosen = undefined;
        return page;
      }
      const page = await chosen.readPage(this.#lookBack(checkpoint), signal);
      if (!page.hasMore) this.#unifiedFrom = undefined;
      return page;
    } catch (error) {
      if (isRefusal(error)) this.#chosen = undefined;
      throw error;
    }
  }

  async readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    return await (await this.#current(signal)).readNewest(limit, signal);
  }

  #lookBack(checkpoint: Checkpoint | undefined): Checkpoint | undefined {
    if (checkpoint === undefined || this.#unifiedFrom === undefined) return checkpoint;
    const from = Math.max(this.#unifiedFrom, addMs(checkpoint.time, -LOOK_BACK_MS));
    return { time: Math.min(checkpoint.time, from) as Micros, floor: checkpoint.floor };
  }

  async #current(signal: AbortSignal): Promise<WindowedFeed> {
    if (this.#chosen !== undefined) return this.#chosen;
    const chosen = await this.#choose(signal);
    this.#chosen = chosen;
    this.#legacyUntil = performance.now() + LEGACY_MS;
    return chosen;
  }

  async auditable(signal: AbortSignal): Promise<AuditableFeed> {
    return (this.#chosen ??= await this.#choose(signal));
  }

  async #choose(signal: AbortSignal): Promise<WindowedFeed> {
    try {
      await this.#unified.readNewest(1, signal);
      return this.#unified;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      try {
        await this.#legacy.readNewest(1, signal);
      } catch (second) {
        // The newer list's answer says more.
        throw isRefusal(second) ? error : second;
      }
      return this.#legacy;
    }
  }
}

/** The console said no; it did not fail to answer. A query that it does not understand is answered with errors. */
function isRefusal(error: unknown): boolean {
  return error instanceof FeedForbiddenError || error instanceof FeedMissingError || error instanceof FeedRefusedError;
}

import type { Appended, AuditableFeed, Checkpoint, FeedKey, Page } from "../bridge/ports.ts";
import type { SecurityEvent } from "../event/event.ts";
import type { AlertSource } from "../feeds/definition.ts";
import type { ConsoleClient } from "./client.ts";
import { FeedForbiddenError, FeedMissingError, FeedRefusedError } from "./errors.ts";
import { type ConsoleFeed, type FeedOptions, WindowedFeed } from "./feed.ts";

/**
 * Alerts of the console's unified list, or of the older one where that is all there is. Both name an alert by the same id,
 * so that one which was forwarded from the older list does not come as new after the console was upgraded.
 *
 * Which one is asked at the first read, and again after it was refused.
 */
export class AlertFeed implements ConsoleFeed {
  readonly key: FeedKey;
  readonly #unified: WindowedFeed;
  readonly #legacy: WindowedFeed;
  #chosen: WindowedFeed | undefined;

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
    const chosen = (this.#chosen ??= await this.#choose(signal));
    try {
      return await chosen.readPage(checkpoint, signal);
    } catch (error) {
      if (isRefusal(error)) this.#chosen = undefined;
      throw error;
    }
  }

  async readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    return await (this.#chosen ??= await this.#choose(signal)).readNewest(limit, signal);
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

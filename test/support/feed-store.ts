import type { Checkpoint, Page } from "../../src/bridge/ports.ts";
import { type FeedName, type SecurityEvent, eventKey } from "../../src/event/event.ts";
import type { Fingerprint } from "../../src/event/fingerprint.ts";
import { NEVER } from "../integration/feed-fixture.ts";
import type { ConsoleFeed } from "../../src/sentinelone/feed.ts";
import { SIGHT, identifyLetters, identitiesOf, unseen } from "../../src/spool/sightings.ts";

export interface StoredEvent extends Pick<SecurityEvent, "id" | "key" | "change" | "changed"> {
  readonly text: string;
}

/** Reads a feed as the intake does, and keeps what the spool would: its own rules on lists in memory. */
export class FeedStore {
  readonly events: StoredEvent[] = [];
  readonly deadLetters: string[] = [];
  readonly #feed: FeedName;
  readonly #seen = new Set<string>();
  readonly #looks = new Map<string, Fingerprint | undefined>();
  checkpoint: Checkpoint | undefined;

  constructor(feed: FeedName) {
    this.#feed = feed;
  }

  get keys(): string[] {
    return this.events.map(({ key }) => key);
  }

  /** Events but the marks behind lists. */
  get objects(): StoredEvent[] {
    return this.events.filter(({ change }) => change !== "snapshot");
  }

  /** One page, stored; what it brought. */
  async page(
    feed: ConsoleFeed,
    signal: AbortSignal = NEVER,
  ): Promise<Page & { readonly added: readonly StoredEvent[] }> {
    const page = await feed.readPage(this.checkpoint, signal);
    return { ...page, added: this.#append(page) };
  }

  /** Pages until the console has no more for now. */
  async poll(feed: ConsoleFeed): Promise<readonly StoredEvent[]> {
    const added: StoredEvent[] = [];
    for (let pages = 0; pages < 1000; pages += 1) {
      const page = await this.page(feed);
      added.push(...page.added);
      if (!page.hasMore) return added;
    }
    throw new Error("the feed never ends");
  }

  #append(page: Page): StoredEvent[] {
    const letters = identifyLetters(page);
    const identities = identitiesOf(page, letters).map(({ id, version, time }) => ({ id, version, time }));
    const sights = Uint8Array.from(identities, ({ id, version }) => {
      if (this.#seen.has(JSON.stringify([id, version]))) return SIGHT.seen;
      return version !== undefined && this.#looks.has(id) ? SIGHT.known : SIGHT.none;
    });
    const looks = new Map(
      identities.flatMap(({ id }, at) => {
        const look = this.#looks.get(id);
        return look === undefined ? [] : [[at, look] as const];
      }),
    );
    const fresh = unseen(page, letters, { sights, looks });
    for (const { id, version, fingerprint } of fresh.entries) {
      this.#seen.add(JSON.stringify([id, version]));
      if (version !== undefined) this.#looks.set(id, fingerprint);
    }
    this.deadLetters.push(...fresh.letters.map(({ text }) => text));
    this.checkpoint = page.checkpoint;
    const added = fresh.entries.map(({ id, version, change, changed, text }) => ({
      id,
      key: eventKey(this.#feed, id, version),
      change,
      text: String(text),
      ...(changed === undefined ? {} : { changed }),
    }));
    this.events.push(...added);
    return added;
  }
}

import type { DatabaseSync } from "node:sqlite";
import { type Aside, type FeedKey, type LedgerPart, identityOf } from "../bridge/ports.ts";
import type { Fingerprint } from "../event/fingerprint.ts";
import type { Feeds, KnownFeed } from "./feeds.ts";
import type { Jobs } from "./jobs.ts";
import { eventsBetween } from "./ledger-view.ts";
import { Objects } from "./objects.ts";
import type { PackedPage } from "./packed.ts";
import { SIGHT, type Sightings } from "./sightings.ts";
import { type DatedIdentity, type IdentityList, sqlList } from "./identities.ts";
import type { Statements } from "./statements.ts";

/** Ids are looked through for those to forget after this many new ones, or as many as there are. */
const PRUNE_AFTER = 100_000;

const NO_LEDGER: LedgerPart["events"] = new Map();

export interface SeenParts {
  readonly feeds: Feeds;
  readonly jobs: Jobs;
  /** The names of the collectors. */
  readonly collectors: () => readonly string[];
  readonly pruneAfter: number | undefined;
}

/** What is asked about for a page that is no part of the feed's own course: each by itself, too. */
export interface AskedAside extends Aside {
  readonly identities: readonly DatedIdentity[];
}

/** What must not be added again, and what is known of mutable objects. */
export class SeenIds {
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #parts: SeenParts;
  readonly #objects: Objects;

  constructor(database: DatabaseSync, sql: Statements, parts: SeenParts) {
    this.#database = database;
    this.#sql = sql;
    this.#parts = parts;
    this.#objects = new Objects(database);
  }

  /** For each identity whether it has been seen, and what is known of its object. */
  sightings(key: FeedKey, list: IdentityList, aside?: AskedAside): Sightings {
    const sightings = this.#sightings(key, list);
    if (aside === undefined) return sightings;
    const { identities } = aside;
    const boundary = new Set(aside.job === undefined ? [] : this.#parts.jobs.boundary(aside.job.id));
    const ledger = aside.leaveOut === "nothing" ? NO_LEDGER : this.#sent(key, identities, aside.collector);
    for (const [at, { id, version }] of identities.entries()) {
      const name = identityOf(id, version);
      const sent = ledger.get(name);
      const isSent =
        sent === undefined ? aside.leaveOut === "sent" && sightings.sights[at] === SIGHT.seen : sent !== "undelivered";
      if (isSent || boundary.has(name)) sightings.sights[at] = SIGHT.seen;
      else if (sightings.sights[at] === SIGHT.seen)
        sightings.sights[at] = version === undefined ? SIGHT.none : SIGHT.known;
    }
    return sightings;
  }

  /**
   * Ids of the past need not be remembered where the feed will never read; what only one collector gets is new to the
   * others. Part of the caller's transaction, as is `forget`.
   */
  remember({ id, objects }: KnownFeed, page: PackedPage): void {
    const { identities, aside, stillThere = [] } = page;
    if (aside?.collector === undefined) {
      const floor = aside === undefined ? undefined : this.#sql.checkpoint.get(id)?.["floor"];
      if (typeof floor === "number") this.#sql.addSeenSince.run(id, identities.json, floor);
      else this.#sql.addSeen.run(id, identities.json);
      this.#objects.keep(id, identities, sqlList(stillThere));
    }
    this.#objects.forgetSome(id, objects, page.list);
  }

  /** Forgets ids that can not come back, now and then; gives the feed's new floor, for what is forgotten must not be read again. */
  forget(feed: KnownFeed, { identities, checkpoint, seenSince }: PackedPage): number {
    const { pruneAfter = PRUNE_AFTER } = this.#parts;
    feed.newIds = (feed.newIds ?? pruneAfter) - identities.count;
    if (feed.newIds > 0) return checkpoint.floor;
    this.#sql.forgetSeen.run(feed.id, seenSince);
    feed.newIds = Math.max(pruneAfter, Number(this.#sql.countSeen.get(feed.id)?.["n"]));
    return Math.max(checkpoint.floor, seenSince);
  }

  #sightings(key: FeedKey, { json, count, hasVersions }: IdentityList): Sightings {
    const feed = this.#parts.feeds.of(key).id;
    const sights = new Uint8Array(count);
    const looks = new Map<number, Fingerprint>();
    const longUnnoted: number[] = [];
    const { noteBefore } = Objects;
    if (hasVersions) {
      for (const { at, look, last_seen: lastSeen } of this.#sql.known.all(feed, json)) {
        if (lastSeen === null || Number(lastSeen) < noteBefore) longUnnoted.push(Number(at));
        sights[Number(at)] = SIGHT.known;
        if (look !== null) looks.set(Number(at), look as Fingerprint);
      }
    }
    for (const { at } of this.#sql.seen.all(feed, json)) sights[Number(at)] = SIGHT.seen;
    return { sights, looks, longUnnoted };
  }

  /** What the ledger knows of these. */
  #sent(key: FeedKey, identities: readonly DatedIdentity[], collector: string | undefined): LedgerPart["events"] {
    const times = identities.flatMap(({ time }) => (time === undefined ? [] : [time]));
    if (times.length === 0) return NO_LEDGER;
    const [first, last] = [times.reduce((a, b) => (b < a ? b : a)), times.reduce((a, b) => (b > a ? b : a))];
    const collectors = collector === undefined ? this.#parts.collectors() : [collector];
    const view = { collectors, isNarrowed: collector !== undefined, route: undefined };
    return eventsBetween(this.#database, view, key, [first, last + 1]).events;
  }
}

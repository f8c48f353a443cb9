import type { FeedMapping, MappingOptions } from "../cef/cef-event.ts";
import { mapFeeds } from "../cef/mapping/feeds.ts";
import { type ScopeKey, createScopeReader } from "../cef/scope.ts";
import { type EventFeed, FEED_NAMES, type SecurityEvent } from "../event/event.ts";
import { type Routable, type Route, type Scope, createRouter as createMatcher } from "../routing/match.ts";

export interface RouterOptions {
  readonly routes: readonly Route[];
}

/** Where an event goes, and where it belongs, for the count of what goes nowhere. */
export interface Routing {
  /** The collectors that get the event. */
  readonly collectors: readonly string[];
  /** The site, or the account or console for what has none. */
  readonly belongsTo: string;
}

/** Class id and severity are those of the message; how it is written makes no difference to them. */
const MAPPING: MappingOptions = { rt: "epoch", unmappedData: false };

/** Decides by the record which collectors get an event. The spool's thread loads this module. */
export function createRouter({ routes }: RouterOptions): (event: SecurityEvent) => Routing {
  const match = createMatcher(routes);
  const map = mapFeeds(MAPPING);
  const scopes = new Map<EventFeed, ReturnType<typeof createScopeReader>>(
    FEED_NAMES.map((feed) => [feed, createScopeReader(feed)]),
  );
  return (event) => {
    const { record } = event;
    const reader = scopes.get(event.feed);
    const scope = (id: ScopeKey, name: ScopeKey): Scope => ({
      id: reader?.read(record, id),
      name: reader?.read(record, name),
    });
    const routable = new EventRouting(event, map, {
      account: scope("accountId", "accountName"),
      site: scope("siteId", "siteName"),
      group: scope("S1groupId", "S1groupName"),
    });
    return { collectors: match(routable), belongsTo: routable.belongsTo };
  };
}

/** Maps the event only when a criterion asks for its type or severity. */
class EventRouting implements Routable {
  readonly console: string;
  readonly feed: EventFeed;
  readonly account: Scope;
  readonly site: Scope;
  readonly group: Scope;
  readonly #event: SecurityEvent;
  readonly #mapFeed: FeedMapping;
  #mapped: Pick<Routable, "type" | "severity"> | undefined;

  constructor(event: SecurityEvent, map: FeedMapping, scopes: Pick<Routable, "account" | "site" | "group">) {
    this.console = event.console;
    this.feed = event.feed;
    this.account = scopes.account;
    this.site = scopes.site;
    this.group = scopes.group;
    this.#event = event;
    this.#mapFeed = map;
  }

  get type(): string {
    return this.#map().type;
  }

  get severity(): Routable["severity"] {
    return this.#map().severity;
  }

  get belongsTo(): string {
    const [scope, kind] = isKnown(this.site) ? [this.site, "site"] : [this.account, "account"];
    return isKnown(scope) ? `${kind} ${scope.name ?? scope.id ?? ""}` : `console ${this.console}`;
  }

  #map(): Pick<Routable, "type" | "severity"> {
    if (this.#mapped === undefined) {
      const { classId, severity } = this.#mapFeed(this.#event);
      this.#mapped = { type: classId, severity };
    }
    return this.#mapped;
  }
}

function isKnown({ id, name }: Scope): boolean {
  return id !== undefined || name !== undefined;
}

import { OWN_FEED } from "../event/event.ts";
import type { CefSeverity } from "../event/severity.ts";

/**
 * Which collectors an event goes to.
 *
 * Strict, because a record in the wrong collector is one tenant's data in another tenant's hands: a criterion about
 * something that the event does not have, such as the site of a console's own event, does not hold.
 */
export interface Match {
  readonly consoles: readonly string[];
  readonly accounts: readonly string[];
  readonly sites: readonly string[];
  readonly groups: readonly string[];
  readonly feeds: readonly string[];
  readonly types: readonly string[];
  readonly minSeverity: number;
}

/** A collector's place in the routing. */
export interface Route {
  readonly collector: string;
  readonly match: Match;
  /** Takes what no other collector matched. */
  readonly takesRest: boolean;
}

/** An account, a site or a group: parts that the record does not tell are undefined. */
export interface Scope {
  readonly id: string | undefined;
  readonly name: string | undefined;
}

/** What routing looks at. */
export interface Routable {
  readonly console: string;
  readonly feed: string;
  /** The class id of the message: an activity's type, or such as `threats.new`. */
  readonly type: string;
  readonly severity: CefSeverity;
  readonly account: Scope;
  readonly site: Scope;
  readonly group: Scope;
}

/** The names of the collectors that get the event, in their order. Empty: nobody does. */
export type Router = (event: Routable) => readonly string[];

export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map(({ collector, match, takesRest }) => {
    const matches = compile(match);
    // A default collector without criteria of its own is for the rest only; one with criteria gets both.
    return { collector, takesRest, matches: takesRest && isEmpty(match) ? () => false : matches };
  });
  return (event) => {
    const matched = compiled.filter(({ matches }) => matches(event));
    return (matched.length > 0 ? matched : compiled.filter(({ takesRest }) => takesRest)).map(
      ({ collector }) => collector,
    );
  };
}

/** Whether every collector gets everything: then nobody has to ask. */
export function isRoutedAlike(routes: readonly Route[]): boolean {
  return (
    routes.every(({ match }) => isEmpty(match)) && !routes.some(({ takesRest }, _, all) => takesRest && all.length > 1)
  );
}

export function isEmpty({ minSeverity, ...lists }: Match): boolean {
  return minSeverity === 0 && Object.values(lists).every((list) => list.length === 0);
}

/** What is known of a site before any event of it. */
export type SiteScope = Pick<Routable, "console" | "account" | "site">;

/** A collector, and what it gets of a site: everything, what its other criteria let through, or the rest. */
export interface SiteRoute {
  readonly name: string;
  readonly gets: "all" | "some" | "rest";
}

/** Where the events of a site go, as far as its names and ids tell. */
export function createSiteRouter(routes: readonly Route[]): (site: SiteScope) => readonly SiteRoute[] {
  const compiled = routes.map(({ collector, match, takesRest }) => {
    const { groups, feeds, types, minSeverity, ...ofSite } = match;
    const inPart = groups.length > 0 || feeds.length > 0 || types.length > 0 || minSeverity > 0;
    const matches = compile({ ...ofSite, groups: [], feeds: [], types: [], minSeverity: 0 });
    return { name: collector, takesRest, inPart, matches: takesRest && isEmpty(match) ? () => false : matches };
  });
  return (site) => {
    const event: Routable = { ...site, feed: "", type: "", severity: 0, group: { id: undefined, name: undefined } };
    const matched = compiled.filter(({ matches }) => matches(event));
    const rest = matched.some(({ inPart }) => !inPart) ? [] : compiled.filter(({ takesRest }) => takesRest);
    return [
      ...matched.map(({ name, inPart }): SiteRoute => ({ name, gets: inPart ? "some" : "all" })),
      ...rest
        .filter((one) => !matched.includes(one))
        .map(({ name }): SiteRoute => ({ name, gets: matched.length === 0 ? "all" : "rest" })),
    ];
  };
}

type Test = (event: Routable) => boolean;

function compile(match: Match): Test {
  const { consoles, feeds, types, minSeverity } = match;
  const isConsole = anyOf(consoles);
  const isFeed = anyOf(feeds);
  const isType = anyOf(types);
  const tests: Test[] = [];
  if (consoles.length > 0) tests.push(({ console }) => isConsole(console));
  if (feeds.length > 0) tests.push(({ feed }) => isFeed(feed));
  // Whoever asks for the bridge's own events by name gets them: they have no site, type or severity to go by.
  const about = scopeTests(match);
  if (types.length > 0) about.push(({ type }) => isType(type));
  if (minSeverity > 0) about.push(({ severity }) => severity >= minSeverity);
  const named = feeds.includes(OWN_FEED);
  return (event) =>
    tests.every((holds) => holds(event)) &&
    ((named && event.feed === OWN_FEED) || about.every((holds) => holds(event)));
}

/** The console's ids are 64-bit numbers made of the time: a name does not look like that by chance. */
const LONG_ID = /^\d{15,20}$/;

function scopeTests({ accounts, sites, groups }: Match): Test[] {
  const tests: Test[] = [];
  const add = (patterns: readonly string[], scopeOf: (event: Routable) => Scope): void => {
    if (patterns.length === 0) return;
    const isId = anyOf(patterns);
    // A site that is named like the id of another one must not get its records.
    const isName = anyOf(patterns.filter((pattern) => !LONG_ID.test(pattern)));
    tests.push((event) => {
      const { id, name } = scopeOf(event);
      return (id !== undefined && isId(id)) || (name !== undefined && isName(name));
    });
  };
  add(accounts, ({ account }) => account);
  add(sites, ({ site }) => site);
  add(groups, ({ group }) => group);
  return tests;
}

/** Exact texts, and patterns with `*` for any text and `?` for one character. Case matters: two sites may differ in it. */
function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns);
  const globs = patterns.filter((pattern) => /[*?]/.test(pattern)).map(globExpression);
  return (text) => exact.has(text) || globs.some((glob) => glob.test(text));
}

function globExpression(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "su");
}

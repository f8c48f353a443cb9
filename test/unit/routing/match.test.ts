import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CefSeverity } from "../../../src/event/severity.ts";
import {
  type Match,
  type Routable,
  type Route,
  createRouter,
  createSiteRouter,
  isRoutedAlike,
} from "../../../src/routing/match.ts";

const NOTHING: Match = { consoles: [], accounts: [], sites: [], groups: [], feeds: [], types: [], minSeverity: 0 };

function event(own: Partial<Routable> = {}): Routable {
  return {
    console: "acme",
    feed: "activities",
    type: "27",
    severity: 3,
    account: { id: "225494730938493000", name: "Acme" },
    site: { id: "225494730938493804", name: "Berlin" },
    group: { id: "225494730938493900", name: "Default Group" },
    ...own,
  };
}

function route(collector: string, match: Partial<Match> = {}, takesRest = false): Route {
  return { collector, match: { ...NOTHING, ...match }, takesRest };
}

describe("which collectors an event goes to", () => {
  it.each<[string, Partial<Match>, boolean]>([
    ["without criteria", {}, true],
    ["by the console's name", { consoles: ["acme"] }, true],
    ["not another console", { consoles: ["other"] }, false],
    ["by a site's name", { sites: ["Berlin"] }, true],
    ["by a site's id", { sites: ["225494730938493804"] }, true],
    ["a name in other letters is another site", { sites: ["berlin"] }, false],
    ["by a pattern", { sites: ["Ber*"] }, true],
    ["a pattern is for the whole name", { sites: ["er*"] }, false],
    ["a question mark is one character", { sites: ["B?rlin"] }, true],
    ["a point in a pattern is a point", { sites: ["B.rl*"] }, false],
    ["by account", { accounts: ["Acme"] }, true],
    ["by group", { groups: ["Default*"] }, true],
    ["by feed", { feeds: ["threats", "activities"] }, true],
    ["by type", { types: ["19", "27"] }, true],
    ["by severity", { minSeverity: 3 }, true],
    ["below the severity", { minSeverity: 4 }, false],
    ["every list has to hold", { sites: ["Berlin"], feeds: ["threats"] }, false],
  ])("%s", (_, match, goes) => {
    const router = createRouter([route("one", match)]);
    expect(router(event())).toEqual(goes ? ["one"] : []);
  });

  it("what has no site is not of a site", () => {
    const router = createRouter([route("one", { sites: ["*"] })]);
    expect(router(event({ site: { id: undefined, name: undefined } }))).toEqual([]);
  });

  it("a site that is named like the id of another does not get its records", () => {
    const router = createRouter([route("one", { sites: ["225494730938493804"] })]);
    expect(router(event({ site: { id: "1", name: "225494730938493804" } }))).toEqual([]);
  });

  it("the default collector takes what no other one matched", () => {
    const router = createRouter([route("berlin", { sites: ["Berlin"] }), route("rest", {}, true)]);
    expect(router(event())).toEqual(["berlin"]);
    expect(router(event({ site: { id: "1", name: "Paris" } }))).toEqual(["rest"]);
  });

  it("a default collector alone takes everything", () => {
    expect(createRouter([route("rest", {}, true)])(event())).toEqual(["rest"]);
  });

  it("a default collector with criteria takes what it matches and the rest", () => {
    const router = createRouter([
      route("berlin", { sites: ["Berlin"] }),
      route("rest", { feeds: ["activities"] }, true),
    ]);
    expect(router(event())).toEqual(["berlin", "rest"]);
    expect(router(event({ feed: "threats" }))).toEqual(["berlin"]);
    expect(router(event({ feed: "threats", site: { id: "1", name: "Paris" } }))).toEqual(["rest"]);
  });

  it("the bridge's own events go to whoever asks for them, and to no site's collector that does not", () => {
    const own = event({ feed: "bridge", type: "bridge.heartbeat", severity: 1, site: NO_SCOPE, account: NO_SCOPE });
    const router = createRouter([
      route("site", { sites: ["Berlin"] }),
      route("asks", { sites: ["Berlin"], feeds: ["activities", "bridge"], minSeverity: 5 }),
      route("other console", { consoles: ["other"], feeds: ["bridge"] }),
      route("all", { consoles: ["acme"] }),
    ]);
    expect(router(own)).toEqual(["asks", "all"]);
  });

  it("knows when nobody has to ask", () => {
    expect(isRoutedAlike([route("a"), route("b")])).toBe(true);
    expect(isRoutedAlike([route("a", {}, true)])).toBe(true);
    expect(isRoutedAlike([route("a"), route("b", {}, true)])).toBe(false);
    expect(isRoutedAlike([route("a", { minSeverity: 1 })])).toBe(false);
  });
});

const NO_SCOPE = { id: undefined, name: undefined };

describe("tenants", () => {
  const word = fc.constantFrom("a", "b", "c", "ab", "*", "a*");
  const plain = fc.constantFrom("a", "b", "c", "ab");
  const list = fc.array(word, { maxLength: 2 });
  const scope = fc.record({ id: fc.option(plain, { nil: undefined }), name: fc.option(plain, { nil: undefined }) });
  const routable = fc.record({
    console: plain,
    feed: fc.constantFrom("activities", "threats", "agents"),
    type: plain,
    severity: fc.integer({ min: 0, max: 10 }) as fc.Arbitrary<CefSeverity>,
    account: scope,
    site: scope,
    group: scope,
  });
  const match = fc.record({
    consoles: list,
    accounts: list,
    sites: list,
    groups: list,
    feeds: fc.subarray(["activities", "threats"]),
    types: list,
    minSeverity: fc.integer({ min: 0, max: 10 }),
  });

  it("no record ever reaches a collector that it does not match", () => {
    const routes = fc.array(fc.record({ match, takesRest: fc.boolean() }), { maxLength: 5 });
    fc.assert(
      fc.property(routes, routable, (entries, given) => {
        const all = entries.map((entry, at) => ({ collector: String(at), ...entry }));
        const reached = createRouter(all)(given);
        const expected = all.filter((entry) => holds(entry.match, given)).map(({ collector }) => collector);
        const own = expected.filter((collector) => {
          const entry = all[Number(collector)];
          return entry !== undefined && !(entry.takesRest && isBlank(entry.match));
        });
        const rest = all.filter(({ takesRest }) => takesRest).map(({ collector }) => collector);
        expect(reached).toEqual(own.length > 0 ? own : rest);
      }),
      { numRuns: 2000 },
    );
  });

  /** The oracle: the rule of the documentation, letter by letter. */
  function holds(criteria: Match, given: Routable): boolean {
    const among = (patterns: readonly string[], ...texts: readonly (string | undefined)[]): boolean =>
      patterns.length === 0 ||
      patterns.some((pattern) => texts.some((text) => text !== undefined && like(pattern, text)));
    return (
      among(criteria.consoles, given.console) &&
      among(criteria.feeds, given.feed) &&
      among(criteria.types, given.type) &&
      among(criteria.accounts, given.account.id, given.account.name) &&
      among(criteria.sites, given.site.id, given.site.name) &&
      among(criteria.groups, given.group.id, given.group.name) &&
      given.severity >= criteria.minSeverity
    );
  }

  function like(pattern: string, text: string): boolean {
    if (pattern === "") return text === "";
    if (pattern.startsWith("*"))
      return [...Array(text.length + 1).keys()].some((at) => like(pattern.slice(1), text.slice(at)));
    return text !== "" && pattern[0] === text[0] && like(pattern.slice(1), text.slice(1));
  }

  function isBlank({ minSeverity, ...lists }: Match): boolean {
    return minSeverity === 0 && Object.values(lists).every((entries) => entries.length === 0);
  }
});

describe("where a site goes", () => {
  const site = { console: "acme", site: { id: "1", name: "Berlin" }, account: { id: "2", name: "Acme" } };

  it.each<[string, readonly Route[], readonly object[]]>([
    ["all of it", [route("a")], [{ name: "a", gets: "all" }]],
    ["in part", [route("a", { sites: ["Berlin"], minSeverity: 5 })], [{ name: "a", gets: "some" }]],
    [
      "in part, and the rest elsewhere",
      [route("a", { sites: ["Berlin"], feeds: ["threats"] }), route("b", {}, true)],
      [
        { name: "a", gets: "some" },
        { name: "b", gets: "rest" },
      ],
    ],
    ["to the default one", [route("a", { sites: ["Paris"] }), route("b", {}, true)], [{ name: "b", gets: "all" }]],
    ["nothing is left for the default one", [route("a"), route("b", {}, true)], [{ name: "a", gets: "all" }]],
    ["nowhere", [route("a", { sites: ["Paris"] })], []],
  ])("%s", (_, routes, expected) => {
    expect(createSiteRouter(routes)(site)).toEqual(expected);
  });
});

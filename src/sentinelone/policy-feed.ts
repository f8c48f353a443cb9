import type { Checkpoint, DeadLetter, FeedKey, Page, PageRecord } from "../bridge/ports.ts";
import type { JsonRecord, SecurityEvent } from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import type { ListSource, RecordSource } from "../feeds/definition.ts";
import { accounts } from "../feeds/accounts.ts";
import { groups } from "../feeds/groups.ts";
import { sites } from "../feeds/sites.ts";
import type { ConsoleClient } from "./client.ts";
import { FeedForbiddenError, FeedMissingError } from "./errors.ts";
import type { ConsoleFeed, FeedOptions } from "./feed.ts";
import { ListFeed, Walk } from "./list-feed.ts";
import { readObject } from "./page.ts";
import { begin, emptyPage, seenSince, toEvent } from "./poll.ts";
import { idOf, isDeadLetter, readElement, withMembers } from "./records.ts";

/** The levels at which a policy is set, from the top, and the list of their scopes. */
const LEVELS = [
  { level: "account", path: "accounts", source: listOf(accounts.source) },
  { level: "site", path: "sites", source: listOf(sites.source) },
  { level: "group", path: "groups", source: listOf(groups.source) },
] as const;

/** A scope that is renamed has the policy that it had: otherwise an account's new name would be a change of all that is in it. */
const POLICY: RecordSource = { path: "policy", volatile: ["scopeName", "groupName", "siteName", "accountName"] };

interface PolicyWalk {
  readonly walk: Walk;
  level: number;
  scopes: ListFeed;
  /** Scopes that were listed and whose policy has not been asked for. */
  readonly waiting: JsonRecord[];
  isListed: boolean;
  /** Scopes whose policy the token may not see, and the last answer that said so. */
  refused: FeedForbiddenError | undefined;
  read: number;
}

/** Policies to a page: each is a request of its own. */
const PAGE_POLICIES = 50;

/**
 * Reads the policy of each account, site and group: the console has no list of them. A policy does not tell its scope, so
 * that is added. What has changed is told by content, as in a `ListFeed`.
 */
export class PolicyFeed implements ConsoleFeed {
  readonly key: FeedKey;
  readonly #client: ConsoleClient;
  readonly #options: FeedOptions;
  #walk: PolicyWalk | undefined;

  constructor(client: ConsoleClient, options: FeedOptions) {
    this.key = { console: options.console, feed: "policies" };
    this.#client = client;
    this.#options = options;
  }

  async readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    const known = checkpoint ?? begin(this.#options.start, now);
    const walk = (this.#walk ??= this.#begin(now));
    if (walk.waiting.length === 0 && !walk.isListed) await this.#list(walk, now, signal);
    const { records, deadLetters } = await this.#readPolicies(walk, PAGE_POLICIES, signal);
    const hasMore = walk.waiting.length > 0 || !walk.isListed || this.#nextLevel(walk);
    if (!hasMore) {
      this.#walk = undefined;
      if (walk.refused !== undefined && walk.read === 0) throw walk.refused;
      records.push(walk.walk.mark(this.key.feed, this.#options.snapshot));
    }
    return {
      ...emptyPage(known, consoleVersion),
      records,
      deadLetters,
      hasMore,
      list: hasMore ? "part" : "end",
      checkpoint: hasMore ? known : { time: Math.max(known.time, walk.walk.startedAt) as Micros, floor: known.floor },
      seenSince: seenSince(known, this.#options),
    };
  }

  async readNewest(limit: number, signal: AbortSignal): Promise<SecurityEvent[]> {
    const consoleVersion = await this.#client.version(signal);
    const now = this.#client.clock.now() ?? ((Date.now() * 1000) as Micros);
    const walk = this.#begin(now);
    const found: PageRecord[] = [];
    do {
      if (walk.waiting.length === 0 && !walk.isListed) await this.#list(walk, now, signal);
      found.push(...(await this.#readPolicies(walk, limit - found.length, signal)).records);
    } while (found.length < limit && (walk.waiting.length > 0 || !walk.isListed || this.#nextLevel(walk)));
    return found.map((record) => toEvent(this.key, consoleVersion, record));
  }

  #begin(now: Micros): PolicyWalk {
    return {
      walk: new Walk(now, now),
      level: 0,
      scopes: this.#scopesOf(0),
      waiting: [],
      isListed: false,
      refused: undefined,
      read: 0,
    };
  }

  #scopesOf(level: number): ListFeed {
    const source = LEVELS[level]?.source ?? LEVELS[0].source;
    return new ListFeed("policies", source, this.#client, { ...this.#options, snapshot: true });
  }

  #nextLevel(walk: PolicyWalk): boolean {
    if (walk.level + 1 >= LEVELS.length) return false;
    walk.level += 1;
    walk.scopes = this.#scopesOf(walk.level);
    walk.isListed = false;
    return true;
  }

  /** The next page of the level's scopes. A level that the token may not list has none. */
  async #list(walk: PolicyWalk, now: Micros, signal: AbortSignal): Promise<void> {
    try {
      const page = await walk.scopes.readPage({ time: now, floor: now }, signal);
      walk.isListed = !page.hasMore;
      for (const { kind, text } of page.records) {
        if (kind !== "mark") walk.waiting.push(JSON.parse(String(text)) as JsonRecord);
      }
    } catch (error) {
      if (!(error instanceof FeedForbiddenError)) throw error;
      walk.refused = error;
      walk.isListed = true;
    }
  }

  async #readPolicies(
    walk: PolicyWalk,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ records: PageRecord[]; deadLetters: DeadLetter[] }> {
    const records: PageRecord[] = [];
    const deadLetters: DeadLetter[] = [];
    for (const scope of walk.waiting.slice(0, limit)) {
      const element = await this.#readPolicy(walk, scope, signal);
      if (element === undefined) continue;
      const read = readElement(element, POLICY);
      if (isDeadLetter(read)) {
        deadLetters.push(read);
        continue;
      }
      const { level } = LEVELS[walk.level] ?? LEVELS[0];
      const whole = withMembers(read.value, read.text, placeOf(level, scope));
      // The ids of accounts, sites and groups are all different.
      const id = idOf(scope["id"]) ?? read.id;
      records.push(walk.walk.add({ id, ...whole }, POLICY, this.#options.snapshot));
    }
    walk.waiting.splice(0, limit);
    return { records, deadLetters };
  }

  /** Undefined where there is none, or none for this token. */
  async #readPolicy(walk: PolicyWalk, scope: JsonRecord, signal: AbortSignal) {
    const path = `${LEVELS[walk.level]?.path ?? ""}/${encodeURIComponent(idOf(scope["id"]) ?? "")}/policy`;
    try {
      const { body } = await this.#client.get(path, {}, signal);
      const element = body.read((json) => readObject(json, path));
      walk.read += 1;
      return element;
    } catch (error) {
      if (error instanceof FeedForbiddenError) walk.refused = error;
      else if (!(error instanceof FeedMissingError)) throw error;
      return undefined;
    }
  }
}

/** What a policy lacks: the scope that it is set for, and in which that stands. */
function placeOf(level: "account" | "site" | "group", scope: JsonRecord): JsonRecord {
  const { id = null, name = null } = scope;
  const place = { scopeLevel: level, scopeId: id, scopeName: name };
  switch (level) {
    case "account":
      return { ...place, accountId: id, accountName: name };
    case "site":
      return {
        ...place,
        siteId: id,
        siteName: name,
        accountId: scope["accountId"] ?? null,
        accountName: scope["accountName"] ?? null,
      };
    case "group":
      return { ...place, groupId: id, groupName: name, siteId: scope["siteId"] ?? null };
  }
}

function listOf(source: (typeof accounts)["source"]): ListSource {
  if (source.read === "list") return source;
  if (source.read === "window") return { ...source, read: "list" };
  throw new Error("a scope's policies are found by a list of the scopes");
}

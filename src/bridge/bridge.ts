import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CollectorConfig, Config, ConsoleConfig } from "../config/schema.ts";
import { toMs } from "../event/time.ts";
import type { Backoff } from "../lib/backoff.ts";
import { BridgeError } from "../lib/errors.ts";
import { isRoutedAlike } from "../routing/match.ts";
import { readActivityTypes } from "../sentinelone/activity-types.ts";
import { RequestLimits } from "../sentinelone/request-limits.ts";
import type { ThreadedSpool } from "../spool/spool.ts";
import type { Forgotten } from "../spool/places.ts";
import {
  type AssembledFeed,
  assembleCollector,
  assembleConsole,
  assembleLedger,
  assembleRoutes,
  assembleSpoolCollectors,
  openSpool,
} from "./assemble.ts";
import { type AuditLine, type AuditOrder, audit } from "./audit.ts";
import { type BackfillLine, backfill } from "./backfill.ts";
import { type DeliveryFault, delivery } from "./delivery.ts";
import { type FeedFault, intake } from "./intake.ts";
import { Pace } from "./pace.ts";
import { type Part, Parts } from "./parts.ts";
import { learnTypes } from "./learn-types.ts";
import type { FeedKey, JobOrder, StopSignals, Surroundings, TypeName } from "./ports.ts";
import type { Half } from "./run.ts";
import { cron, every } from "./schedule.ts";
import { USUAL_LIMITS } from "./window-size.ts";

const BACKOFF: Backoff = { firstMs: 500, maxMs: 60_000 };
const COLLECTOR_BACKOFF: Backoff = { firstMs: 200, maxMs: 15_000 };

export interface Observer extends Surroundings {
  feedFault(fault: FeedFault): void;
  deliveryFault(fault: DeliveryFault): void;
}

/** What a console tells beside its feeds. */
export interface ConsoleFacts {
  readonly console: string;
  /** How far the console's clock is ahead of ours. */
  readonly skewMs: number;
  /** When the API token expires, in milliseconds; undefined while that is not known. */
  readonly tokenExpiresMs: number | undefined;
}

/** What a reload has changed: names such as `console acme` and `collector sentinel`. */
export interface Reloaded {
  readonly started: readonly string[];
  readonly ended: readonly string[];
  readonly forgotten: readonly Forgotten[];
}

interface BridgeDeps {
  readonly userAgent: string;
  readonly stop: StopSignals;
  readonly observer: Observer;
  /** False: nothing is polled, for a command that only empties the spool. */
  readonly polls?: boolean;
}

/** A part as the configuration wants it. */
interface PartPlan {
  readonly name: string;
  readonly fingerprint: string;
  /** Makes its adapters, which may throw; what it gives makes the part, once its place in the spool is there. */
  readonly prepare: () => () => Promise<Omit<Part, "fingerprint">>;
}

/** The whole: its spool, and the parts that fill and empty it. */
export class Bridge {
  readonly spool: ThreadedSpool;
  readonly #deps: BridgeDeps;
  readonly #parts: Parts;
  readonly #limits = new RequestLimits();
  readonly #consoles = new Map<string, ReturnType<typeof assembleConsole>>();
  #config: Config;

  /** Opens the spool; nothing runs before the reports are subscribed to. */
  static async open(config: Config, deps: BridgeDeps): Promise<Bridge> {
    const prepare = (bridge: Bridge): readonly PreparedPart[] => bridge.#plan(config).map(prepared);
    const bridge = new Bridge(config, deps, await openSpool(config));
    try {
      for (const { name, fingerprint, make } of prepare(bridge)) {
        bridge.#parts.start(name, { fingerprint, ...(await make()) });
      }
      return bridge;
    } catch (error) {
      await bridge.close();
      throw error;
    }
  }

  private constructor(config: Config, deps: BridgeDeps, spool: ThreadedSpool) {
    this.#config = config;
    this.#deps = deps;
    this.#parts = new Parts(deps.stop);
    this.spool = spool;
  }

  /** What is done and what goes wrong, until the stop. To be subscribed to once. */
  get reports(): Half {
    return this.#parts.reports as Half;
  }

  get feeds(): readonly FeedKey[] {
    return [...this.#consoles.values()].flatMap(({ feeds }) => feeds.map(({ feed }) => feed.key));
  }

  get #feeds(): readonly AssembledFeed[] {
    return [...this.#consoles.values()].flatMap(({ feeds }) => feeds);
  }

  get #pace(): Pace {
    return new Pace(this.spool, { maxBytes: this.#config.spool.max_size });
  }

  get collectors(): readonly string[] {
    return this.#config.collectors.map(({ name }) => name);
  }

  /** Each console beside its feeds, as it is at the moment of asking. */
  get consoles(): readonly ConsoleFacts[] {
    return [...this.#consoles].map(([console, { client }]) => ({
      console,
      skewMs: client.clock.skewMs,
      tokenExpiresMs: client.tokenExpiresAt === undefined ? undefined : toMs(client.tokenExpiresAt),
    }));
  }

  /** How far a console's clock is ahead of ours; 0 when that is not known. */
  skewMsOf(console: string): number {
    return this.#consoles.get(console)?.client.clock.skewMs ?? 0;
  }

  /** Compares what the consoles show with what was confirmed, and sends what is missing if that is asked for. */
  audit(order: AuditOrder, signal: AbortSignal): AsyncGenerator<AuditLine> {
    const feeds = this.#feeds.map(({ feed, config: { every: everyMs } }) => ({ feed, everyMs }));
    const ledger = assembleLedger(this.#config, order.collector);
    return audit({ feeds, ledger, repairs: { spool: this.spool, pace: this.#pace } }, order, signal);
  }

  /** Forwards a stretch of a feed's past. */
  async *backfill(order: JobOrder, signal: AbortSignal): AsyncGenerator<BackfillLine> {
    const found = this.#feeds.find(({ feed: { key } }) => key.console === order.console && key.feed === order.feed);
    const feed = await found?.feed.auditable?.(signal);
    if (feed === undefined)
      throw new NoPastError(`${order.console}/${order.feed}: the console has no past of this feed to read`);
    if (order.collector !== undefined && !this.collectors.includes(order.collector))
      throw new NoPastError(`no collector is named ${order.collector}`);
    yield* backfill({ feed, spool: this.spool, pace: this.#pace }, order, signal);
  }

  /**
   * Takes over the consoles, collectors and routes of another configuration. What is the same in both goes on; what is
   * changed or gone finishes its window first. Rejects with nothing changed when a new part can not be made or its place
   * in the spool not be stored. Should the spool fail after that, the whole ends with its error. One reload at a time.
   */
  async reload(config: Config): Promise<Reloaded> {
    const plans = this.#plan(config);
    const changed = plans.filter(({ name, fingerprint }) => this.#parts.fingerprint(name) !== fingerprint);
    const begin = changed.map(prepared);
    const staying = new Set(plans.filter((plan) => !changed.includes(plan)).map(({ name }) => name));
    const ended = this.#parts.names.filter((name) => !staying.has(name));
    await this.spool.configure(spoolOfBoth(this.#config.collectors, config.collectors));
    try {
      await Promise.all(ended.map((name) => this.#parts.end(name)));
      const forgotten = await this.spool.configure(assembleSpoolCollectors(config.collectors));
      this.#config = config;
      for (const { name, fingerprint, make } of begin) this.#parts.start(name, { fingerprint, ...(await make()) });
      return { started: changed.map(({ name }) => name), ended, forgotten };
    } catch (error) {
      this.#parts.fail(error);
      throw error;
    }
  }

  /** Lets go of everything; after the reports have ended. */
  async close(): Promise<void> {
    await this.#parts.close();
    await this.spool.close();
  }

  #plan({ consoles, collectors }: Config): readonly PartPlan[] {
    const routes = assembleRoutes(collectors);
    // A changed route is one of all collectors: what one gets may depend on what no other does.
    const shared = isRoutedAlike(routes) ? [] : routes;
    return [
      ...consoles.map((entry) => this.#planConsole(entry)),
      ...collectors.map((entry) => this.#planCollector(entry, shared)),
    ];
  }

  #planConsole(entry: ConsoleConfig): PartPlan {
    const { name } = entry;
    return {
      name: `console ${name}`,
      fingerprint: fingerprintOf(entry, entry.ca_file),
      prepare: () => {
        const assembled = assembleConsole(entry, this.#deps.userAgent, this.#limits, this.#deps.observer);
        return () =>
          Promise.resolve({
            start: (stop) => {
              this.#consoles.set(name, assembled);
              if (this.#deps.polls === false) return [];
              return [
                ...this.#learnTypes(name, assembled, stop),
                ...assembled.feeds.map((feed) => this.#intake(feed, stop)),
              ];
            },
            close: async () => {
              this.#consoles.delete(name);
              await assembled.client.close();
            },
          });
      },
    };
  }

  #learnTypes(console: string, { client, feeds }: ReturnType<typeof assembleConsole>, stop: StopSignals): Half[] {
    if (!feeds.some(({ feed }) => feed.key.feed === "activities")) return [];
    const read = (signal: AbortSignal): Promise<readonly TypeName[]> => readActivityTypes(client, signal);
    return [learnTypes(read, (names) => this.spool.learnTypes(console, names), stop.soft)];
  }

  #planCollector(entry: CollectorConfig, shared: unknown): PartPlan {
    const { name, tls } = entry;
    const { observer } = this.#deps;
    return {
      name: `collector ${name}`,
      fingerprint: fingerprintOf([entry, shared], tls?.ca_file, tls?.cert_file, tls?.key_file),
      prepare: () => {
        const collector = assembleCollector(entry, observer);
        return async () => {
          const reader = await this.spool.reader(name);
          const onFault = (fault: DeliveryFault): void => observer.deliveryFault(fault);
          const options = { collector: name, limits: USUAL_LIMITS, backoff: COLLECTOR_BACKOFF, onFault };
          return {
            start: (stop) => [delivery({ reader, collector }, { ...options, stop })],
            close: () => collector.close(),
          };
        };
      },
    };
  }

  #intake({ feed, config: { cron: expression, every: everyMs } }: AssembledFeed, stop: StopSignals): Half {
    return intake(
      { feed, spool: this.spool },
      {
        schedule: expression === undefined ? every(everyMs ?? 0) : cron(expression),
        backoff: BACKOFF,
        stop: stop.soft,
        onFault: (fault) => this.#deps.observer.feedFault(fault),
      },
    );
  }
}

/** The feed is read as a whole: there is no time to ask by. */
export class NoPastError extends BridgeError {
  readonly code = "BRIDGE_FEED_NO_PAST";
  readonly retryable = false;
}

interface PreparedPart extends Pick<PartPlan, "name" | "fingerprint"> {
  readonly make: ReturnType<PartPlan["prepare"]>;
}

function prepared({ name, fingerprint: print, prepare }: PartPlan): PreparedPart {
  return { name, fingerprint: print, make: prepare() };
}

/** The collectors of now as they are, and places for those to come, who get nothing yet. */
function spoolOfBoth(
  now: readonly CollectorConfig[],
  next: readonly CollectorConfig[],
): ReturnType<typeof assembleSpoolCollectors> {
  const { collectors, router } = assembleSpoolCollectors(now);
  return { collectors: { ...assembleSpoolCollectors(next).collectors, ...collectors }, router };
}

/** A certificate that was renewed under its old name is a change, too. */
function fingerprintOf(entry: unknown, ...files: readonly (string | undefined)[]): string {
  const hash = createHash("sha256").update(JSON.stringify(entry));
  for (const file of files) if (file !== undefined) hash.update(readFileSync(file));
  return hash.digest("hex");
}

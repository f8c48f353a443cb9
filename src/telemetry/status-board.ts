import type { ConsoleFacts } from "../bridge/bridge.ts";
import type { DeliveryFault, WindowReport } from "../bridge/delivery.ts";
import type { FeedFault, PageReport } from "../bridge/intake.ts";
import type { FeedKey, SpoolSurvey, Unrouted } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { codeOf } from "./codes.ts";
import { type CollectorNotes, collectorNotes, collectorStatus } from "./collector-notes.ts";
import { type FeedNotes, feedNotes, feedStatus } from "./feed-notes.ts";
import { Incidents } from "./incidents.ts";
import { reasonsOf } from "./readiness.ts";
import { consoleStatus, iso, spoolStatus } from "./status-parts.ts";
import type { StandstillLimits } from "./standstill.ts";
import type { BridgeStatus, FaultStatus, RefusedConfiguration, UnroutedStatus } from "./status.ts";

/** Sites without a collector that are counted by name: names come from the records. */
const MAX_UNROUTED = 1000;

const SHOWN_UNROUTED = 100;

const OTHERS = "others";

/** Where the board looks when it is asked. */
export interface StatusSources {
  readonly survey: () => Promise<SpoolSurvey>;
  readonly isFull: () => boolean;
  /** What the spool's file system has left. */
  readonly diskFree?: () => number | undefined;
  /** The position of the next event. */
  readonly end: () => number;
  readonly consoles: () => readonly ConsoleFacts[];
  readonly refused?: (() => RefusedConfiguration | undefined) | undefined;
}

/** What is watched. */
export interface Watched {
  readonly feeds: readonly FeedKey[];
  readonly collectors: readonly string[];
}

export interface StatusOptions extends Watched {
  readonly version: string;
  readonly maxSpoolBytes: number;
  readonly minFreeBytes?: number;
  /** Within which time a poll of a feed is due. */
  readonly dueMs?: StandstillLimits["dueMs"] | undefined;
  readonly now?: () => number;
}

/** Notes what the reports and faults tell, and makes the status of it. Bounded: some numbers for each feed and collector. */
export class StatusBoard {
  readonly #options: StatusOptions;
  readonly #sources: StatusSources;
  #feeds: ReadonlyMap<string, FeedNotes> = new Map();
  #collectors: ReadonlyMap<string, CollectorNotes> = new Map();
  /** The build of each console, as it was told last. */
  readonly #versions = new Map<string, string>();
  readonly #unrouted = new Map<string, UnroutedStatus>();
  readonly #incidents = new Incidents();
  readonly #startedMs: number;

  constructor(options: StatusOptions, sources: StatusSources) {
    this.#options = options;
    this.#sources = sources;
    this.#startedMs = this.#now();
    this.watch(options);
  }

  /** Other feeds and collectors from now on; what is noted of those that stay is kept. */
  watch({ feeds, collectors }: Watched): void {
    const end = this.#sources.end();
    const [known, knownCollectors] = [this.#feeds, this.#collectors];
    this.#feeds = new Map(feeds.map((key) => [nameOf(key), known.get(nameOf(key)) ?? feedNotes(key, end)]));
    this.#collectors = new Map(
      collectors.map((collector) => [collector, knownCollectors.get(collector) ?? collectorNotes(collector)]),
    );
    for (const { confirmed } of this.#feeds.values())
      for (const collector of confirmed.keys()) if (!this.#collectors.has(collector)) confirmed.delete(collector);
    this.#incidents.watch((kind, about) => (kind === "feed" ? this.#feeds : this.#collectors).has(about), this.#now());
  }

  page({ key, added, duplicates, deadLetters, late, reached, consoleVersion }: PageReport): void {
    const notes = this.#feeds.get(nameOf(key));
    if (notes === undefined) return;
    const now = this.#now();
    notes.lastPageMs = now;
    notes.reached = reached;
    notes.spooled += added;
    notes.duplicates += duplicates;
    notes.deadLetters += deadLetters;
    notes.late += late.count;
    if (late.count > 0) notes.latestMs = Math.max(notes.latestMs ?? 0, late.maxBehindMs);
    if (consoleVersion !== undefined) this.#versions.set(key.console, consoleVersion);
    notes.rate.add(added, now);
    if (added > 0) notes.end = this.#sources.end();
    if (notes.fault !== undefined) this.#incidents.over("feed", nameOf(key), now);
    notes.fault = undefined;
  }

  window({ collector, events, end, batches, unrouted }: WindowReport): void {
    this.#countUnrouted(unrouted);
    const notes = this.#collectors.get(collector);
    if (notes === undefined) return;
    const now = this.#now();
    notes.lastConfirmMs = now;
    notes.confirmed += events;
    notes.position = end;
    notes.inDoubt = 0;
    notes.rate.add(events, now);
    if (notes.fault !== undefined) this.#incidents.over("collector", collector, now);
    notes.fault = undefined;
    for (const { origin, newest } of batches) {
      if (origin !== undefined && newest !== undefined)
        this.#feeds.get(nameOf(origin))?.confirmed.set(collector, newest);
    }
  }

  #countUnrouted(unrouted: Unrouted): void {
    for (const [belongsTo, more] of Object.entries(unrouted)) {
      const known = this.#unrouted.get(belongsTo);
      const name = known !== undefined || this.#unrouted.size < MAX_UNROUTED ? belongsTo : OTHERS;
      const events = (this.#unrouted.get(name)?.events ?? 0) + more;
      this.#unrouted.set(name, { belongsTo: name, events, lastAt: iso(this.#now()) });
    }
  }

  feedFault(fault: FeedFault): void {
    const notes = this.#feeds.get(nameOf(fault.key));
    if (notes === undefined) return;
    notes.fault = this.#fault(fault, notes.fault);
    this.#incidents.fault({ kind: "feed", about: nameOf(fault.key), ...notes.fault }, this.#now());
  }

  deliveryFault(fault: DeliveryFault): void {
    const notes = this.#collectors.get(fault.collector);
    if (notes === undefined) return;
    notes.fault = this.#fault(fault, notes.fault);
    this.#incidents.fault({ kind: "collector", about: fault.collector, ...notes.fault }, this.#now());
    notes.inDoubt = fault.inDoubt;
    notes.inDoubtTotal += fault.inDoubt;
  }

  async snapshot(): Promise<BridgeStatus> {
    const survey = await this.#sources.survey();
    const nowMs = this.#now();
    const consoles = this.#sources
      .consoles()
      .map((facts) => consoleStatus(facts, this.#versions.get(facts.console), nowMs));
    const status = {
      source: "daemon",
      at: iso(nowMs),
      version: this.#options.version,
      pid: process.pid,
      startedAt: iso(this.#startedMs),
      consoles,
      feeds: [...this.#feeds.values()].map((notes) => feedStatus(notes, { survey, consoles, nowMs })),
      collectors: [...this.#collectors.values()].map((notes) => collectorStatus(notes, survey, nowMs)),
      spool: {
        ...spoolStatus(survey, this.#options.maxSpoolBytes, this.#sources.isFull(), nowMs),
        diskFreeBytes: this.#sources.diskFree?.() ?? null,
        minFreeBytes: this.#options.minFreeBytes ?? null,
      },
      unrouted: [...this.#unrouted.values()].sort((a, b) => b.events - a.events).slice(0, SHOWN_UNROUTED),
      refused: this.#sources.refused?.() ?? null,
      incidents: this.#incidents.list(),
    } as const;
    const reasons = reasonsOf(status, nowMs, this.#options.dueMs);
    return { ...status, ready: reasons.length === 0, reasons };
  }

  #fault({ error, attempt, retryInMs }: FeedFault | DeliveryFault, before: FaultStatus | undefined): FaultStatus {
    const at = iso(this.#now());
    return {
      code: codeOf(error),
      message: describeError(error),
      since: before?.since ?? at,
      at,
      attempt,
      retryAt: iso(this.#now() + retryInMs),
    };
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function nameOf({ console, feed }: FeedKey): string {
  return `${console}/${feed}`;
}

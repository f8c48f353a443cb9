import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merge } from "rxjs";
import { delivery } from "../../../src/bridge/delivery.ts";
import { intake } from "../../../src/bridge/intake.ts";
import type { Collector, Frames, SpoolReader } from "../../../src/bridge/ports.ts";
import { every } from "../../../src/bridge/schedule.ts";
import { CollectorBrokenError, CollectorUnreachableError } from "../../../src/collector/errors.ts";
import { answerApi } from "../../../src/demo/console/api.ts";
import type { Fault } from "../../../src/demo/console/faults.ts";
import { RecordStore } from "../../../src/demo/console/record-store.ts";
import { RESOURCES } from "../../../src/demo/console/resources.ts";
import { Tokens } from "../../../src/demo/console/tokens.ts";
import { formatTime, microsFromMs } from "../../../src/event/time.ts";
import { AnswerBody } from "../../../src/sentinelone/answer-body.ts";
import { type Answer, errorOf } from "../../../src/sentinelone/answer.ts";
import type { ApiRequest, ConsoleClient, Query } from "../../../src/sentinelone/client.ts";
import { ConsoleClock } from "../../../src/sentinelone/clock.ts";
import { FEEDS } from "../../../src/feeds/index.ts";
import { createFeed } from "../../../src/sentinelone/create-feed.ts";
import { ThreadedSpool } from "../../../src/spool/spool.ts";
import { jsonCollectors } from "../../support/json-renderer.ts";
import { abandonThreads } from "./local-thread.ts";

/** What the console does with one request. */
export type ConsoleFault = "429" | "500" | "503" | "401" | "torn" | "repeat" | "slow";

/** What the collector does with one window, after so many chunks of it. */
export interface CollectorFault {
  readonly kind: "reset" | "stall" | "blackhole" | "refused" | "never confirmed";
  readonly afterChunks: number;
}

export interface ModelEvent {
  readonly atMs: number;
  readonly lateMs: number;
}

/** A change of a threat, by the number of the threat. */
export interface ModelChange {
  readonly threat: number;
  readonly atMs: number;
}

export interface Scenario {
  readonly events: readonly ModelEvent[];
  readonly threats: number;
  readonly changes: readonly ModelChange[];
  /** By request: undefined is a good answer. */
  readonly console: readonly (ConsoleFault | undefined)[];
  /** By window. */
  readonly collector: readonly (CollectorFault | undefined)[];
  readonly crashesMs: readonly number[];
  readonly asItGoes: boolean;
  /** Of a collector that confirms as it goes: chunks that it has been given and not looked at yet. */
  readonly underWay: number;
  /** Records on a page: short ones, so that there is more than one. */
  readonly perPage: number;
}

export const START_MS = Date.UTC(2026, 10, 22);
export const FIRST_EVENT = 1000;
export const OVERLAP_MS = 5000;
/** A disk that waits for nobody, where there is one. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const SETTLE_MS = 500;
const EVERY_MS = 1000;
const ANSWER_MS = 20;
const MOMENT_MS = 30;

/** What stands between the delivery and its ports: nothing, or a bug. */
export interface Between {
  readonly reader?: (reader: SpoolReader) => SpoolReader;
  readonly collector?: (collector: Collector) => Collector;
}

/** All that happens in a scenario, on the fake clock. */
export class ModelWorld {
  readonly collector: ModelCollector;
  readonly #between: Between;
  readonly #console: ModelConsole;
  readonly #directory = mkdtempSync(join(MEMORY, "s1bridge-model-"));
  #life: AbortController | undefined;
  /** Errors that ended a life by themselves. */
  readonly gaveUp: unknown[] = [];

  constructor(scenario: Scenario, between: Between = {}) {
    this.#between = between;
    this.#console = new ModelConsole(scenario);
    this.collector = new ModelCollector(scenario);
  }

  /** The keys that have to arrive. */
  get expected(): string[] {
    return this.#console.expected;
  }

  /** As `s1bridge run`, on what the life before has left. */
  async start(): Promise<void> {
    const life = new AbortController();
    this.#life = life;
    const spool = await ThreadedSpool.open({
      directory: this.#directory,
      maxBytes: 1 << 30,
      minFreeBytes: 0,
      whenFull: "pause",
      collectors: jsonCollectors("model"),
    });
    const stop = { soft: life.signal, hard: life.signal };
    const backoff = { firstMs: 500, maxMs: 5000 };
    const onFault = (): void => undefined;
    const client = this.#console as unknown as ConsoleClient;
    const intakes = (["activities", "threats"] as const).map((name) => {
      const feed = createFeed(FEEDS[name], client, {
        console: "model",
        start: { kind: "at", time: microsFromMs(START_MS) },
        overlapMs: OVERLAP_MS,
        settleMs: SETTLE_MS,
        includeTypes: [],
        excludeTypes: [],
        scope: {},
        snapshot: false,
        details: new Set(),
      });
      return intake({ feed, spool }, { schedule: every(EVERY_MS), backoff, stop: life.signal, onFault });
    });
    const limits = { maxEvents: 50, maxBytes: 1 << 20, minAgeMs: 50, maxAgeMs: 1000, restMs: 500, fewEvents: 5 };
    const { reader = itself, collector = itself } = this.#between;
    const out = delivery(
      { reader: reader(await spool.reader("model")), collector: collector(this.collector) },
      { collector: "model", limits, backoff, stop, onFault },
    );
    merge(...intakes, out).subscribe({ error: (error: unknown) => this.gaveUp.push(error) });
  }

  /** `kill -9`: nothing is finished, and nothing more is heard. */
  crash(): void {
    abandonThreads();
    this.#life?.abort(new Error("killed"));
  }

  change(change: ModelChange): void {
    this.#console.change(change);
  }

  remove(): void {
    this.crash();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function itself<T>(it: T): T {
  return it;
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

/** The console behind the client's face: the embedded console's own answers, without HTTP. */
class ModelConsole {
  readonly clock = new ConsoleClock();
  readonly #stores: ReadonlyMap<string, RecordStore>;
  readonly #faults: (ConsoleFault | undefined)[];
  readonly #perPage: number;
  readonly #tokens = new Tokens();
  readonly #versions = new Map<number, string>();
  readonly #eventKeys: readonly string[];

  constructor({ events, threats, console, perPage }: Scenario) {
    this.#faults = [...console];
    this.#perPage = perPage;
    this.#tokens.add("token");
    this.#stores = new Map(
      ["activities", "threats"].map((path) => [path, new RecordStore(RESOURCES.get(path) as never)]),
    );
    for (const [at, { atMs, lateMs }] of events.entries()) {
      const createdAt = formatTime(microsFromMs(START_MS + atMs));
      const text = JSON.stringify({ id: String(FIRST_EVENT + at), activityType: 27, createdAt, updatedAt: createdAt });
      this.#stores.get("activities")?.add([text], START_MS + atMs + lateMs);
    }
    this.#eventKeys = events.map((_, at) => `activities/${FIRST_EVENT + at}`);
    for (let threat = 0; threat < threats; threat += 1) {
      const [time, text] = threatAt(threat, START_MS);
      this.#versions.set(threat, time);
      this.#stores.get("threats")?.add([text]);
    }
  }

  get expected(): string[] {
    return [...this.#eventKeys, ...[...this.#versions].map(([threat, time]) => `threats/${5000 + threat}/${time}`)];
  }

  change({ threat }: ModelChange): void {
    const [time, text] = threatAt(threat, Date.now());
    if (this.#stores.get("threats")?.rewrite(String(5000 + threat), () => text) === true)
      this.#versions.set(threat, time);
  }

  version(): Promise<undefined> {
    this.clock.set(new Date().toUTCString());
    return Promise.resolve(undefined);
  }

  async ask({ path, query }: ApiRequest, signal: AbortSignal): Promise<Answer> {
    const fault = this.#faults.shift();
    await wait(fault === "slow" ? 3000 : ANSWER_MS, signal);
    this.clock.set(new Date().toUTCString());
    const { body, status } = this.#answer(path, query, fault);
    const text = fault === "torn" ? body.slice(0, body.length >> 1) : body;
    const raw = {
      status,
      body: new AnswerBody(Buffer.from(text)),
      contentType: "application/json",
      retryAfter: undefined,
      requestId: undefined,
    };
    const error = errorOf(raw, path, query["cursor"] !== undefined);
    if (error !== undefined) throw error;
    return raw;
  }

  #answer(path: string, query: Query, fault: ConsoleFault | undefined): { body: string; status: number } {
    const status = Number(fault);
    if (!Number.isNaN(status)) return { status, body: '{"errors":[{"code":1,"title":"no"}]}' };
    const cursor: Fault | undefined = fault === "repeat" ? { kind: "cursor", value: fault } : undefined;
    return answerApi(
      {
        stores: this.#stores,
        policies: new Map(),
        tokens: this.#tokens,
        missing: new Set(),
        info: {},
        totalItemsCap: undefined,
        nowMs: Date.now(),
      },
      {
        method: "GET",
        path,
        search: new URLSearchParams({ ...query, limit: String(this.#perPage) }),
        authorization: "ApiToken token",
        body: "",
      },
      cursor,
    );
  }
}

function threatAt(threat: number, ms: number): [time: string, text: string] {
  const time = formatTime(microsFromMs(ms + threat));
  const createdAt = formatTime(microsFromMs(START_MS + threat));
  return [time, JSON.stringify({ id: String(5000 + threat), threatInfo: { createdAt, updatedAt: time } })];
}

/** A window as a collector has read it. */
export interface ReadWindow {
  readonly keys: string[];
  /** It was not confirmed to its end. */
  isBroken: boolean;
}

/** What a collector has read, and of each attempt what it was. */
export class ModelCollector implements Collector {
  readonly confirmsAsItGoes: boolean;
  readonly confirmsAtOnce: boolean;
  readonly windows: ReadWindow[] = [];
  readonly #faults: (CollectorFault | undefined)[];
  readonly #underWay: number;

  constructor({ collector, asItGoes, underWay }: Scenario) {
    this.#faults = [...collector];
    this.confirmsAsItGoes = asItGoes;
    this.confirmsAtOnce = asItGoes;
    this.#underWay = asItGoes ? underWay : 0;
  }

  async deliver(
    window: AsyncIterable<Frames>,
    signal: AbortSignal,
    onConfirmed: (chunks: number) => void = () => undefined,
  ): Promise<void> {
    const fault = this.#faults.shift();
    if (fault?.kind === "refused") throw new CollectorUnreachableError("refused");
    const read: ReadWindow = { keys: [], isBroken: true };
    this.windows.push(read);
    await this.#take(window, { fault, read: read.keys, signal, onConfirmed });
    read.isBroken = false;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #take(window: AsyncIterable<Frames>, course: Delivery): Promise<void> {
    const { fault, signal } = course;
    const underWay: Buffer[] = [];
    let read = 0;
    const readUntil = async (left: number): Promise<void> => {
      for (let next = underWay[left]; next !== undefined; next = underWay[left]) {
        await this.#read(underWay.shift() ?? next, (read += 1), course);
      }
    };
    const frames = window[Symbol.asyncIterator]();
    for (let next = frames.next(); ; next = frames.next()) {
      // What is under way arrives, should nothing follow it.
      if ((await Promise.race([next, wait(MOMENT_MS, signal)])) === undefined) await readUntil(0);
      const came = await next;
      signal.throwIfAborted();
      if (came.done === true) break;
      underWay.push(came.value.bytes);
      await readUntil(this.#underWay);
    }
    await readUntil(0);
    await wait(5, signal);
    if (fault?.kind === "never confirmed") throw new CollectorBrokenError("no answer");
  }

  async #read(bytes: Buffer, chunk: number, { fault, read, signal, onConfirmed }: Delivery): Promise<void> {
    if (fault !== undefined && chunk > fault.afterChunks) {
      if (fault.kind === "stall") read.push(...keysOf(bytes));
      await wait(fault.kind === "reset" ? 1 : 15_000, signal);
      throw new CollectorBrokenError(fault.kind);
    }
    read.push(...keysOf(bytes));
    if (!this.confirmsAsItGoes) return;
    await wait(2, signal);
    onConfirmed(chunk);
  }
}

interface Delivery {
  readonly fault: CollectorFault | undefined;
  readonly read: string[];
  readonly signal: AbortSignal;
  readonly onConfirmed: (chunks: number) => void;
}

function keysOf(bytes: Buffer): string[] {
  const lines = bytes.toString("utf8").split("\n").slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { key: string }).key);
}

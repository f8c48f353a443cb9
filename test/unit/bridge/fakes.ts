import { type Observable, Subject, take } from "rxjs";
import type { PollSchedule } from "../../../src/bridge/intake.ts";
import type {
  AppendOptions,
  Appended,
  Batch,
  Checkpoint,
  Collector,
  Feed,
  FeedKey,
  Frames,
  Page,
  Spool,
  SpoolReader,
} from "../../../src/bridge/ports.ts";
import type { Micros } from "../../../src/event/time.ts";
import { BridgeError } from "../../../src/lib/errors.ts";
import { Notice } from "../../../src/lib/notice.ts";

export const QUICK = { firstMs: 2, maxMs: 8 };

export function micros(value: number): Micros {
  return value as Micros;
}

export class TestError extends BridgeError {
  readonly code = "BRIDGE_TEST";
  readonly retryable: boolean;

  constructor(message: string, options: { retryable?: boolean; retryAfterMs?: number } = {}) {
    super(message, { retryAfterMs: options.retryAfterMs });
    this.retryable = options.retryable ?? true;
  }
}

export function pageOf(ids: readonly string[], time: number, hasMore = false): Page {
  return {
    records: ids.map((id) => ({ id, time: micros(time), version: undefined, text: `{"id":"${id}"}` })),
    deadLetters: [],
    checkpoint: { time: micros(time), floor: micros(0) },
    seenSince: micros(0),
    consoleVersion: undefined,
    excluded: 0,
    hasMore,
  };
}

/** What happens at each call, in turn: a value, an error, or whatever the function does. The last one stays. */
export type Step<T, A extends unknown[]> = T | Error | ((...given: A) => Promise<T>);

export class FakeFeed implements Feed {
  readonly key: FeedKey;
  readonly asked: (Checkpoint | undefined)[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #steps: Step<Page, [AbortSignal]>[];

  constructor(steps: Step<Page, [AbortSignal]>[], feed: FeedKey["feed"] = "activities") {
    this.key = { console: "acme", feed };
    this.#steps = steps;
  }

  async readPage(checkpoint: Checkpoint | undefined, signal: AbortSignal): Promise<Page> {
    this.asked.push(checkpoint);
    this.signals.push(signal);
    return await perform(this.#steps, signal);
  }
}

/** A spool in memory; `failures` are thrown by the next appends, before anything is stored. */
export class FakeSpool implements Spool {
  readonly events: string[] = [];
  readonly checkpoints = new Map<string, Checkpoint>();
  readonly failures: Error[] = [];
  appends = 0;
  readonly #appended = new Notice();

  checkpoint(key: FeedKey): Promise<Checkpoint | undefined> {
    return Promise.resolve(this.checkpoints.get(key.feed));
  }

  async append(key: FeedKey, page: Page, signal: AbortSignal, { after }: AppendOptions = {}): Promise<Appended> {
    this.appends += 1;
    signal.throwIfAborted();
    const failure = this.failures.shift();
    await this.delay();
    await after;
    if (failure !== undefined) throw failure;
    this.events.push(...page.records.map(({ id }) => id));
    this.checkpoints.set(key.feed, page.checkpoint);
    this.#appended.tell();
    return { added: page.records.length, duplicates: 0, deadLetters: 0 };
  }

  /** How long each append takes. */
  delay: () => Promise<void> = () => Promise.resolve();

  reader(): Promise<FakeReader> {
    return Promise.resolve(new FakeReader(this.events, this.#appended));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Events by their ids; a position may stand for a block of damaged ones. */
export class FakeReader implements SpoolReader {
  position = 0;
  readonly released: number[] = [];
  readonly asked: number[] = [];
  readonly damaged = new Map<number, number>();
  readonly failures: Error[] = [];
  waiting = 0;
  readonly #events: readonly string[];
  readonly #appended: Notice;

  constructor(events: readonly string[], appended = new Notice()) {
    this.#events = events;
    this.#appended = appended;
  }

  async read(position: number, maxEvents: number, signal: AbortSignal): Promise<Batch> {
    this.asked.push(maxEvents);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    while (position >= this.#events.length) {
      this.waiting += 1;
      await this.#appended.wait(signal).finally(() => (this.waiting -= 1));
    }
    const damaged = this.damaged.get(position);
    if (damaged !== undefined)
      return { ...framesOf([]), end: position + damaged, newest: undefined, damaged, unrouted: {} };
    const ids = this.#events.slice(position, position + maxEvents);
    const end = position + ids.length;
    return { ...framesOf(ids), end, newest: micros(end - 1), damaged: 0, unrouted: {} };
  }

  /** Nothing is read ahead. */
  upcoming: (position: number) => Promise<number> = () => Promise.resolve(0);

  release(position: number): Promise<Error | undefined> {
    this.released.push(position);
    this.position = position;
    return Promise.resolve(undefined);
  }
}

function framesOf(ids: readonly string[]): Pick<Batch, "frames"> {
  return { frames: { bytes: Buffer.from(ids.map((id) => `${id}\n`).join("")), count: ids.length } };
}

/** Keeps each window that it is given; what becomes of it is decided by the steps. */
export class FakeCollector implements Collector {
  /** The messages of each window, as far as they were taken. */
  readonly windows: string[][] = [];
  readonly #steps: Step<void, [AbortSignal]>[];
  /** Windows are taken only so far before their step decides. */
  readonly #take: number;

  constructor(steps: Step<void, [AbortSignal]>[] = [undefined], most = Infinity) {
    this.#steps = steps;
    this.#take = most;
  }

  async deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void> {
    const taken: string[] = [];
    this.windows.push(taken);
    for await (const { bytes } of window) {
      taken.push(...bytes.toString().trimEnd().split("\n"));
      if (taken.length >= this.#take) break;
    }
    await perform(this.#steps, signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function perform<T>(steps: Step<T, [AbortSignal]>[], signal: AbortSignal): Promise<T> {
  const step = (steps.length > 1 ? steps.shift() : steps[0]) as Step<T, [AbortSignal]>;
  if (step instanceof Error) throw step;
  return typeof step === "function" ? await (step as (signal: AbortSignal) => Promise<T>)(signal) : step;
}

/** Never settles but by the signal. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

/** Polls when the test says so. */
export class ManualSchedule implements PollSchedule {
  readonly tick = new Subject<void>();
  firstAsked = 0;
  nextAsked = 0;

  first(): Observable<unknown> {
    this.firstAsked += 1;
    return this.tick.pipe(take(1));
  }

  next(): Observable<unknown> {
    this.nextAsked += 1;
    return this.tick.pipe(take(1));
  }
}

import { type Observable, repeat, takeWhile, timer } from "rxjs";
import type { Micros } from "../event/time.ts";
import type { Backoff } from "../lib/backoff.ts";
import { BridgeError } from "../lib/errors.ts";
import { fromAbortable, untilAborted } from "../lib/rx.ts";
import { isAbort, withDeadline } from "../lib/signals.ts";
import type { Batch, Collector, Frames, SpoolReader, StopSignals, Unrouted } from "./ports.ts";
import { type Fault, retryWithBackoff } from "./retry.ts";

/**
 * The collector's side: spool -> messages -> collector -> release, one window at a time and by pull. A window is read while
 * it is sent, and read again from the spool when it has to be sent again: no more than a batch is in memory.
 */
export interface DeliveryOptions {
  readonly collector: string;
  readonly limits: WindowLimits;
  readonly backoff: Backoff;
  readonly stop: StopSignals;
  readonly onFault: (fault: DeliveryFault) => void;
}

/** A window closes at the first of these. */
export interface WindowLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** A window that waits for more events is closed this long after its first, so that it is confirmed soon. */
  readonly maxAgeMs: number;
}

export interface DeliveryFault extends Fault {
  readonly collector: string;
  /** Messages that were sent and not confirmed: the collector may get them twice. */
  readonly inDoubt: number;
}

/** A window that the collector has confirmed. */
export interface WindowReport {
  readonly kind: "window";
  readonly collector: string;
  readonly events: number;
  readonly bytes: number;
  readonly damaged: number;
  /** Events that go to no collector at all. */
  readonly unrouted: Unrouted;
  /** The position behind the window. */
  readonly end: number;
  /** The time of the newest event in it. */
  readonly newest: Micros | undefined;
  readonly tookMs: number;
}

export interface DeliveryDeps {
  readonly reader: SpoolReader;
  readonly collector: Collector;
}

export function delivery(deps: DeliveryDeps, options: DeliveryOptions): Observable<WindowReport> {
  const { backoff, stop, onFault, limits } = options;
  let maxEvents = limits.maxEvents;
  let inDoubt = 0;
  // A window that was confirmed and whose release failed: only the release is tried again.
  let confirmed: Window | undefined;

  return fromAbortable(async (signal): Promise<WindowReport | undefined> => {
    const window = confirmed ?? (await openWindow(deps, { ...limits, maxEvents }, stop.soft));
    if (window === undefined) return undefined;
    if (confirmed === undefined) {
      using age = withDeadline(stop.soft, limits.maxAgeMs);
      try {
        // Where other collectors get it all there is nothing to send, and no reason for a connection.
        if (await window.findFirst(age.signal)) await deps.collector.deliver(window.frames(age.signal), signal);
      } catch (error) {
        inDoubt = neverLeft(error) ? 0 : window.sent;
        // A collector that can not finish a window in time gets smaller ones, down to a single event.
        if (inDoubt > 0) maxEvents = Math.max(1, Math.floor(Math.min(maxEvents, inDoubt) / 2));
        throw error;
      }
    }
    confirmed = window;
    await deps.reader.release(window.end);
    confirmed = undefined;
    maxEvents = Math.min(limits.maxEvents, maxEvents * 2);
    return window.report(options.collector);
  }).pipe(
    retryWithBackoff(backoff, stop.soft, (fault) => {
      onFault({ ...fault, collector: options.collector, inDoubt });
      inDoubt = 0;
    }),
    repeat({ delay: () => timer(0) }),
    takeWhile((report) => report !== undefined),
    untilAborted(stop.hard),
  );
}

/** Without a connection nothing was sent: that is neither in doubt nor a reason for smaller windows. */
function neverLeft(error: unknown): boolean {
  return error instanceof BridgeError && error.code === "BRIDGE_COLLECTOR_UNREACHABLE";
}

/** Waits for the first events of a window; undefined when the bridge is stopped before. */
async function openWindow(deps: DeliveryDeps, limits: WindowLimits, soft: AbortSignal): Promise<Window | undefined> {
  if (soft.aborted) return undefined;
  try {
    const first = await deps.reader.read(deps.reader.position, limits.maxEvents, soft);
    return new Window(deps, first, limits);
  } catch (error) {
    if (isAbort(error, soft)) return undefined;
    throw error;
  }
}

/** A window while it is sent. */
class Window {
  readonly #deps: DeliveryDeps;
  readonly #limits: WindowLimits;
  readonly #startedAtMs = performance.now();
  #batch: Batch | undefined;
  #bytes = 0;
  #damaged = 0;
  #newest: Micros | undefined;
  readonly #unrouted = new Map<string, number>();
  /** Messages given to the collector. */
  sent = 0;
  /** The position behind the last event that was given to the collector. */
  end: number;

  constructor(deps: DeliveryDeps, first: Batch, limits: WindowLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#batch = first;
    this.end = deps.reader.position;
  }

  /** Goes behind what is not for this collector; false when the window ends before there is anything to send. */
  async findFirst(age: AbortSignal): Promise<boolean> {
    while (this.#batch?.frames.count === 0) {
      this.#pass(this.#batch);
      this.#batch = await this.#next(age);
    }
    return this.#batch !== undefined;
  }

  async *frames(age: AbortSignal): AsyncGenerator<Frames> {
    while (this.#batch !== undefined) {
      const { frames } = this.#batch;
      this.sent += frames.count;
      this.#bytes += frames.bytes.length;
      if (frames.count > 0) yield frames;
      this.#pass(this.#batch);
      this.#batch = await this.#next(age);
    }
  }

  #pass({ end, newest, damaged, unrouted }: Batch): void {
    this.end = end;
    this.#damaged += damaged;
    this.#newest = newest ?? this.#newest;
    for (const [belongsTo, events] of Object.entries(unrouted)) {
      this.#unrouted.set(belongsTo, (this.#unrouted.get(belongsTo) ?? 0) + events);
    }
  }

  report(collector: string): WindowReport {
    return {
      kind: "window",
      collector,
      events: this.sent,
      bytes: this.#bytes,
      damaged: this.#damaged,
      unrouted: Object.fromEntries(this.#unrouted),
      end: this.end,
      newest: this.#newest,
      tookMs: performance.now() - this.#startedAtMs,
    };
  }

  async #next(age: AbortSignal): Promise<Batch | undefined> {
    const room = this.#limits.maxEvents - this.sent;
    if (room <= 0 || this.#bytes >= this.#limits.maxBytes || age.aborted) return undefined;
    try {
      return await this.#deps.reader.read(this.end, room, age);
    } catch (error) {
      if (isAbort(error, age)) return undefined;
      throw error;
    }
  }
}

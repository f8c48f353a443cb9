import type { Observable } from "rxjs";
import type { Backoff } from "../lib/backoff.ts";
import { BridgeError } from "../lib/errors.ts";
import { fromReporting, untilAborted } from "../lib/rx.ts";
import { isAbort, linkedTo } from "../lib/signals.ts";
import type { Collector, SpoolReader, StopSignals } from "./ports.ts";
import { type Fault, retryWithBackoff } from "./retry.ts";
import { Window, type WindowPart, batchWithin, mergeParts } from "./window.ts";
import { Trust, type WindowLimits, WindowSize } from "./window-size.ts";

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

export interface DeliveryFault extends Fault {
  readonly collector: string;
  /** Messages that were sent and not confirmed: the collector may get them twice. */
  readonly inDoubt: number;
}

/** A window that the collector has confirmed, or the next part of one that lasts. It is released. */
export interface WindowReport extends Omit<WindowPart, "sentAtMs"> {
  readonly kind: "window";
  readonly collector: string;
  readonly tookMs: number;
  /** Messages that were sent behind it and are not confirmed. */
  readonly unconfirmed: number;
  /** How many events the next window may have; undefined where a window lasts. */
  readonly maxEvents: number | undefined;
}

export interface DeliveryDeps {
  readonly reader: SpoolReader;
  readonly collector: Collector;
}

export function delivery(deps: DeliveryDeps, options: DeliveryOptions): Observable<WindowReport> {
  const { backoff, stop, onFault } = options;
  const course = new Course(deps, options);
  return fromReporting<WindowReport>((signal, report) => course.run(signal, report)).pipe(
    retryWithBackoff(backoff, stop.soft, (fault) => {
      onFault({ ...fault, collector: options.collector, inDoubt: course.inDoubt });
      course.inDoubt = 0;
    }),
    untilAborted(stop.hard),
  );
}

/** One window after the other: what is kept from one attempt to the next. */
class Course {
  readonly #deps: DeliveryDeps;
  readonly #collector: string;
  readonly #soft: AbortSignal;
  readonly #onFault: (fault: DeliveryFault) => void;
  readonly #trust: Trust;
  /** Undefined where a window lasts. */
  readonly #size: WindowSize | undefined;
  /** Confirmed, and not released yet. Should the release fail, only that is tried again. */
  #confirmed: WindowPart[] = [];
  #releasing: Promise<void> | undefined;
  #window: Window | undefined;
  inDoubt = 0;

  constructor(deps: DeliveryDeps, { collector, limits, stop, onFault }: DeliveryOptions) {
    this.#deps = deps;
    this.#collector = collector;
    this.#soft = stop.soft;
    this.#onFault = onFault;
    this.#trust = new Trust({ isNew: deps.reader.position === 0 });
    this.#size = deps.collector.confirmsAsItGoes === true ? undefined : new WindowSize(limits, this.#trust);
  }

  /** Sends window after window and releases what is confirmed, until the bridge is stopped. */
  async run(signal: AbortSignal, report: (report: WindowReport) => void): Promise<void> {
    await this.#release(report);
    for (;;) {
      using cut = linkedTo(this.#soft);
      // The next window does not wait for the disk, but ends when the disk refuses the one before.
      this.#release(report).catch((error: unknown) => cut.abort(error));
      const window = await this.#open(cut.signal);
      if (window === undefined) break;
      await this.#send(window, signal, report);
      if (this.#confirmed.length > 1) await this.#release(report);
    }
    await this.#release(report);
  }

  async #send(window: Window, signal: AbortSignal, report: (report: WindowReport) => void): Promise<void> {
    this.#window = window;
    try {
      // Where other collectors get it all there is nothing to send, and no reason for a connection.
      if (this.#size === undefined || (await window.findFirst())) await this.#deliver(window, signal, report);
      this.#keep(window.confirm());
    } catch (error) {
      this.inDoubt = neverLeft(error) ? 0 : window.sent - window.confirmedEvents;
      if (this.inDoubt > 0) this.#trust.broke();
      this.#size?.broke(this.inDoubt);
      // What was confirmed before it broke is told while there is somebody to tell. Should that fail, the next run does it.
      await this.#release(report).catch(() => undefined);
      throw error;
    } finally {
      window[Symbol.dispose]();
    }
    const { sent: events, isFull, tookMs, waitedMs } = window;
    if (events > 0) this.#size?.confirmed({ events, isFull, tookMs, waitedMs });
  }

  async #deliver(window: Window, signal: AbortSignal, report: (report: WindowReport) => void): Promise<void> {
    using cut = linkedTo(signal);
    const take = (part: WindowPart | undefined): void => {
      this.#keep(part);
      // A release that fails ends the window: the next one begins when it is made up for.
      this.#release(report).catch((error: unknown) => cut.abort(error));
    };
    await this.#deps.collector.deliver(
      window.frames(() => take(window.confirmPassed())),
      cut.signal,
      (chunks) => take(window.confirm(chunks)),
    );
  }

  #keep(part: WindowPart | undefined): void {
    if (part === undefined) return;
    this.#trust.confirmed(part.events);
    this.#confirmed.push(part);
  }

  /** Resolves when everything that is confirmed is released. */
  async #release(report: (report: WindowReport) => void): Promise<void> {
    while (this.#confirmed.length > 0) {
      await (this.#releasing ??= this.#releaseOnce(report).finally(() => (this.#releasing = undefined)));
    }
  }

  async #releaseOnce(report: (report: WindowReport) => void): Promise<void> {
    const count = this.#confirmed.length;
    const part = mergeParts(this.#confirmed);
    if (part === undefined) return;
    const refused = await this.#deps.reader.release(part.end);
    // The collector has it: going on may bring it again after a crash, waiting would keep back all that stands behind it.
    if (refused !== undefined)
      this.#onFault({ collector: this.#collector, error: refused, attempt: 1, retryInMs: 0, inDoubt: 0 });
    this.#confirmed.splice(0, count);
    const { sentAtMs, ...released } = part;
    report({
      kind: "window",
      collector: this.#collector,
      ...released,
      tookMs: performance.now() - sentAtMs,
      unconfirmed: (this.#window?.sent ?? 0) - (this.#window?.confirmedEvents ?? 0),
      maxEvents: this.#size?.events,
    });
  }

  /** A collector that confirms late has more under way than trust would give it. */
  readonly #maxInDoubt = (): number => (this.#deps.collector.confirmsAtOnce === true ? this.#trust.events : Infinity);

  /** Waits for the first events of a window; undefined when the bridge is stopped before. */
  async #open(goesOn: AbortSignal): Promise<Window | undefined> {
    const { reader } = this.#deps;
    if (this.#soft.aborted) return undefined;
    try {
      const maxEvents = this.#size?.events ?? batchWithin(this.#maxInDoubt());
      const position = this.#confirmed.at(-1)?.end ?? reader.position;
      const first = await reader.read(position, maxEvents, goesOn);
      const close = this.#size?.begin(performance.now());
      return new Window(reader, { position, first }, { close, maxInDoubt: this.#maxInDoubt }, goesOn);
    } catch (error) {
      if (isAbort(error, this.#soft)) return undefined;
      throw error;
    }
  }
}

/** Without a connection nothing was sent: that is neither in doubt nor a reason for smaller windows. */
function neverLeft(error: unknown): boolean {
  return error instanceof BridgeError && error.code === "BRIDGE_COLLECTOR_UNREACHABLE";
}

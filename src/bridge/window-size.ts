/**
 * How large a window may be. The connection of a window can not be used while its close is answered, and what it holds may
 * come twice when it breaks: so a window lasts about 20 times as long as a confirmation takes, and no longer. That costs
 * 5 % of the throughput, whatever the distance, and keeps little in doubt where confirmations are quick.
 *
 * And nothing tells how long a collector goes on without a break but how long it has: what is in doubt at once is no more
 * than one of 200 events that were confirmed since the last one. So what comes twice is less than 0.5 % of the events, and
 * 150 for each break, however often there is one; and a collector that does not break soon has windows as large as they
 * are of use.
 */
export interface WindowLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** How long a window waits for more events, at least and at most. */
  readonly minAgeMs: number;
  readonly maxAgeMs: number;
  /** Windows of fewer events than `fewEvents` begin no sooner after each other than this. */
  readonly restMs: number;
  readonly fewEvents: number;
}

/**
 * A window is a connection, and the kernel keeps each for a minute after it: no more than one begins in a second while few
 * events come, and no more than 20 while windows are not small because of breaks.
 */
export const USUAL_LIMITS: WindowLimits = {
  maxEvents: 20_000,
  maxBytes: 16 << 20,
  minAgeMs: 50,
  maxAgeMs: 1000,
  restMs: 1000,
  fewEvents: 50,
};

/** When the next window closes: at the first of these. */
export interface WindowClose {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly ageMs: number;
  /** In place of `ageMs` while it has fewer events than `fewEvents`. */
  readonly fewAgeMs: number;
  readonly fewEvents: number;
  /** So long after the last of the events that there were, once it has as many as `fewEvents`. */
  readonly quietMs: number;
}

/** What a confirmed window tells of the collector. */
export interface ConfirmedWindow {
  readonly events: number;
  /** Closed by its size: there was more to send. */
  readonly isFull: boolean;
  readonly tookMs: number;
  /**
   * How long nothing could be sent: from the last message that was given to the collector to the confirmation, and before
   * that until the connection stood.
   */
  readonly waitedMs: number;
}

const SHARE = 20;
/** What a window may hold though few events were sent to know how large it could be. */
const USUAL_EVENTS = 1000;

/** One of so many events that were confirmed since the last break may be in doubt at once, and `FEW_IN_DOUBT` always. */
const TRUST_SHARE = 200;
const FEW_IN_DOUBT = 150;

/** Before the first break. */
const NEW_IN_DOUBT = 1000;

/**
 * How much may be in doubt at once: more with each event that is confirmed, and little again after a break. A start with a
 * queue that was sent from before is taken for one: the process may have been killed.
 */
export class Trust {
  #confirmed: number;

  constructor({ isNew }: { readonly isNew: boolean }) {
    this.#confirmed = isNew ? NEW_IN_DOUBT * TRUST_SHARE : 0;
  }

  get events(): number {
    return Math.max(FEW_IN_DOUBT, Math.floor(this.#confirmed / TRUST_SHARE));
  }

  confirmed(events: number): void {
    this.#confirmed += events;
  }

  broke(): void {
    this.#confirmed = 0;
  }
}

export class WindowSize {
  readonly #limits: WindowLimits;
  readonly #trust: Trust;
  #events: number;
  #ageMs: number;
  #lastBeganMs = -Infinity;

  constructor(limits: WindowLimits, trust: Trust) {
    this.#limits = limits;
    this.#trust = trust;
    this.#events = Math.min(USUAL_EVENTS, limits.maxEvents);
    this.#ageMs = limits.minAgeMs;
  }

  /** How many events the next window may have. */
  get events(): number {
    return Math.min(this.#events, this.#trust.events);
  }

  /** Limits of a window that begins now. */
  begin(nowMs: number): WindowClose {
    const { maxBytes, restMs, fewEvents, minAgeMs: quietMs } = this.#limits;
    const sinceMs = nowMs - this.#lastBeganMs;
    this.#lastBeganMs = nowMs;
    const fewAgeMs = Math.max(this.#ageMs, restMs - sinceMs);
    return { maxEvents: this.events, maxBytes, ageMs: this.#ageMs, fewAgeMs, fewEvents, quietMs };
  }

  confirmed({ events, isFull, tookMs, waitedMs }: ConfirmedWindow): void {
    const { maxEvents, minAgeMs, maxAgeMs } = this.#limits;
    // One slow answer is no reason to keep more in doubt from now on. Smaller only little by little: a window that is longer
    // than it takes to open the next connection has not waited for one, because it was so long.
    this.#ageMs = clamp(SHARE * waitedMs, Math.max(minAgeMs, 0.8 * this.#ageMs), Math.min(maxAgeMs, 2 * this.#ageMs));
    const wantedMs = this.#ageMs;
    // What a window of few events took says nothing of how many it could have been.
    const fitting = isFull ? (events / Math.max(1, tookMs)) * wantedMs : Math.max(this.#events, USUAL_EVENTS);
    this.#events = Math.floor(clamp(Math.min(fitting, 2 * this.#events), 1, maxEvents));
  }

  /** A collector that can not finish a window in time gets smaller ones, down to a single event. */
  broke(inDoubt: number): void {
    if (inDoubt > 0) this.#events = Math.max(1, Math.floor(Math.min(this.#events, inDoubt) / 2));
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

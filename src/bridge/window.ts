import type { Micros } from "../event/time.ts";
import { Notice } from "../lib/notice.ts";
import { type LinkedSignal, isAbort, linkedTo, withDeadline } from "../lib/signals.ts";
import type { Batch, BatchFacts, Frames, SpoolReader, Unrouted } from "./ports.ts";
import type { WindowClose } from "./window-size.ts";

/** Neighbouring events of a window that were given to the collector, or confirmed, together. */
export interface WindowPart {
  readonly events: number;
  readonly bytes: number;
  readonly damaged: number;
  /** Events that go to no collector at all. */
  readonly unrouted: Unrouted;
  /** The position behind the last event. */
  readonly end: number;
  /** The time of the newest event. */
  readonly newest: Micros | undefined;
  /** When the first of it was given to the collector. */
  readonly sentAtMs: number;
  /** What it was made of, in order. */
  readonly batches: readonly BatchFacts[];
}

interface GivenPart extends WindowPart {
  /** How many chunks the collector had been given with this one. */
  readonly chunk: number;
}

/** A window while it is sent: read from the spool by pull, a batch at a time. To be disposed of when it is over. */
export class Window implements Disposable {
  readonly #reader: SpoolReader;
  readonly #close: WindowClose | undefined;
  readonly #maxInDoubt: () => number;
  /** Told when more is confirmed. */
  readonly #heard = new Notice();
  readonly #over: LinkedSignal;
  readonly #age: ReturnType<typeof withDeadline>;
  readonly #fewAge: ReturnType<typeof withDeadline>;
  readonly #startedAtMs = performance.now();
  #batch: Batch | undefined;
  #position: number;
  #bytes = 0;
  #chunks = 0;
  #confirmedChunks = 0;
  /** Given to the collector, and not yet confirmed; and what is not for it, in between. */
  #unconfirmed: GivenPart[] = [];
  /** Messages given to the collector. */
  sent = 0;
  confirmedEvents = 0;
  /** Closed by its size: there was more to send. */
  isFull = false;
  #endedAtMs: number | undefined;
  #firstTakenMs: number | undefined;

  constructor(
    reader: SpoolReader,
    { position, first }: WindowStart,
    { close, maxInDoubt = () => Infinity }: WindowEnds,
    soft: AbortSignal,
  ) {
    this.#reader = reader;
    this.#close = close;
    this.#maxInDoubt = maxInDoubt;
    this.#over = linkedTo(soft);
    this.#age = withDeadline(this.#over.signal, close?.ageMs);
    this.#fewAge = withDeadline(this.#over.signal, close?.fewAgeMs);
    this.#batch = first;
    this.#position = position;
  }

  [Symbol.dispose](): void {
    // Whoever still reads for it is told, too.
    this.#over.abort(new DOMException("the window is over", "AbortError"));
    for (const one of [this.#age, this.#fewAge, this.#over]) one[Symbol.dispose]();
  }

  get tookMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** Since the collector has been given the last message, and how long it needed to take the first. */
  get waitedMs(): number {
    return performance.now() - (this.#endedAtMs ?? this.#startedAtMs) + (this.#firstTakenMs ?? 0);
  }

  /** Goes behind what is not for this collector; false when the window ends before there is anything to send. */
  async findFirst(): Promise<boolean> {
    while (this.#batch?.frames.count === 0) {
      this.#give(this.#batch);
      this.#batch = await this.#next();
    }
    return this.#batch !== undefined;
  }

  /** `onPassed` is told when the window has gone behind something, and all that was sent before is confirmed. */
  async *frames(onPassed: () => void): AsyncGenerator<Frames> {
    while (this.#batch !== undefined) {
      const { frames } = this.#batch;
      this.#give(this.#batch);
      if (frames.count > 0) {
        const givenAtMs = performance.now();
        yield frames;
        this.#firstTakenMs ??= performance.now() - givenAtMs;
      } else if (this.#confirmedChunks === this.#chunks) onPassed();
      this.#batch = await this.#next();
    }
    this.#endedAtMs = performance.now();
  }

  /** Takes the first so many chunks as confirmed, or all that were given; undefined when that says nothing new. */
  confirm(chunks: number = this.#chunks): WindowPart | undefined {
    this.#confirmedChunks = Math.max(this.#confirmedChunks, chunks);
    const open = this.#unconfirmed.findIndex(({ chunk }) => chunk > this.#confirmedChunks);
    const merged = mergeParts(this.#unconfirmed.splice(0, open < 0 ? this.#unconfirmed.length : open));
    this.confirmedEvents += merged?.events ?? 0;
    this.#heard.tell();
    return merged;
  }

  /** As `confirm` when the collector tells nothing new: what is not for it and stands behind the confirmed. */
  confirmPassed(): WindowPart | undefined {
    return this.confirm(this.#confirmedChunks);
  }

  #give({ frames, ...batch }: Batch): void {
    const { end, newest, damaged, unrouted } = batch;
    const { count: events } = frames;
    const bytes = frames.bytes.length;
    if (events > 0) this.#chunks += 1;
    this.sent += events;
    this.#bytes += bytes;
    this.#position = end;
    const sentAtMs = performance.now();
    this.#unconfirmed.push({
      events,
      bytes,
      damaged,
      unrouted,
      end,
      newest,
      sentAtMs,
      batches: [batch],
      chunk: this.#chunks,
    });
  }

  async #next(): Promise<Batch | undefined> {
    const hasFew = this.sent < (this.#close?.fewEvents ?? 0);
    const { signal: age } = hasFew ? this.#fewAge : this.#age;
    const room = this.#close === undefined ? batchWithin(this.#maxInDoubt()) : this.#close.maxEvents - this.sent;
    // What is made already is not made again, for a window that is a little larger.
    const isFull = room <= 0 || (this.sent > 0 && (await this.#reader.upcoming(this.#position)) > room);
    if (isFull || this.#bytes >= (this.#close?.maxBytes ?? Infinity)) {
      this.isFull = true;
      return undefined;
    }
    if (age.aborted) return undefined;
    using end = withDeadline(age, hasFew ? undefined : this.#close?.quietMs);
    try {
      while (this.sent - this.confirmedEvents + room > this.#maxInDoubt()) await this.#heard.wait(end.signal);
      return await this.#reader.read(this.#position, room, end.signal);
    } catch (error) {
      if (isAbort(error, end.signal)) return undefined;
      throw error;
    }
  }
}

/** Where a window begins. */
interface WindowStart {
  readonly position: number;
  readonly first: Batch;
}

/** When a window has to end, or to wait. */
export interface WindowEnds {
  /** Undefined: it goes on until the soft stop. */
  readonly close?: WindowClose | undefined;
  /** How many messages may be given to the collector and not confirmed, where that is no matter of the whole window. */
  readonly maxInDoubt?: (() => number) | undefined;
}

/** Events that a window without an end reads at once: the next are sent while these are answered. */
export function batchWithin(maxInDoubt: number): number {
  return Math.max(1, Math.min(LASTING_BATCH, Math.floor(maxInDoubt / 2)));
}

const LASTING_BATCH = 1000;

/** Undefined when there are none. */
export function mergeParts(parts: readonly WindowPart[]): WindowPart | undefined {
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const sum = (of: (part: WindowPart) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    events: sum(({ events }) => events),
    bytes: sum(({ bytes }) => bytes),
    damaged: sum(({ damaged }) => damaged),
    unrouted: sumUnrouted(parts),
    end: last.end,
    newest: parts.findLast(({ newest }) => newest !== undefined)?.newest,
    sentAtMs: first.sentAtMs,
    batches: parts.flatMap(({ batches }) => batches),
  };
}

function sumUnrouted(parts: readonly WindowPart[]): Unrouted {
  const total = new Map<string, number>();
  for (const [belongsTo, events] of parts.flatMap(({ unrouted }) => Object.entries(unrouted))) {
    total.set(belongsTo, (total.get(belongsTo) ?? 0) + events);
  }
  return Object.fromEntries(total);
}

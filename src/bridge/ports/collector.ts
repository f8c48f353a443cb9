export interface Collector {
  /**
   * True: a window lasts as long as its connection does, and is confirmed as it goes. Otherwise windows are closed by size
   * and age, each to be confirmed as a whole.
   */
  readonly confirmsAsItGoes?: boolean;
  /** True: it confirms as it goes, and at once. So little need be under way unconfirmed. */
  readonly confirmsAtOnce?: boolean;
  /**
   * Resolves when the peer has confirmed that it read every message of the window.
   *
   * A write that succeeds confirms nothing: the kernels buffer megabytes that a dying collector never reads. What counts
   * as confirmation depends on the transport, see docs/delivery.md. Before it resolves or rejects, it may tell
   * `onConfirmed` how many `Frames` of the window, from the first on, are confirmed. Rejects when it is over and not all
   * of it is: send again what was not told.
   */
  deliver(window: AsyncIterable<Frames>, signal: AbortSignal, onConfirmed?: (chunks: number) => void): Promise<void>;
  /** Lets go of what is open. A delivery that still runs is ended by its own signal. */
  close(): Promise<void>;
}

/** Messages with their framing, several to a chunk. */
export interface Frames {
  readonly bytes: Buffer;
  readonly count: number;
  /** How many events stand behind them in the queue by then; some may be for others. Left out: unknown. */
  readonly behind?: number;
}

/** Soft: finish the window in flight. Hard: give up now. */
export interface StopSignals {
  readonly soft: AbortSignal;
  readonly hard: AbortSignal;
}

/** How much is sent again when a connection ends, and so how long an event is kept after it was acknowledged. */
export interface ResendWindow {
  /** Of the order of the kernels' buffers: so much may be acknowledged and not yet read. */
  readonly maxBytes: number;
  /** Longer than the watchdog takes to see that a collector has stopped reading. */
  readonly maxMs: number;
}

interface Sent {
  /** Bytes on the wire up to the end of the chunk. */
  readonly wireBytes: number;
  acknowledgedAtMs: number | undefined;
}

/** Where nothing follows for a while the bytes behind an event never come: then it is kept for so many times as long. */
const QUIET_TIMES = 2;

/**
 * Which chunks of a connection may be released: those that the peer's kernel has acknowledged, when `maxMs` and `maxBytes`
 * of acknowledged bytes have passed behind them. Pure.
 */
export class ResendLedger {
  readonly #window: ResendWindow;
  readonly #sent: Sent[] = [];
  #written = 0;
  #released = 0;

  constructor(window: ResendWindow) {
    this.#window = window;
  }

  /** Chunks that were written and are not released. */
  get open(): number {
    return this.#written - this.#released;
  }

  get released(): number {
    return this.#released;
  }

  /** A chunk is being written; what this gives back is to be told when the kernel has taken it. */
  write(): (wireBytes: number) => void {
    this.#written += 1;
    return (wireBytes) => void this.#sent.push({ wireBytes, acknowledgedAtMs: undefined });
  }

  /** How many chunks are released by now, from the first on. */
  release(acknowledgedBytes: number, nowMs: number): number {
    const { maxBytes, maxMs } = this.#window;
    for (const sent of this.#sent) {
      if (sent.wireBytes > acknowledgedBytes) break;
      sent.acknowledgedAtMs ??= nowMs;
    }
    const open = this.#sent.findIndex(({ wireBytes, acknowledgedAtMs }) => {
      const ageMs = acknowledgedAtMs === undefined ? 0 : nowMs - acknowledgedAtMs;
      const isCovered = acknowledgedBytes - wireBytes >= maxBytes;
      return acknowledgedAtMs === undefined || ageMs < (isCovered ? maxMs : QUIET_TIMES * maxMs);
    });
    this.#released += this.#sent.splice(0, open < 0 ? this.#sent.length : open).length;
    return this.#released;
  }
}

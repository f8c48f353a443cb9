import type { Dropped } from "../bridge/ports.ts";
import type { Logger } from "../telemetry/log.ts";

/** While the spool is full, each page drops something: a line a minute says how much, and the metric has it at once. */
const EVERY_MS = 60_000;

/** Tells what `when_full: drop_oldest` deletes. */
export class DropLog {
  readonly #log: Logger;
  readonly #untold = new Map<string, Dropped>();
  #toldAt = -Infinity;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(dropped: readonly Dropped[]): void {
    for (const one of dropped) {
      const name = JSON.stringify([one.collector, one.console, one.feed]);
      this.#untold.set(name, { ...one, events: one.events + (this.#untold.get(name)?.events ?? 0) });
    }
    if (performance.now() - this.#toldAt >= EVERY_MS) this.tell();
  }

  /** Tells what was not told yet. */
  tell(): void {
    for (const fields of this.#untold.values()) {
      this.#log.error(
        { code: "BRIDGE_SPOOL_DROPPED", ...fields },
        "the spool is full: its oldest events were deleted before the collector had confirmed them",
      );
    }
    if (this.#untold.size > 0) this.#toldAt = performance.now();
    this.#untold.clear();
  }
}

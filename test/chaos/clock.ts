import { readFileSync } from "node:fs";

/**
 * Loaded into the bridge by `--import`: its wall clock is off by as much as a file says. Everything that asks for the time
 * asks through `Date`; the monotonic clock goes on, as it does when somebody sets the time of a machine.
 */
const file = process.env["S1BRIDGE_CHAOS_CLOCK"];
const TrueDate = Date;
let offsetMs = 0;

if (file !== undefined) {
  setInterval(() => {
    try {
      offsetMs = Number(readFileSync(file, "utf8")) || 0;
    } catch {
      offsetMs = 0;
    }
  }, 100).unref();
}

class ShiftedDate extends TrueDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(TrueDate.now() + offsetMs);
    else super(...(given as [number]));
  }

  static override now(): number {
    return TrueDate.now() + offsetMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;

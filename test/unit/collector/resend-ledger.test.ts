import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ResendLedger } from "../../../src/collector/resend-ledger.ts";

const WINDOW = { maxBytes: 1000, maxMs: 30_000 };

/** Chunks that end at these places of the wire, all taken by our kernel. */
function ledgerOf(...ends: number[]): ResendLedger {
  const ledger = new ResendLedger(WINDOW);
  for (const end of ends) ledger.write()(end);
  return ledger;
}

describe("a chunk is released", () => {
  test("not when it is acknowledged", () => {
    const ledger = ledgerOf(100);
    expect([ledger.release(100, 0), ledger.open]).toEqual([0, 1]);
  });

  test("when the bytes and the time have passed behind it", () => {
    const ledger = ledgerOf(100, 200, 1200);
    expect(ledger.release(1200, 0)).toBe(0);
    expect(ledger.release(1200, 29_999)).toBe(0);
    expect(ledger.release(1200, 30_000)).toBe(2);
    expect(ledger.open).toBe(1);
  });

  test("when nothing follows, after twice the time", () => {
    const ledger = ledgerOf(100);
    ledger.release(100, 0);
    expect([ledger.release(100, 59_999), ledger.release(100, 60_000)]).toEqual([0, 1]);
  });

  test("counted from its acknowledgement, not from when it was sent", () => {
    const ledger = ledgerOf(100);
    expect(ledger.release(99, 100_000)).toBe(0);
    expect(ledger.release(100, 200_000)).toBe(0);
    expect(ledger.release(100, 260_000)).toBe(1);
  });

  test("never while the kernel has not taken it", () => {
    const ledger = new ResendLedger(WINDOW);
    ledger.write();
    expect([ledger.release(5000, 1e6), ledger.open]).toEqual([0, 1]);
  });
});

test("whatever happens, chunks are released in order, and never before their time", () => {
  const step = fc.record({
    bytes: fc.nat(800),
    acknowledge: fc.double({ min: 0, max: 1, noNaN: true }),
    ms: fc.nat(40_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ledger = new ResendLedger(WINDOW);
      const ends: number[] = [];
      const seenAt: number[] = [];
      let [written, acknowledged, now] = [0, 0, 0];
      for (const { bytes, acknowledge, ms } of steps) {
        written += bytes + 1;
        ends.push(written);
        ledger.write()(written);
        acknowledged = Math.max(acknowledged, Math.floor(written * acknowledge));
        now += ms;
        for (const [at, end] of ends.entries()) if (end <= acknowledged) seenAt[at] ??= now;
        const released = ledger.release(acknowledged, now);
        expect(released).toBeLessThanOrEqual(ends.filter((end) => end <= acknowledged).length);
        for (let at = 0; at < released; at += 1) expect(now - (seenAt[at] ?? Infinity)).toBeGreaterThanOrEqual(30_000);
        expect(ledger.open).toBe(ends.length - released);
      }
    }),
  );
});

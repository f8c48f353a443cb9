import { expect, test } from "vitest";
import { ReadAhead } from "../../../src/bridge/read-ahead.ts";

const [ONE, OTHER] = [{}, {}];

test("one feed at a time reads a page ahead, until it has taken it", () => {
  const turn = new ReadAhead();
  expect([turn.take(ONE, 0), turn.take(OTHER, 1), turn.take(ONE, 2)]).toEqual([true, false, true]);
  turn.give(OTHER);
  expect(turn.take(OTHER, 3)).toBe(false);
  turn.give(ONE);
  expect(turn.take(OTHER, 4)).toBe(true);
});

test("a feed that is gone, or waits for room in the spool, does not keep the turn from the others", () => {
  const turn = new ReadAhead();
  turn.take(ONE, 0);
  expect([turn.take(OTHER, 9999), turn.take(OTHER, 10_000), turn.take(ONE, 10_001)]).toEqual([false, true, false]);
});

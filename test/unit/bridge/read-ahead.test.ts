import { expect, test } from "vitest";
import { ReadAhead } from "../../../src/bridge/read-ahead.ts";

const [ONE, OTHER] = [{}, {}];

test("a feed that is alone at work may read ahead", () => {
  const ahead = new ReadAhead();
  ahead.begin(ONE, 0);
  expect([ahead.may(ONE, 1), ahead.may(OTHER, 1)]).toEqual([true, false]);
  ahead.begin(OTHER, 2);
  expect([ahead.may(ONE, 3), ahead.may(OTHER, 3)]).toEqual([false, false]);
  ahead.end(OTHER);
  expect(ahead.may(ONE, 4)).toBe(true);
});

test("one that is gone, or waits for room in the spool, does not keep the others from it", () => {
  const ahead = new ReadAhead();
  ahead.begin(ONE, 0);
  expect([ahead.may(OTHER, 9999), ahead.may(OTHER, 10_000)]).toEqual([false, true]);
});

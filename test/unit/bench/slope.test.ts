import { expect, test } from "vitest";
import { median, quantile, slopeOf } from "../../../bench/slope.ts";

test("the slope of a straight line is sure", () => {
  const { perX, plusMinus } = slopeOf(Array.from({ length: 400 }, (_, at) => [at, 7 + 3 * at] as const));
  expect(perX).toBeCloseTo(3);
  expect(plusMinus).toBeCloseTo(0);
});

test("a saw that goes nowhere has a slope that is not told from none", () => {
  const { perX, plusMinus } = slopeOf(Array.from({ length: 1000 }, (_, at) => [at, at % 37] as const));
  expect(Math.abs(perX)).toBeLessThan(plusMinus);
});

test("a slope under a saw is found within its confidence", () => {
  const { perX, plusMinus } = slopeOf(Array.from({ length: 1000 }, (_, at) => [at, (at % 37) + 0.1 * at] as const));
  expect(plusMinus).toBeLessThan(0.05);
  expect(Math.abs(perX - 0.1)).toBeLessThan(0.02);
});

test("quantiles are values that were given", () => {
  expect([median([3, 1, 2]), quantile([1, 2, 3, 4], 0.99), quantile([1, 2, 3, 4], 0)]).toEqual([2, 4, 1]);
});

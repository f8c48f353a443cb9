import { expect, test } from "vitest";
import { fallen } from "../../../bench/ratios.ts";

const RECORDED = { endToEnd: 0.5, drain: 1 };

test("a ratio that falls by less than 30 % is noise, and one that rises is no fault", () => {
  expect(fallen(RECORDED, { endToEnd: 0.36, drain: 0.71 })).toEqual([]);
  expect(fallen(RECORDED, { endToEnd: 5, drain: 5 })).toEqual([]);
});

test("each ratio that falls by more is named with what it was", () => {
  expect(fallen(RECORDED, { endToEnd: 0.34, drain: 0.69 })).toEqual([
    "endToEnd: 0.34, recorded 0.50, at least 0.35",
    "drain: 0.69, recorded 1.00, at least 0.70",
  ]);
});

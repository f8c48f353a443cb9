import { describe, expect, test } from "vitest";
import { FeedThrottledError } from "../../../src/sentinelone/errors.ts";
import { RequestBudget, RequestBudgets } from "../../../src/sentinelone/budget.ts";

const HOUR = 3_600_000;

describe("a budget for an hour", () => {
  test("is spent after so many requests, and says when there is one again", () => {
    let now = 0;
    const budget = new RequestBudget(100, () => now);
    for (let made = 0; made < 100; made++) {
      budget.spend();
      now += 1000;
    }
    let refused: unknown;
    try {
      budget.spend();
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(FeedThrottledError);
    now += (refused as FeedThrottledError).retryAfterMs ?? 0;
    budget.spend();
  });

  test("lets no hour see more, however the requests come", () => {
    let now = 0;
    const budget = new RequestBudget(60, () => now);
    const made: number[] = [];
    for (; now < 5 * HOUR; now += 7919) {
      try {
        budget.spend();
        made.push(now);
      } catch {
        // Spent for now.
      }
    }
    const most = Math.max(...made.map((start) => made.filter((at) => at >= start && at < start + HOUR).length));
    expect(most).toBeLessThanOrEqual(60);
    expect(made.length).toBeGreaterThan(4 * 50);
  });

  test("is one for all consoles with the same token, the smallest", () => {
    const budgets = new RequestBudgets();
    expect(budgets.of("a", 100)).toBe(budgets.of("a", 100));
    expect(budgets.of("a", 100)).not.toBe(budgets.of("b", 100));
    const small = budgets.of("a", 60);
    expect(budgets.of("a", 100)).toBe(small);
  });
});

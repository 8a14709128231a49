import { expect, it } from "vitest";
import { isolateRetryBudget } from "../../src/adapters/isolate-retry-budget.ts";

it("is full at first, and spends no more than it has", () => {
  const budget = isolateRetryBudget({ most: 3, percent: 10 });
  expect([budget.take(2), budget.take(2), budget.take(1), budget.take(1)]).toEqual([true, false, true, false]);
});

it("earns a tenth of what is dispatched, up to its bound, so that retries add no more to the load of an upstream in trouble", () => {
  const budget = isolateRetryBudget({ most: 2, percent: 10 });
  expect(budget.take(2)).toBe(true);
  for (let request = 0; request < 9; request += 1) budget.earn(1);
  expect(budget.take(1)).toBe(false);
  budget.earn(1);
  expect(budget.take(1)).toBe(true);
  for (let request = 0; request < 1_000; request += 1) budget.earn(1);
  expect([budget.take(2), budget.take(1)]).toEqual([true, false]);
});

it("of nothing grants no retry", () => {
  const budget = isolateRetryBudget({ most: 0, percent: 10 });
  budget.earn(1_000);
  expect(budget.take(1)).toBe(false);
});

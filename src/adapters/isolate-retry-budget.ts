import type { RetryBudget } from "../core/ports.ts";

export type RetryBudgetSettings = {
  /** How many credits may wait to be spent on retries; 0 is no retries. */
  readonly most: number;
  /** Which part of the credits of first dispatches goes into retries, in percent. */
  readonly percent: number;
};

/**
 * A budget for the isolate, full at first. Retries by a rule of so many for each request triple the load of an upstream that fails all of
 * them; by a budget they are a tenth more.
 */
export function isolateRetryBudget({ most, percent }: RetryBudgetSettings): RetryBudget {
  // In hundredths: ten tenths of a credit are one, as no sum of fractions is.
  let left = most * 100;
  return {
    earn(credits) {
      left = Math.min(most * 100, left + credits * percent);
    },
    take(credits) {
      if (left < credits * 100) return false;
      left -= credits * 100;
      return true;
    },
  };
}

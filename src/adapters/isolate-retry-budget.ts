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
  let left = most;
  return {
    earn(credits) {
      left = Math.min(most, left + (credits * percent) / 100);
    },
    take(credits) {
      if (left < credits) return false;
      left -= credits;
      return true;
    },
  };
}

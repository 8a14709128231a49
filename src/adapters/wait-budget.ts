import type { WaitBudget } from "../core/ports.ts";

/**
 * A budget of `ms` milliseconds. What is still running when it is spent goes on behind the request and its result is dropped; once
 * spent, nothing is started any more.
 */
export function waitBudget(ms: number, clock: () => number): WaitBudget {
  let leftMs = ms;
  return {
    async within(work, otherwise) {
      if (leftMs <= 0) return otherwise;
      const startedMs = clock();
      const { promise: late, resolve } = Promise.withResolvers<typeof otherwise>();
      const timer = setTimeout(() => resolve(otherwise), leftMs);
      try {
        return await Promise.race([work(), late]);
      } finally {
        clearTimeout(timer);
        leftMs -= clock() - startedMs;
      }
    },
  };
}

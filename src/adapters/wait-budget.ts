import type { WaitBudget } from "../core/ports.ts";

export type WaitSettings = {
  /** What one request may wait in all, milliseconds. */
  readonly waitMs: number;
  /** How long nobody waits after a request has waited in vain, milliseconds. */
  readonly restMs: number;
  readonly clock: () => number;
};

/**
 * Makes each request's budget. When one request has spent its own in vain, the others of the isolate get none for a while: a Redis that
 * hangs costs an isolate one wait every `restMs`, and not every hit one. What is still running when a budget is spent may be cut off with
 * its request, and its result is dropped.
 */
export function waitBudgets({ waitMs, restMs, clock }: WaitSettings): () => WaitBudget {
  let restUntilMs = 0;
  let hangs = false;
  /** While it hangs, one request waits for all: the others must not wait beside it. */
  const granted = () => {
    if (clock() < restUntilMs) return 0;
    if (hangs) restUntilMs = clock() + restMs;
    return waitMs;
  };
  return () => {
    // Granted at the first wait: a request that asks Redis nothing must not take the turn of one that would find it healed.
    let leftMs: number | undefined;
    return {
      async within(work, otherwise) {
        leftMs ??= granted();
        if (leftMs <= 0) return otherwise;
        const startedMs = clock();
        const { promise: late, resolve } = Promise.withResolvers<typeof otherwise>();
        // A leftover that runs out says that much was asked, not that Redis hangs.
        const isFairTry = leftMs >= waitMs / 2;
        const timer = setTimeout(() => {
          if (isFairTry) {
            hangs = true;
            restUntilMs = clock() + restMs;
          }
          resolve(otherwise);
        }, leftMs);
        try {
          const done = await Promise.race([work(), late]);
          if (done !== otherwise) {
            hangs = false;
            restUntilMs = 0;
          }
          return done;
        } finally {
          clearTimeout(timer);
          leftMs -= clock() - startedMs;
        }
      },
    };
  };
}

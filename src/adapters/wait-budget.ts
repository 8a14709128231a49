import type { WaitBudget } from "../core/ports.ts";

export type WaitSettings = {
  /** What one request may wait in all, milliseconds. */
  readonly waitMs: number;
  /** How long nobody waits after a request has waited in vain, milliseconds. */
  readonly restMs: number;
  /** Whether the ledger has a database of its own. */
  readonly isLedgerApart: boolean;
  readonly clock: () => number;
};

/** How one database has answered of late. */
type Gate = { restUntilMs: number; hangs: boolean };

/**
 * Makes each request's budget. When one request has spent its own in vain on a database, the others of the isolate get none for it for a
 * while: one that hangs costs an isolate one wait every `restMs`, and not every hit one; and a ledger of its own that hangs keeps nobody from
 * the cache. What is still running when a budget is spent may be cut off with its request, and its result is dropped.
 */
export function waitBudgets({ waitMs, restMs, isLedgerApart, clock }: WaitSettings): () => WaitBudget {
  const cache: Gate = { restUntilMs: 0, hangs: false };
  const ledger: Gate = isLedgerApart ? { restUntilMs: 0, hangs: false } : cache;
  /** While it hangs, one request waits for all: the others must not wait beside it. */
  const mayAsk = (gate: Gate) => {
    if (clock() < gate.restUntilMs) return false;
    if (gate.hangs) gate.restUntilMs = clock() + restMs;
    return true;
  };
  return () => {
    let leftMs = waitMs;
    /** What is waited for at the same time counts once. */
    let waiting = 0;
    let sinceMs = 0;
    const left = () => (waiting === 0 ? leftMs : leftMs - (clock() - sinceMs));
    // Granted at the first wait: a request that asks Redis nothing must not take the turn of one that would find it healed.
    const granted = new Map<Gate, boolean>();
    return {
      async within(work, otherwise, of = "cache") {
        const gate = of === "ledger" ? ledger : cache;
        const isGranted = granted.get(gate) ?? mayAsk(gate);
        granted.set(gate, isGranted);
        if (!isGranted || left() <= 0) return otherwise;
        if (waiting === 0) sinceMs = clock();
        waiting += 1;
        const { promise: late, resolve } = Promise.withResolvers<typeof otherwise>();
        // A leftover that runs out says that much was asked, not that Redis hangs.
        const mostMs = left();
        const isFairTry = mostMs >= waitMs / 2;
        const timer = setTimeout(() => {
          if (isFairTry) Object.assign(gate, { hangs: true, restUntilMs: clock() + restMs });
          resolve(otherwise);
        }, mostMs);
        try {
          const done = await Promise.race([work(), late]);
          if (done !== otherwise) Object.assign(gate, { hangs: false, restUntilMs: 0 });
          return done;
        } finally {
          clearTimeout(timer);
          waiting -= 1;
          if (waiting === 0) leftMs -= clock() - sinceMs;
        }
      },
    };
  };
}

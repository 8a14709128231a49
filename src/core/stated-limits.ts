import type { Quotas, Spent } from "./ledger.ts";
import { quotaWindow, type QuotaName } from "./quota.ts";

/** A limit as `RateLimit-Policy` and `RateLimit` state it (IETF draft 11). */
export type Stated = {
  readonly policy: string;
  readonly quota: number;
  readonly windowSeconds: number;
  /** Null when nobody was asked how much is left: figures are never invented. */
  readonly left: { readonly remaining: number; readonly seconds: number } | null;
};

/** What the ledger said of a tenant's spending, and when that was by its clock. */
export type Spending = { readonly spent: Spent; readonly nowMs: number };

/** The quotas that a tenant has; what is left of them where the ledger was asked. */
export function statedQuotas(quotas: Quotas, nowMs: number, spending: Spending | undefined): readonly Stated[] {
  const names: readonly QuotaName[] = ["daily", "monthly"];
  return names.flatMap((policy): readonly Stated[] => {
    const quota = quotas[policy];
    if (quota === null) return [];
    const atMs = spending?.nowMs ?? nowMs;
    const { startMs, endMs } = quotaWindow(policy, atMs);
    const windowSeconds = (endMs - startMs) / 1_000;
    if (spending === undefined) return [{ policy, quota, windowSeconds, left: null }];
    const remaining = Math.max(0, quota - spending.spent[policy]);
    return [{ policy, quota, windowSeconds, left: { remaining, seconds: Math.ceil((endMs - atMs) / 1_000) } }];
  });
}

/** An upstream key without room. */
export function statedUpstream(cap: number, inMs: number): Stated {
  return {
    policy: "upstream",
    quota: cap,
    windowSeconds: 60,
    left: { remaining: 0, seconds: Math.ceil(inMs / 1_000) },
  };
}

import type { Bucket, BucketLevel } from "./ports.ts";
import type { Quotas, Spent } from "./ledger.ts";
import type { QuotaView } from "./statement-resources.ts";
import { monthOf, monthsAfter, monthStartMs } from "./utc.ts";

type Window = QuotaView["data"][number];

const DAY_MS = 86_400_000;

/** What is left of a tenant's day and month, by the clock that they are counted by. More may be spent than a quota that was lowered. */
export function quotaWindows(quotas: Quotas, spent: Spent, nowMs: number): readonly Window[] {
  const tomorrowMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
  return [
    windowOf("daily", { limit: quotas.daily, used: spent.daily, resetsAtMs: tomorrowMs }),
    windowOf("monthly", {
      limit: quotas.monthly,
      used: spent.monthly,
      resetsAtMs: monthStartMs(monthsAfter(monthOf(nowMs), 1)),
    }),
  ];
}

/** What a bucket holds by now: the limiter notes only what it held when somebody last took from it. */
export function burstWindow({ capacity, refill, everyMs }: Bucket, level: BucketLevel, nowMs: number): Window {
  const refills = Math.max(0, Math.floor((nowMs - level.atMs) / everyMs));
  const remaining = Math.min(capacity, level.tokens + refills * refill);
  const resetsAtMs = remaining === capacity ? nowMs : level.atMs + (refills + 1) * everyMs;
  return windowOf("burst", { limit: capacity, used: capacity - remaining, resetsAtMs });
}

type Known = { readonly limit: number | null; readonly used: number; readonly resetsAtMs: number };

function windowOf(policy: Window["policy"], { limit, used, resetsAtMs }: Known): Window {
  const remaining = limit === null ? null : Math.max(0, limit - used);
  return { policy, limit, used, remaining, resets_at: new Date(resetsAtMs).toISOString() };
}

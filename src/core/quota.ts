import type { Bucket, BucketLevel } from "./ports.ts";
import type { Quotas, Spent } from "./ledger.ts";
import type { QuotaView } from "./statement-resources.ts";
import { monthOf, monthsAfter, monthStartMs } from "./utc.ts";

type Window = QuotaView["data"][number];

export type QuotaName = keyof Quotas;

const DAY_MS = 86_400_000;

/** It ends exclusively. Unix milliseconds. */
type Span = { readonly startMs: number; readonly endMs: number };

/** The month that was asked for last, which is the one that is asked for next: each response states its length. */
let lastMonth: Span = { startMs: 0, endMs: 0 };

/** The UTC day or month that holds a time, Unix milliseconds. */
export function quotaWindow(name: QuotaName, nowMs: number): Span {
  if (name === "daily") {
    const startMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
    return { startMs, endMs: startMs + DAY_MS };
  }
  if (nowMs < lastMonth.startMs || nowMs >= lastMonth.endMs) lastMonth = monthAround(nowMs);
  return lastMonth;
}

function monthAround(nowMs: number): Span {
  const month = monthOf(nowMs);
  return { startMs: monthStartMs(month), endMs: monthStartMs(monthsAfter(month, 1)) };
}

/** What is left of a tenant's day and month, by the clock that they are counted by. More may be spent than a quota that was lowered. */
export function quotaWindows(quotas: Quotas, spent: Spent, nowMs: number): readonly Window[] {
  const names: readonly QuotaName[] = ["daily", "monthly"];
  return names.map((name) =>
    windowOf(name, { limit: quotas[name], used: spent[name], resetsAtMs: quotaWindow(name, nowMs).endMs }),
  );
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

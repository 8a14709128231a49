import * as v from "valibot";
import { isDay, isMonth } from "./utc.ts";
import { PlanName, Uuid } from "./resources.ts";
import { LATENCY_TIERS } from "./usage.ts";

/** What `/v1` says of money: usage, invoices, quotas, and the balances of the platform's keys. Credits are whole numbers. */

export const Day = v.pipe(
  v.string(),
  v.check(isDay, "is not a day such as 2026-11-30"),
  v.metadata({ format: "date" }),
);
export const Month = v.pipe(v.string(), v.check(isMonth, "is not a month such as 2026-11"));
const Instant = v.pipe(v.string(), v.isoTimestamp());

const counts = {
  /** Dispatches to the upstream. */
  calls: v.number(),
  credits_charged: v.number(),
  /** Of those charged, what was spent on the tenant's own upstream key: its own, and in no amount. */
  credits_on_own_key: v.number(),
  /** What the upstream may have taken besides: shown beside the amount and never in it. */
  credits_in_doubt: v.number(),
  /** Answers from a cache. */
  hits: v.number(),
  /** What the hits would have cost. */
  credits_saved: v.number(),
};

const figures = {
  ...counts,
  /** Hits of hits and calls together, to four decimals; null when there was neither. */
  hit_ratio: v.nullable(v.number()),
};

/** `amount_cents` is what the charged credits are worth at the plan's price beyond its quota, to three decimals: not what is billed. */
const worth = {
  ...figures,
  /** Where the hits' answers were from. In all no more than `hits`; less where hits were counted before they were told apart. */
  hits_by_tier: v.object({
    memory: v.number(),
    colo: v.number(),
    redis: v.number(),
    /** Another request was fetching it. */
    joined: v.number(),
    /** It was past its time. */
    stale: v.number(),
  }),
  amount_cents: v.number(),
};

export const UsageView = v.object({
  from: Day,
  to: Day,
  /**
   * `key`: by the id of the gateway key. Its calls and hits are counted at most once, and what was fetched without a key, behind a response or
   * by the clock, is in none: the other two are the books.
   */
  group: v.picklist(["day", "endpoint", "key"]),
  /** By day every day there is, by endpoint and key those that were used. */
  data: v.array(v.object({ group: v.string(), ...worth })),
  total: v.object(worth),
});

const latency = {
  /** Requests. */
  count: v.number(),
  /** What half of them, 95 and 99 of a hundred took no longer than, whole milliseconds; null of none. To about a third, from counts in buckets. */
  p50_ms: v.nullable(v.number()),
  p95_ms: v.nullable(v.number()),
  p99_ms: v.nullable(v.number()),
};

/** How long requests took in the gateway, from their beginning to their response. A clock that moves only with I/O says 0 of a hit in memory. */
export const LatencyView = v.object({
  from: Day,
  to: Day,
  /** Where the answer was from, of those that answered anything: the tier of a hit, or the upstream, which was asked. */
  data: v.array(v.object({ group: v.picklist(LATENCY_TIERS), ...latency })),
  total: v.object(latency),
});

export const InvoiceLine = v.object({ endpoint: v.string(), ...figures });

/** What came in for a month after its invoice was closed. */
export const InvoiceAdjustment = v.object({ of_month: Month, ...counts, amount_cents: v.number() });

export const InvoiceDocument = v.object({
  tenant_id: Uuid,
  tenant: v.string(),
  month: Month,
  /** `closing`: the month is over, and late usage still comes in. A closed one never changes. */
  status: v.picklist(["open", "closing", "closed"]),
  /** Of the tenant's invoices, from 1 without a gap. */
  number: v.number(),
  closed_at: v.nullable(Instant),
  plan: PlanName,
  key_mode: v.picklist(["shared", "byo"]),
  /** Credits that the plan's price includes; null is all of them. */
  included_credits: v.nullable(v.number()),
  overage_cents_per_thousand_credits: v.number(),
  lines: v.array(InvoiceLine),
  total: v.object(figures),
  price_cents: v.number(),
  overage_credits: v.number(),
  overage_cents: v.number(),
  adjustments: v.array(InvoiceAdjustment),
  /** Price, overage and adjustments together. */
  amount_cents: v.number(),
});

export const InvoiceView = v.object({
  ...InvoiceDocument.entries,
  /** Hex SHA-256 of everything else; null until it is closed. */
  checksum: v.nullable(v.string()),
});

/** `amount_cents` is null until it is closed: then the invoice itself says what it would be now. */
export const ListedInvoice = v.object({
  month: Month,
  number: v.number(),
  status: v.picklist(["open", "closing", "closed"]),
  closed_at: v.nullable(Instant),
  amount_cents: v.nullable(v.number()),
  checksum: v.nullable(v.string()),
});

export const QuotaView = v.object({
  /** Where `daily` and `monthly` are from: the ledger, by which requests are refused, or the books, which follow it by seconds. */
  source: v.picklist(["ledger", "books"]),
  data: v.array(
    v.object({
      policy: v.picklist(["burst", "daily", "monthly"]),
      /** Requests of `burst`, credits of the others; null is no quota. */
      limit: v.nullable(v.number()),
      used: v.number(),
      remaining: v.nullable(v.number()),
      /** When the window ends; of `burst`, when the next request comes back. */
      resets_at: Instant,
    }),
  ),
});

export const ReadingView = v.object({
  id: Uuid,
  upstream_key_id: v.string(),
  /** Credits that the upstream says are left. */
  balance: v.number(),
  /** Credits bought since the reading before. */
  bought: v.number(),
  read_at: Instant,
  /** When the reading before was made; this and all below is null for the first one. */
  since: v.nullable(Instant),
  /** The balance before, and what was bought, less this balance. */
  spent_by_reading: v.nullable(v.number()),
  /** What the books say of the time between. */
  credits_charged: v.nullable(v.number()),
  credits_in_doubt: v.nullable(v.number()),
  /** Spent by reading, less what was charged. */
  difference: v.nullable(v.number()),
  /** Whether what was in doubt explains the difference. */
  explained: v.nullable(v.boolean()),
});

export const BalanceView = v.object({
  upstream_key_id: v.string(),
  /** The last reading; null when there is none, and with it all below. */
  read_at: v.nullable(Instant),
  /** The reading, less what was charged since. */
  estimated_balance: v.nullable(v.number()),
  /** Less what is in doubt, too. */
  least_balance: v.nullable(v.number()),
  /** Charged in the last 24 hours. */
  credits_a_day: v.nullable(v.number()),
  /** When the least balance is gone at that rate; null when nothing was charged. */
  gone_at: v.nullable(Instant),
});

export type UsageView = v.InferOutput<typeof UsageView>;
export type LatencyView = v.InferOutput<typeof LatencyView>;
export type InvoiceLine = v.InferOutput<typeof InvoiceLine>;
export type InvoiceAdjustment = v.InferOutput<typeof InvoiceAdjustment>;
export type InvoiceDocument = v.InferOutput<typeof InvoiceDocument>;
export type InvoiceView = v.InferOutput<typeof InvoiceView>;
export type ListedInvoice = v.InferOutput<typeof ListedInvoice>;
export type QuotaView = v.InferOutput<typeof QuotaView>;
export type ReadingView = v.InferOutput<typeof ReadingView>;
export type BalanceView = v.InferOutput<typeof BalanceView>;

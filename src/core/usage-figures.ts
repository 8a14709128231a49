import type { InvoiceLine, UsageView } from "./statement-resources.ts";
import { daysFrom } from "./utc.ts";

/** What the rollup counts. */
export type Counts = Pick<
  InvoiceLine,
  "calls" | "credits_charged" | "credits_on_own_key" | "credits_in_doubt" | "hits" | "credits_saved"
>;

/** Counts with what follows from them. */
export type Figures = Counts & Pick<InvoiceLine, "hit_ratio">;

/** UTC days, both included. */
export type Span = Pick<UsageView, "from" | "to">;

export type UsageAsked = Span & Pick<UsageView, "group">;

export type HitsByTier = UsageView["total"]["hits_by_tier"];

/** What a tenant used, and what a thousand credits cost it beyond its quota, cents. */
export type BookedUsage = {
  readonly rows: readonly (Counts & { readonly group: string; readonly hits_by_tier: HitsByTier })[];
  readonly centsPerThousand: number;
};

const NOTHING: Counts = {
  calls: 0,
  credits_charged: 0,
  credits_on_own_key: 0,
  credits_in_doubt: 0,
  hits: 0,
  credits_saved: 0,
};

const NO_HITS: HitsByTier = { memory: 0, colo: 0, redis: 0, joined: 0, stale: 0 };

/** The sum of all counts. */
export function sumOf(rows: readonly Counts[]): Counts {
  return rows.reduce((sum: Counts, row) => combined(sum, row, add), NOTHING);
}

/** What `one` has more than `other`. */
export function lessCounts(one: Counts, other: Counts): Counts {
  return combined(one, other, (a, b) => a - b);
}

/** Whether all counts are zero. */
export function isNothing(counts: Counts): boolean {
  return Object.values(countsOf(counts)).every((count) => count === 0);
}

/** The charged credits that the platform paid for: what is on the tenant's own key it has paid itself. */
export function platformCredits({ credits_charged, credits_on_own_key }: Counts): number {
  return credits_charged - credits_on_own_key;
}

/** The counts with their hit ratio: hits of hits and calls together. */
export function figuresOf(counts: Counts): Figures {
  const { calls, hits } = counts;
  const asked = hits + calls;
  return { ...countsOf(counts), hit_ratio: asked === 0 ? null : Math.round((hits / asked) * 1e4) / 1e4 };
}

/** What `/v1/usage` answers. A day without usage has a row all the same: a chart wants none missing. */
export function usageOf(asked: UsageAsked, { rows, centsPerThousand }: BookedUsage): UsageView {
  const worthOf = (counts: Counts, hits_by_tier: HitsByTier) => ({
    ...figuresOf(counts),
    hits_by_tier,
    // One division of whole numbers, so that the decimals are exact.
    amount_cents: (platformCredits(counts) * centsPerThousand) / 1_000,
  });
  const used = new Map(rows.map((row) => [row.group, row]));
  const groups = asked.group === "day" ? daysFrom(asked.from, asked.to) : [...used.keys()];
  const rowOf = (group: string) => {
    const counts = used.get(group) ?? { ...NOTHING, hits_by_tier: NO_HITS };
    return { group, ...worthOf(counts, counts.hits_by_tier) };
  };
  const tiers = rows.reduce((sum, row) => addTiers(sum, row.hits_by_tier), NO_HITS);
  return { ...asked, data: groups.map(rowOf), total: worthOf(sumOf(rows), tiers) };
}

function addTiers(one: HitsByTier, other: HitsByTier): HitsByTier {
  return {
    memory: one.memory + other.memory,
    colo: one.colo + other.colo,
    redis: one.redis + other.redis,
    joined: one.joined + other.joined,
    stale: one.stale + other.stale,
  };
}

/** Without what else a row has. */
function countsOf(row: Counts): Counts {
  return combined(row, NOTHING, add);
}

function add(a: number, b: number): number {
  return a + b;
}

function combined(one: Counts, other: Counts, combine: (a: number, b: number) => number): Counts {
  return {
    calls: combine(one.calls, other.calls),
    credits_charged: combine(one.credits_charged, other.credits_charged),
    credits_on_own_key: combine(one.credits_on_own_key, other.credits_on_own_key),
    credits_in_doubt: combine(one.credits_in_doubt, other.credits_in_doubt),
    hits: combine(one.hits, other.hits),
    credits_saved: combine(one.credits_saved, other.credits_saved),
  };
}

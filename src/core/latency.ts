import type { LatencyView } from "./statement-resources.ts";
import type { Span } from "./usage-figures.ts";
import { LATENCY_TIERS, type LatencyTier } from "./usage.ts";

/**
 * The longest of each bucket, whole milliseconds: 0, and then half octaves, so that two neighbours differ by a factor of 1.5 at most. What is
 * longer than the last counts in the last. Counts are kept by these indices: a bound that changes makes another figure of what was counted before.
 */
export const BUCKETS_MS: readonly number[] = [
  0,
  1,
  ...Array.from({ length: 29 }, (_, halves) => Math.round(2 ** (1 + halves / 2))),
];

const LAST = BUCKETS_MS.length - 1;

/** Requests by bucket, so many as the index has. */
export type Buckets = readonly { readonly bucket: number; readonly requests: number }[];

/** What the books have of a tenant's requests, in any order; of a tier that is not known here, too. */
export type BookedLatency = { readonly rows: readonly ({ readonly tier: string } & Buckets[number])[] };

/** Which bucket a duration counts in. */
export function bucketOf(ms: number): number {
  const found = BUCKETS_MS.findIndex((longestMs) => ms <= longestMs);
  return found < 0 ? LAST : found;
}

/**
 * The duration that this part of the requests took no longer than, whole milliseconds; null of none. Within its bucket they are taken to lie
 * evenly, so it is off by less than the bucket is wide.
 */
export function quantileMs(buckets: Buckets, part: number): number | null {
  const rank = part * countOf(buckets);
  let before = 0;
  for (const { bucket, requests } of buckets.toSorted((one, other) => one.bucket - other.bucket)) {
    if (requests > 0 && before + requests >= rank) return withinMs(bucket, (rank - before) / requests);
    before += requests;
  }
  return null;
}

/** What `/v1/latency` answers: of each tier that served anything, nearest first, and of all together. */
export function latencyOf(span: Span, { rows }: BookedLatency): LatencyView {
  const known = rows.filter(({ tier }) => isTier(tier));
  const data = LATENCY_TIERS.map((tier) => ({ group: tier, ...figuresOf(known.filter((row) => row.tier === tier)) }));
  return { ...span, data: data.filter(({ count }) => count > 0), total: figuresOf(known) };
}

function figuresOf(rows: Buckets): LatencyView["total"] {
  const [p50_ms, p95_ms, p99_ms] = [quantileMs(rows, 0.5), quantileMs(rows, 0.95), quantileMs(rows, 0.99)];
  return { count: countOf(rows), p50_ms, p95_ms, p99_ms };
}

function countOf(buckets: Buckets): number {
  return buckets.reduce((sum, { requests }) => sum + requests, 0);
}

function withinMs(bucket: number, part: number): number {
  const longestMs = BUCKETS_MS[Math.min(bucket, LAST)] ?? 0;
  const shortestMs = Math.min(longestMs, (BUCKETS_MS[Math.min(bucket, LAST) - 1] ?? -1) + 1);
  return Math.round(shortestMs + (longestMs - shortestMs) * part);
}

function isTier(tier: string): tier is LatencyTier {
  return LATENCY_TIERS.some((known) => known === tier);
}

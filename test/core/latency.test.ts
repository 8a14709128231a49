import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUCKETS_MS, bucketOf, latencyOf, quantileMs } from "../../src/core/latency.ts";

/** Requests that took so long, as they are counted. */
function counted(durationsMs: readonly number[]) {
  return [...Map.groupBy(durationsMs, bucketOf)].map(([bucket, each]) => ({ bucket, requests: each.length }));
}

describe("a duration", () => {
  it.each([
    { ms: 0, longestMs: 0, because: "a hit in memory waits for nothing, and the clock stands still" },
    { ms: 1, longestMs: 1, because: "a bucket of its own is what short ones are told apart by" },
    { ms: 5, longestMs: 6, because: "half octaves begin to be wider than a millisecond" },
    { ms: 750, longestMs: 1_024, because: "that is what the upstream takes" },
    { ms: 32_769, longestMs: 32_768, because: "nobody waits so long, and it must count somewhere" },
    { ms: 0.5, longestMs: 1, because: "it is more than nothing" },
    { ms: -3, longestMs: 0, because: "a clock may be set back" },
  ])("of $ms ms counts up to $longestMs: $because", ({ ms, longestMs }) => {
    expect(BUCKETS_MS[bucketOf(ms)]).toBe(longestMs);
  });

  it("never counts in a bucket more than half as wide again as the one before, so that no figure is off by more", () => {
    const ratios = BUCKETS_MS.map((longestMs, at) => longestMs / (BUCKETS_MS[at - 1] ?? 0)).slice(3);
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1.5);
    expect(BUCKETS_MS).toEqual([...new Set(BUCKETS_MS)].toSorted((one, other) => one - other));
  });
});

describe("a quantile", () => {
  it.each([
    { of: [], part: 0.5, is: null, because: "of no requests nobody knows" },
    { of: [0, 0, 0, 0], part: 0.95, is: 0, because: "none waited" },
    { of: [2, 2, 2, 750], part: 0.5, is: 2, because: "most took that, and their bucket is a millisecond wide" },
    { of: [700], part: 1, is: 724, because: "one alone is taken for the longest of its bucket" },
    { of: [600, 600, 600, 600], part: 0.5, is: 619, because: "four lie evenly between 513 and 724" },
  ])("$part of $of is $is: $because", ({ of, part, is }) => expect(quantileMs(counted(of), part)).toBe(is));

  it("lies in the bucket of the true one, whatever the order of the rows, and grows with its part", () => {
    const durations = fc.array(fc.nat({ max: 30_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (durationsMs, part) => {
        const sorted = durationsMs.toSorted((one, other) => one - other);
        const trueMs = sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
        const buckets = counted(durationsMs);
        const found = quantileMs(buckets, part) ?? -1;
        expect(bucketOf(found)).toBe(bucketOf(trueMs));
        expect(quantileMs(buckets.toReversed(), part)).toBe(found);
        expect(quantileMs(buckets, part / 2)).toBeLessThanOrEqual(found);
      }),
    );
  });
});

it("the latency of a tenant is that of each tier that served anything, nearest first, and of all together", () => {
  const rows = [
    { tier: "upstream", bucket: bucketOf(750), requests: 1 },
    { tier: "memory", bucket: 0, requests: 8 },
    { tier: "redis", bucket: bucketOf(4), requests: 1 },
    // Of a newer version.
    { tier: "orbit", bucket: 5, requests: 100 },
  ];
  const span = { from: "2026-11-01", to: "2026-11-30" };
  expect(latencyOf(span, { rows })).toEqual({
    ...span,
    data: [
      { group: "memory", count: 8, p50_ms: 0, p95_ms: 0, p99_ms: 0 },
      { group: "redis", count: 1, p50_ms: 4, p95_ms: 4, p99_ms: 4 },
      { group: "upstream", count: 1, p50_ms: 875, p95_ms: 1_009, p99_ms: 1_021 },
    ],
    total: { count: 10, p50_ms: 0, p95_ms: 875, p99_ms: 994 },
  });
});

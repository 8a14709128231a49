import { expect, it } from "vitest";
import { coldest, heated, rateOf } from "../../src/core/heat.ts";

const NOON = 1_800_000_000_000;
const HALF_LIFE = 1_800_000;
const now = { nowMs: NOON, halfLifeMs: HALF_LIFE };

/** Requests that are still counted of a heat at a time. */
const counted = (heat: number, nowMs: number) => (rateOf(heat, nowMs, HALF_LIFE) * HALF_LIFE) / Math.LN2;

it.each([
  { requests: 1, afterMs: 0, is: 1, because: "one request is one" },
  { requests: 8, afterMs: 0, is: 8, because: "many at once are as many" },
  { requests: 8, afterMs: HALF_LIFE, is: 4, because: "they count half as much after a half-life" },
  { requests: 8, afterMs: 3 * HALF_LIFE, is: 1, because: "and half of that after another" },
  { requests: 1_000_000, afterMs: 0, is: 1_000_000, because: "a crowd loses nothing to rounding" },
])("$requests requests are $is after $afterMs ms: $because", ({ requests, afterMs, is }) => {
  expect(counted(heated(undefined, requests, now), NOON + afterMs) / is).toBeCloseTo(1, 6);
});

it("adds to what older requests have cooled down to", () => {
  const later = { ...now, nowMs: NOON + HALF_LIFE };
  expect(counted(heated(heated(undefined, 8, now), 2, later), later.nowMs)).toBeCloseTo(6, 6);
});

it("comes to the rate of an even load, so that requests to come can be told from it", () => {
  const everyMs = 60_000;
  let heat: number | undefined;
  let nowMs = NOON;
  for (; nowMs < NOON + 20 * HALF_LIFE; nowMs += everyMs) heat = heated(heat, 1, { ...now, nowMs });
  expect(rateOf(heat ?? 0, nowMs, HALF_LIFE) * everyMs).toBeCloseTo(1, 1);
});

it("is of no interest when one request counts for a thousandth", () => {
  const heat = heated(undefined, 1, now);
  expect(heat).toBeGreaterThan(coldest(NOON + 9 * HALF_LIFE, HALF_LIFE));
  expect(heat).toBeLessThan(coldest(NOON + 11 * HALF_LIFE, HALF_LIFE));
});

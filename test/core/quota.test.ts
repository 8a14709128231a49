import { describe, expect, it } from "vitest";
import { burstWindow, quotaWindow, quotaWindows } from "../../src/core/quota.ts";

const NOW = Date.parse("2026-12-31T18:00:00Z");

describe("the windows of a quota", () => {
  it("end with the UTC day and month of the clock that counts them", () => {
    expect(quotaWindows({ daily: 10, monthly: 100 }, { daily: 4, monthly: 40 }, NOW)).toEqual([
      { policy: "daily", limit: 10, used: 4, remaining: 6, resets_at: "2027-01-01T00:00:00.000Z" },
      { policy: "monthly", limit: 100, used: 40, remaining: 60, resets_at: "2027-01-01T00:00:00.000Z" },
    ]);
  });

  it("are of the month that holds the time, whichever was asked for before: a month ends exclusively", () => {
    const newYear = Date.parse("2027-01-01T00:00:00Z");
    const monthAt = (atMs: number) => new Date(quotaWindow("monthly", atMs).startMs).toISOString().slice(0, 7);
    expect([newYear - 1, newYear, newYear - 1, NOW, newYear + 1].map(monthAt)).toEqual([
      "2026-12",
      "2027-01",
      "2026-12",
      "2026-12",
      "2027-01",
    ]);
  });

  it("have nothing left of no quota, which is not zero, and zero of one that was lowered", () => {
    const [daily, monthly] = quotaWindows({ daily: null, monthly: 30 }, { daily: 4, monthly: 40 }, NOW);
    expect(daily).toMatchObject({ limit: null, used: 4, remaining: null });
    expect(monthly).toMatchObject({ limit: 30, used: 40, remaining: 0 });
  });
});

describe("the burst", () => {
  const bucket = { capacity: 600, refill: 10, everyMs: 1_000 };
  it.each([
    { tokens: 600, agoMs: 0, remaining: 600, inMs: 0, because: "it is full" },
    { tokens: 100, agoMs: 0, remaining: 100, inMs: 1_000, because: "the next come in a second" },
    { tokens: 100, agoMs: 2_500, remaining: 120, inMs: 500, because: "two refills came since" },
    { tokens: 100, agoMs: 86_400_000, remaining: 600, inMs: 0, because: "it holds no more than its capacity" },
    { tokens: 100, agoMs: -5_000, remaining: 100, inMs: 6_000, because: "another isolate's clock is ahead" },
  ])("of $tokens tokens $agoMs ms ago holds $remaining: $because", ({ tokens, agoMs, remaining, inMs }) => {
    expect(burstWindow(bucket, { tokens, atMs: NOW - agoMs }, NOW)).toEqual({
      policy: "burst",
      limit: 600,
      used: 600 - remaining,
      remaining,
      resets_at: new Date(NOW + inMs).toISOString(),
    });
  });
});

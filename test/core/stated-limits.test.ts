import { describe, expect, it } from "vitest";
import { statedQuotas, statedUpstream } from "../../src/core/stated-limits.ts";

const nowMs = Date.UTC(2026, 10, 30, 18);

describe("the quotas that a tenant has", () => {
  it("are stated with what is left and until when, by the ledger's clock and not the isolate's", () => {
    const spending = { spent: { daily: 4_999, monthly: 5_100 }, nowMs };
    const [daily, monthly] = statedQuotas({ daily: 5_000, monthly: 10_000 }, nowMs + 300_000, spending);
    expect(daily).toEqual({
      policy: "daily",
      quota: 5_000,
      windowSeconds: 86_400,
      left: { remaining: 1, seconds: 21_600 },
    });
    expect(monthly).toMatchObject({ windowSeconds: 30 * 86_400, left: { remaining: 4_900, seconds: 21_600 } });
  });

  it("are stated without figures where nobody asked the ledger, because figures are never invented", () => {
    expect(statedQuotas({ daily: 5_000, monthly: null }, nowMs, undefined)).toEqual([
      { policy: "daily", quota: 5_000, windowSeconds: 86_400, left: null },
    ]);
  });

  it("have nothing left and no less, when more was spent than a quota that was lowered", () => {
    const spending = { spent: { daily: 700, monthly: 700 }, nowMs };
    expect(statedQuotas({ daily: null, monthly: 500 }, nowMs, spending)).toMatchObject([{ left: { remaining: 0 } }]);
  });

  it("are none for a tenant on a key of its own", () => {
    expect(statedQuotas({ daily: null, monthly: null }, nowMs, { spent: { daily: 1, monthly: 1 }, nowMs })).toEqual([]);
  });
});

it("states of an upstream key without room its cap and when to ask again, in seconds that are never too few", () => {
  expect(statedUpstream(200, 1_001)).toEqual({
    policy: "upstream",
    quota: 200,
    windowSeconds: 60,
    left: { remaining: 0, seconds: 2 },
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { figuresOf, usageOf } from "../../src/core/usage-figures.ts";
import { HIT_TIERS } from "../../src/core/usage.ts";

const counts = { calls: 0, credits_charged: 0, credits_on_own_key: 0, credits_in_doubt: 0, hits: 0, credits_saved: 0 };

it.each([
  { calls: 0, hits: 0, is: null, because: "nothing was asked" },
  { calls: 1, hits: 2, is: 0.6667, because: "two of three were hits" },
  { calls: 5, hits: 0, is: 0, because: "none was a hit" },
  { calls: 0, hits: 5, is: 1, because: "all were hits" },
])("$hits hits and $calls calls have the ratio $is: $because", ({ calls, hits, is }) => {
  expect(figuresOf({ ...counts, calls, hits }).hit_ratio).toBe(is);
});

describe("usage", () => {
  const hits_by_tier = { memory: 0, colo: 0, redis: 0, joined: 0, stale: 0 };
  const used = { ...counts, hits_by_tier };
  const november = { from: "2026-11-28", to: "2026-11-30" };

  it("has every day, for a chart wants none missing", () => {
    const rows = [{ ...used, group: "2026-11-29", calls: 1, credits_charged: 1 }];
    const { data, total } = usageOf({ ...november, group: "day" }, { rows, centsPerThousand: 100 });
    expect(data.map(({ group, calls }) => [group, calls])).toEqual([
      ["2026-11-28", 0],
      ["2026-11-29", 1],
      ["2026-11-30", 0],
    ]);
    expect(total).toEqual({ ...used, calls: 1, credits_charged: 1, hit_ratio: 0, amount_cents: 0.1 });
  });

  it("has no endpoint that was not used", () => {
    const rows = [{ ...used, group: "/userid/", hits: 1 }];
    const { data } = usageOf({ ...november, group: "endpoint" }, { rows, centsPerThousand: 100 });
    expect(data.map(({ group }) => group)).toEqual(["/userid/"]);
  });

  it("is worth nothing where the tenant paid the upstream itself", () => {
    const rows = [{ ...used, group: "/userid/", calls: 5, credits_charged: 5, credits_on_own_key: 3 }];
    const { data, total } = usageOf({ ...november, group: "endpoint" }, { rows, centsPerThousand: 1_000 });
    expect([data[0]?.amount_cents, total.amount_cents]).toEqual([2, 2]);
  });

  it("adds up: the total is the sum of the rows, the amount to a thousandth of a cent", () => {
    const count = fc.nat({ max: 1_000_000_000 });
    const row = fc.record({
      group: fc.string(),
      calls: count,
      credits_charged: fc.nat({ max: 1_000_000_000 }).map((credits) => credits + 1_000),
      credits_on_own_key: fc.nat({ max: 1_000 }),
      credits_in_doubt: count,
      hits: count,
      credits_saved: count,
      hits_by_tier: fc.record({ memory: count, colo: count, redis: count, joined: count, stale: count }),
    });
    const rows = fc.uniqueArray(row, { selector: ({ group }) => group, maxLength: 29 });
    fc.assert(
      fc.property(rows, fc.nat({ max: 999 }), (rows, centsPerThousand) => {
        const { data, total } = usageOf({ ...november, group: "endpoint" }, { rows, centsPerThousand });
        for (const name of [
          "calls",
          "credits_charged",
          "credits_on_own_key",
          "credits_in_doubt",
          "hits",
          "credits_saved",
        ] as const)
          expect(total[name]).toBe(data.reduce((sum, row) => sum + row[name], 0));
        for (const tier of HIT_TIERS)
          expect(total.hits_by_tier[tier]).toBe(rows.reduce((sum, row) => sum + row.hits_by_tier[tier], 0));
        expect(data.map((row) => row.hits_by_tier)).toEqual(rows.map((row) => row.hits_by_tier));
        const thousandths = data.reduce((sum, { amount_cents }) => sum + Math.round(amount_cents * 1_000), 0);
        expect(Math.round(total.amount_cents * 1_000)).toBe(thousandths);
        expect(String(total.amount_cents)).toMatch(/^\d+(?:\.\d{1,3})?$/);
      }),
    );
  });
});

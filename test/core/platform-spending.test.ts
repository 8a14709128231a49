import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SpentFacts } from "../../src/core/platform-ports.ts";
import { spendingOf } from "../../src/core/platform-spending.ts";

const asked = {
  upstreamCentsPerThousand: 10,
  limit: 50,
  publicTenantId: undefined,
  nowMs: Date.parse("2026-11-22T12:00:00Z"),
};
const NONE = { calls: 0, credits_charged: 0, credits_on_own_key: 0, credits_in_doubt: 0, hits: 0, credits_saved: 0 };

function tenant(counts: Partial<typeof NONE> = {}, changes: Partial<SpentFacts> = {}): SpentFacts {
  return {
    tenant_id: "0199c0de-0000-7000-8000-00000000000a",
    tenant: "Acme",
    status: "active",
    terms: { plan: "pro", key_mode: "shared", included_credits: 250_000, overage_cents_per_thousand_credits: 100 },
    monthly_price_cents: 4_900,
    trial_ends_at: null,
    created_month: "2026-10",
    deleted_month: null,
    last_closed_month: null,
    lines: [{ endpoint: "", ...NONE, ...counts }],
    arrears: [],
    ...changes,
  };
}

describe("what a tenant is worth in this month", () => {
  it.each([
    { of: {}, is: [4_900, 4_900, 0, 4_900], because: "its price is all margin while it spends nothing" },
    { of: { credits_charged: 250_000 }, is: [4_900, 4_900, 2_500, 2_400], because: "what its price includes costs" },
    { of: { credits_charged: 251_000 }, is: [4_900, 5_000, 2_510, 2_490], because: "overage is paid, and costs" },
    { of: { credits_charged: 7 }, is: [4_900, 4_900, 0.07, 4_899.93], because: "a part of a cent is a cost" },
    {
      of: { credits_charged: 900_000, credits_on_own_key: 900_000 },
      is: [4_900, 4_900, 0, 4_900],
      because: "what it paid itself neither costs nor earns",
    },
    { of: { credits_in_doubt: 1_000 }, is: [4_900, 4_900, 0, 4_900], because: "what is in doubt stands beside" },
  ])("is $is of $of: $because", ({ of, is }) => {
    const [row] = spendingOf([tenant(of)], asked).data;
    expect([row?.price_cents, row?.amount_cents, row?.upstream_cents, row?.margin_cents]).toEqual(is);
  });

  it.each([
    { changes: { trial_ends_at: "2026-12-01T00:00:00Z" }, because: "a trial covers it to its end" },
    { changes: { deleted_month: "2026-10" }, because: "it was gone before" },
    {
      changes: { terms: { ...tenant().terms, included_credits: null }, monthly_price_cents: 0 },
      because: "it is free",
    },
  ])("may be less than nothing when $because", ({ changes }) => {
    const [row] = spendingOf([tenant({ credits_charged: 30_000 }, changes)], asked).data;
    expect([row?.amount_cents, row?.margin_cents]).toEqual([0, -300]);
  });

  it("is a cost alone of the platform's own tenant, because nobody pays its invoice", () => {
    const of = { ...asked, publicTenantId: tenant().tenant_id };
    const [row] = spendingOf([tenant({ credits_charged: 260_000 })], of).data;
    expect([row?.price_cents, row?.amount_cents, row?.margin_cents]).toEqual([0, 0, -2_600]);
  });

  it("has no adjustments, because what they are of cost another month", () => {
    const arrear = {
      of_month: "2026-10",
      booked: { ...NONE, calls: 1 },
      invoiced: NONE,
      invoiced_cents: -500,
      terms: null,
    };
    expect(spendingOf([tenant({}, { arrears: [arrear] })], asked).data[0]?.amount_cents).toBe(4_900);
  });
});

it("adds up over all tenants, those that are not listed among them, to a thousandth of a cent", () => {
  const count = fc.nat({ max: 10_000_000 });
  fc.assert(
    fc.property(fc.array(count, { maxLength: 20 }), fc.nat({ max: 99 }), (credits, upstreamCentsPerThousand) => {
      const tenants = credits.map((credits_charged) => tenant({ credits_charged, calls: 1 }));
      const of = { ...asked, upstreamCentsPerThousand };
      const { data, total } = spendingOf(tenants, { ...of, limit: 20 });
      expect(spendingOf(tenants, { ...of, limit: 3 }).total).toEqual(total);
      expect(spendingOf(tenants, { ...of, limit: 3 }).data).toEqual(data.slice(0, 3));
      expect([total.tenants, total.calls]).toEqual([data.length, data.length]);
      const thousandths = data.reduce((sum, row) => sum + Math.round(row.margin_cents * 1_000), 0);
      expect(Math.round(total.margin_cents * 1_000)).toBe(thousandths);
      const { amount_cents, upstream_cents, margin_cents } = total;
      expect(margin_cents).toBeCloseTo(amount_cents - upstream_cents, 3);
    }),
  );
});

import { invoiceOf } from "./invoice.ts";
import type { SpentFacts } from "./platform-ports.ts";
import type { SpendingView, TenantSpending } from "./platform-resources.ts";
import { platformCredits } from "./usage-figures.ts";
import { monthOf } from "./utc.ts";

type Asked = {
  /** What a thousand credits cost at the upstream, cents. */
  readonly upstreamCentsPerThousand: number;
  /** How many tenants are listed. */
  readonly limit: number;
  readonly nowMs: number;
  /** The platform's own tenant, who pays nobody. */
  readonly publicTenantId: string | undefined;
};

const NOTHING = {
  calls: 0,
  hits: 0,
  credits_charged: 0,
  credits_on_own_key: 0,
  credits_in_doubt: 0,
  amount_cents: 0,
  upstream_cents: 0,
  margin_cents: 0,
};

/** What `/v1/platform/spending` answers, from tenants in order of what they spent. */
export function spendingOf(tenants: readonly SpentFacts[], asked: Asked): SpendingView {
  const rows = tenants.map((tenant) => spentBy(tenant, asked));
  return {
    month: monthOf(asked.nowMs),
    upstream_cents_per_thousand_credits: asked.upstreamCentsPerThousand,
    data: rows.slice(0, asked.limit),
    total: { tenants: rows.length, ...rows.reduce(add, NOTHING) },
  };
}

/** Adjustments are of other months, and so of other months' costs. */
function spentBy(tenantFacts: SpentFacts, { upstreamCentsPerThousand, nowMs, publicTenantId }: Asked): TenantSpending {
  const facts = tenantFacts.tenant_id === publicTenantId ? forNothing(tenantFacts) : tenantFacts;
  const { tenant_id, tenant, total, ...invoice } = invoiceOf({ ...facts, arrears: [] }, monthOf(nowMs), nowMs);
  const { calls, hits, credits_charged, credits_on_own_key, credits_in_doubt } = total;
  // Thousandths of a cent are whole numbers, which add up exactly.
  const cost = platformCredits(total) * upstreamCentsPerThousand;
  const whose = { tenant_id, tenant, status: facts.status, plan: invoice.plan, price_cents: invoice.price_cents };
  return {
    ...whose,
    calls,
    hits,
    credits_charged,
    credits_on_own_key,
    credits_in_doubt,
    amount_cents: invoice.amount_cents,
    upstream_cents: cost / 1_000,
    margin_cents: (invoice.amount_cents * 1_000 - cost) / 1_000,
  };
}

function forNothing(facts: SpentFacts): SpentFacts {
  const terms = { ...facts.terms, overage_cents_per_thousand_credits: 0 };
  return { ...facts, terms, monthly_price_cents: 0 };
}

function add(sum: typeof NOTHING, row: TenantSpending): typeof NOTHING {
  return {
    calls: sum.calls + row.calls,
    hits: sum.hits + row.hits,
    credits_charged: sum.credits_charged + row.credits_charged,
    credits_on_own_key: sum.credits_on_own_key + row.credits_on_own_key,
    credits_in_doubt: sum.credits_in_doubt + row.credits_in_doubt,
    amount_cents: sum.amount_cents + row.amount_cents,
    upstream_cents: addCents(sum.upstream_cents, row.upstream_cents),
    margin_cents: addCents(sum.margin_cents, row.margin_cents),
  };
}

/** To a thousandth, whatever binary fractions make of it. */
function addCents(one: number, other: number): number {
  return Math.round((one + other) * 1_000) / 1_000;
}

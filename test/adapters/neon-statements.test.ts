import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { neonStatements } from "../../src/adapters/neon-statements.ts";
import { closedInvoice, invoiceOf } from "../../src/core/invoice.ts";
import type { Statements } from "../../src/core/statement-ports.ts";
import { InvoiceView } from "../../src/core/statement-resources.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { ABSENT } from "../support/sample-acts.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const none = { calls: 0, credits_charged: 0, credits_on_own_key: 0, credits_in_doubt: 0, hits: 0, credits_saved: 0 };
const CLOSES_NOV = Date.parse("2026-12-04T00:00:00Z");

let database: NeonTenancy;
let statements: Statements;
beforeAll(async () => {
  database = await neonTenancy();
  statements = neonStatements({ rw: database.connectAs("rw"), ops: database.connectAs("ops") });
  // Far east of UTC, where a month taken in the session's zone begins nine hours early.
  await database.owner.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Tokyo'`);
});
beforeEach(async () => {
  await database.owner.query(`
    ALTER TABLE app.invoices DISABLE TRIGGER append_only; DELETE FROM app.invoices; ALTER TABLE app.invoices ENABLE ALWAYS TRIGGER append_only;
    DELETE FROM app.usage_daily_rollup; DELETE FROM app.past_terms; DELETE FROM app.latency_daily; DELETE FROM app.key_usage_daily;
    UPDATE app.tenants SET created_at = '2026-11-10T08:00:00Z', deleted_at = NULL, plan = 'pro', key_mode = 'shared',
      active_upstream_key_id = NULL, tiklive_key_last4 = NULL, trial_ends_at = NULL`);
});
afterAll(() => database.close());

/** Adds to the rollup, as the consumer does when something comes in: counts in the order of its columns, of which the last may be left out. */
async function spend(day: string, endpoint: string, counts: readonly number[], tenantId = TENANT_A): Promise<void> {
  await database.owner.query(
    `INSERT INTO app.usage_daily_rollup AS r VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (tenant_id, day, endpoint) DO UPDATE SET calls = r.calls + excluded.calls,
       credits_charged = r.credits_charged + excluded.credits_charged,
       credits_in_doubt = r.credits_in_doubt + excluded.credits_in_doubt, hits = r.hits + excluded.hits,
       credits_saved = r.credits_saved + excluded.credits_saved,
       credits_on_own_key = r.credits_on_own_key + excluded.credits_on_own_key`,
    [tenantId, day, endpoint, ...counts.slice(0, 5), counts[5] ?? 0],
  );
}

async function invoiced(month: string, nowMs: number, tenantId = TENANT_A) {
  const found = await statements.invoice(tenantId, month);
  if (found === undefined) throw new Error("there is no such tenant");
  return found.closed ?? { ...invoiceOf(found.facts, month, nowMs), checksum: null };
}

async function close(month: string, nowMs: number, tenantId = TENANT_A): Promise<boolean> {
  const found = await statements.invoice(tenantId, month);
  if (found === undefined) throw new Error("there is no such tenant");
  return statements.keep(await closedInvoice(found.facts, month, nowMs));
}

describe("usage", () => {
  beforeEach(async () => {
    await spend("2026-11-10", "/userid/", [2, 1, 1, 3, 3]);
    await spend("2026-11-10", "/user-posts/", [1, 1, 0, 0, 0]);
    await spend("2026-11-12", "/userid/", [1, 1, 0, 0, 0]);
    await spend("2026-11-12", "/userid/", [9, 9, 9, 9, 9], TENANT_B);
  });

  it("is summed by UTC day, both ends included", async () => {
    await database.owner
      .query(`UPDATE app.usage_daily_rollup SET hits_memory = 16, hits_colo = 8, hits_redis = 4, hits_joined = 2,
      hits_stale = 1 WHERE day = '2026-11-10'`);
    const used = await statements.usage(TENANT_A, { from: "2026-11-10", to: "2026-11-12", group: "day" });
    expect(used).toEqual({
      centsPerThousand: 100,
      rows: [
        {
          group: "2026-11-10",
          ...none,
          calls: 3,
          credits_charged: 2,
          credits_in_doubt: 1,
          hits: 3,
          credits_saved: 3,
          // Of both endpoints.
          hits_by_tier: { memory: 32, colo: 16, redis: 8, joined: 4, stale: 2 },
        },
        {
          group: "2026-11-12",
          ...none,
          calls: 1,
          credits_charged: 1,
          hits_by_tier: { memory: 0, colo: 0, redis: 0, joined: 0, stale: 0 },
        },
      ],
    });
  });

  it("is summed by endpoint, and leaves out other days", async () => {
    const used = await statements.usage(TENANT_A, { from: "2026-11-11", to: "2026-11-30", group: "endpoint" });
    expect(used?.rows.map(({ group, calls }) => [group, calls])).toEqual([["/userid/", 1]]);
  });

  it("tells apart what was spent on the tenant's own key, and stays after the tenant was deleted", async () => {
    await spend("2026-11-10", "/userid/", [4, 4, 0, 0, 0, 3]);
    await database.owner.query("UPDATE app.tenants SET deleted_at = now()");
    const used = await statements.usage(TENANT_A, { from: "2026-11-10", to: "2026-11-10", group: "endpoint" });
    expect(used?.rows).toMatchObject([
      { group: "/user-posts/", credits_charged: 1, credits_on_own_key: 0 },
      { group: "/userid/", credits_charged: 5, credits_on_own_key: 3 },
    ]);
  });

  it("is summed by gateway key from counts of its own, over the days that are asked for", async () => {
    const count = (tenantId: string, day: string, keyId: string) =>
      database.owner.query("INSERT INTO app.key_usage_daily VALUES ($1, $2, $3, 1, 2, 3, 31, 4, 1, 16, 8, 4, 2, 1)", [
        tenantId,
        day,
        keyId,
      ]);
    for (const day of ["2026-11-09", "2026-11-10", "2026-11-12", "2026-11-13"]) await count(TENANT_A, day, "one");
    await count(TENANT_A, "2026-11-11", "two");
    await count(TENANT_B, "2026-11-11", "two");
    const used = await statements.usage(TENANT_A, { from: "2026-11-10", to: "2026-11-12", group: "key" });
    const counts = {
      calls: 1,
      credits_charged: 2,
      credits_in_doubt: 3,
      hits: 31,
      credits_saved: 4,
      credits_on_own_key: 1,
      hits_by_tier: { memory: 16, colo: 8, redis: 4, joined: 2, stale: 1 },
    };
    const twice = {
      calls: 2,
      credits_charged: 4,
      credits_in_doubt: 6,
      hits: 62,
      credits_saved: 8,
      credits_on_own_key: 2,
      hits_by_tier: { memory: 32, colo: 16, redis: 8, joined: 4, stale: 2 },
    };
    expect(used?.rows).toEqual([
      { group: "one", ...twice },
      { group: "two", ...counts },
    ]);
  });

  it("is beside how long requests took, summed over the days that are asked for", async () => {
    const count = (tenantId: string, day: string, tier: string, bucket: number) =>
      database.owner.query("INSERT INTO app.latency_daily VALUES ($1, $2, $3, $4, 5)", [tenantId, day, tier, bucket]);
    for (const day of ["2026-11-09", "2026-11-10", "2026-11-12", "2026-11-13"]) await count(TENANT_A, day, "redis", 2);
    await count(TENANT_A, "2026-11-11", "redis", 3);
    await count(TENANT_B, "2026-11-11", "memory", 0);
    expect(await statements.latency(TENANT_A, { from: "2026-11-10", to: "2026-11-12" })).toEqual({
      rows: [
        { tier: "redis", bucket: 2, requests: 10 },
        { tier: "redis", bucket: 3, requests: 5 },
      ],
    });
  });

  it("is nothing of a tenant that never was", async () => {
    expect(await statements.latency(ABSENT, { from: "2026-11-01", to: "2026-11-30" })).toBeUndefined();
    expect(await statements.usage(ABSENT, { from: "2026-11-01", to: "2026-11-30", group: "day" })).toBeUndefined();
    expect(await statements.invoice(ABSENT, "2026-11")).toBeUndefined();
    expect(await statements.invoiceMonths(ABSENT)).toBeUndefined();
  });
});

describe("an invoice", () => {
  it("is what the rollup says of the month, by endpoint", async () => {
    await spend("2026-11-10", "/userid/", [2, 1, 1, 6, 6]);
    await spend("2026-11-30", "/userid/", [0, 0, 0, 1, 1]);
    await spend("2026-11-12", "/user-posts/", [250_003, 250_003, 0, 0, 0]);
    await spend("2026-12-01", "/userid/", [7, 7, 7, 7, 7]);
    const invoice = await invoiced("2026-11", Date.parse("2026-11-20T00:00:00Z"));
    expect(v.parse(v.strictObject(InvoiceView.entries), invoice)).toEqual(invoice);
    expect(invoice).toMatchObject({
      tenant: "A",
      status: "open",
      number: 1,
      plan: "pro",
      lines: [
        { endpoint: "/user-posts/", calls: 250_003, hit_ratio: 0 },
        { endpoint: "/userid/", calls: 2, credits_charged: 1, credits_in_doubt: 1, hits: 7, hit_ratio: 0.7778 },
      ],
      total: { calls: 250_005, credits_charged: 250_004, credits_in_doubt: 1, hits: 7, credits_saved: 7 },
      price_cents: 4_900,
      overage_credits: 4,
      overage_cents: 0,
      amount_cents: 4_900,
    });
  });

  it("never moves once it is closed: what comes in late is an adjustment on the next one", async () => {
    await spend("2026-11-12", "/userid/", [250_000, 250_000, 0, 0, 0]);
    expect(await close("2026-11", CLOSES_NOV)).toBe(true);
    const before = await invoiced("2026-11", CLOSES_NOV);
    expect(before).toMatchObject({ status: "closed", closed_at: "2026-12-04T00:00:00.000Z", amount_cents: 4_900 });

    await spend("2026-11-30", "/userid/", [15, 15, 1, 0, 0]);
    await spend("2026-11-30", "/user-posts/", [10, 10, 0, 4, 4]);
    const now = Date.parse("2026-12-20T00:00:00Z");
    expect(await invoiced("2026-11", now)).toEqual(before);
    const late = { calls: 25, credits_charged: 25, credits_in_doubt: 1, hits: 4, credits_saved: 4, amount_cents: 2 };
    const december = await invoiced("2026-12", now);
    expect(december).toMatchObject({ adjustments: [{ of_month: "2026-11", ...late }], amount_cents: 4_902, number: 2 });

    await close("2026-12", Date.parse("2027-01-04T00:00:00Z"));
    await spend("2026-11-30", "/userid/", [5, 5, 0, 0, 0]);
    const january = await invoiced("2027-01", Date.parse("2027-01-05T00:00:00Z"));
    expect(january.adjustments).toMatchObject([{ of_month: "2026-11", credits_charged: 5, amount_cents: 1 }]);
  });

  it("has adjustments on the month that closes next alone, because two invoices would bill them twice", async () => {
    await close("2026-11", CLOSES_NOV);
    await spend("2026-11-30", "/userid/", [1, 1, 0, 0, 0]);
    const now = Date.parse("2027-01-02T00:00:00Z");
    expect(await invoiced("2026-12", now)).toMatchObject({ status: "closing", adjustments: [{ of_month: "2026-11" }] });
    expect(await invoiced("2027-01", now)).toMatchObject({ status: "open", adjustments: [] });
  });

  it("has a line for each time that something came in, though it were twice the same", async () => {
    await spend("2026-11-12", "/userid/", [250_000, 250_000, 0, 0, 0]);
    await close("2026-11", CLOSES_NOV);
    for (const closes of ["2026-12", "2027-01", "2027-02"]) {
      await spend("2026-11-30", "/userid/", [10, 10, 0, 0, 0]);
      const { adjustments } = await invoiced(closes, Date.parse("2027-06-01T00:00:00Z"));
      expect(adjustments, closes).toMatchObject([{ of_month: "2026-11", credits_charged: 10, amount_cents: 1 }]);
      await close(closes, Date.parse("2027-06-01T00:00:00Z"));
    }
  });

  it("takes what was spent on the month's first day for its own, and adjusts nothing by it", async () => {
    await close("2026-11", CLOSES_NOV);
    await spend("2026-12-01", "/userid/", [3, 3, 0, 0, 0]);
    const december = await invoiced("2026-12", Date.parse("2026-12-20T00:00:00Z"));
    expect(december).toMatchObject({ adjustments: [], total: { calls: 3 } });
  });

  it("has none of what was spent on an own key, though it comes late and the tenant is deleted and so on none", async () => {
    await spend("2026-11-12", "/userid/", [900_000, 900_000, 0, 0, 0, 649_000]);
    await database.owner.query("UPDATE app.tenants SET deleted_at = '2026-11-20T00:00:00Z'");
    const november = await invoiced("2026-11", CLOSES_NOV);
    expect(november).toMatchObject({
      overage_credits: 1_000,
      overage_cents: 100,
      total: { credits_on_own_key: 649_000 },
    });
    await close("2026-11", CLOSES_NOV);
    await spend("2026-11-12", "/userid/", [50_000, 50_000, 0, 0, 0, 50_000]);
    expect((await invoiced("2026-12", CLOSES_NOV)).adjustments).toMatchObject([
      { of_month: "2026-11", credits_charged: 50_000, credits_on_own_key: 50_000, amount_cents: 0 },
    ]);
  });

  it("takes in what was booked before the tenant's first month, for the ledger's clock may be behind", async () => {
    await spend("2026-10-31", "/userid/", [2, 2, 0, 0, 0]);
    expect(await invoiced("2026-11", CLOSES_NOV)).toMatchObject({
      adjustments: [{ of_month: "2026-10", calls: 2, amount_cents: 0 }],
    });
  });

  it("goes by the plan and the trial that held when the month ended, because what is changed while it closes is of the next one", async () => {
    const change = (until: string, plan: string) =>
      database.owner.query("INSERT INTO app.past_terms VALUES ($1, $2, $3)", [TENANT_A, until, plan]);
    const billed = async (month: string) => {
      const { plan, amount_cents, included_credits } = await invoiced(month, CLOSES_NOV);
      return [plan, amount_cents, included_credits];
    };
    await change("2026-11-30T23:59:59.999Z", "free");
    await change("2026-12-02T00:00:00Z", "enterprise");
    await change("2026-12-03T00:00:00Z", "free");
    expect([await billed("2026-11"), await billed("2026-12")]).toEqual([
      ["enterprise", 49_900, null],
      ["pro", 4_900, 250_000],
    ]);
    await database.owner.query("UPDATE app.past_terms SET trial_ends_at = '2026-12-01Z' WHERE plan = 'enterprise'");
    expect(await billed("2026-11")).toEqual(["enterprise", 0, null]);
    expect((await invoiced("2026-11", CLOSES_NOV, TENANT_B)).plan).toBe("pro");
  });

  it("takes a change at the very end of the month for the next one's", async () => {
    await database.owner.query("INSERT INTO app.past_terms VALUES ($1, '2026-12-01T00:00:00Z', 'free')", [TENANT_A]);
    expect((await invoiced("2026-11", CLOSES_NOV)).plan).toBe("free");
    expect((await invoiced("2026-12", CLOSES_NOV)).plan).toBe("pro");
  });

  it("prices what comes in late as its own month was priced, whatever the plan is now and costs now", async () => {
    await spend("2026-11-12", "/userid/", [250_000, 250_000, 0, 0, 0]);
    await close("2026-11", CLOSES_NOV);
    await spend("2026-11-12", "/userid/", [1_000, 1_000, 0, 0, 0]);
    await database.owner.query("UPDATE app.tenants SET plan = 'free'");
    expect((await invoiced("2026-12", CLOSES_NOV)).adjustments).toMatchObject([{ amount_cents: 100 }]);
  });

  it("begins with the UTC month that the tenant was made in, wherever the session is", async () => {
    await database.owner.query("UPDATE app.tenants SET created_at = '2026-10-31T20:00:00Z'");
    expect(await statements.due(CLOSES_NOV, 1)).toMatchObject([{ month: "2026-10" }]);
    expect((await statements.invoiceMonths(TENANT_A))?.lifetime.created_month).toBe("2026-10");
  });

  it("is kept once, whoever closes it and how often", async () => {
    const kept = await Promise.all(Array.from({ length: 5 }, () => close("2026-11", CLOSES_NOV)));
    expect(kept.filter(Boolean)).toHaveLength(1);
    expect((await statements.invoiceMonths(TENANT_A))?.closed).toMatchObject([{ month: "2026-11", number: 1 }]);
  });

  it("is no other tenant's", async () => {
    await close("2026-11", CLOSES_NOV);
    expect((await statements.invoiceMonths(TENANT_B))?.closed).toEqual([]);
    expect((await statements.invoice(TENANT_B, "2026-11"))?.closed).toBeNull();
  });
});

describe("what is due", () => {
  const due = (now: string) => statements.due(Date.parse(now), 10);

  it("is each tenant's next month, once it has ended so long ago", async () => {
    expect(await due("2026-11-30T23:59:59Z")).toEqual([]);
    expect(await due("2026-12-01T00:00:00Z")).toEqual([
      { tenantId: TENANT_A, month: "2026-11" },
      { tenantId: TENANT_B, month: "2026-11" },
    ]);
    await close("2026-11", CLOSES_NOV);
    expect(await due("2027-02-01T00:00:00Z")).toEqual([
      { tenantId: TENANT_B, month: "2026-11" },
      { tenantId: TENANT_A, month: "2026-12" },
    ]);
    expect(await statements.due(CLOSES_NOV, 1)).toHaveLength(1);
  });

  it("ends two months after a tenant was deleted, when nothing comes in for it any more", async () => {
    await database.owner.query("UPDATE app.tenants SET deleted_at = '2026-11-30T23:59:59Z' WHERE id = $1", [TENANT_A]);
    const months: string[] = [];
    for (;;) {
      const next = (await due("2027-12-01T00:00:00Z")).find(({ tenantId }) => tenantId === TENANT_A);
      if (next === undefined) break;
      months.push(next.month);
      await close(next.month, CLOSES_NOV);
    }
    expect(months).toEqual(["2026-11", "2026-12", "2027-01"]);
  });
});

import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { MONTHS_AFTER_DELETION } from "../core/invoice.ts";
import type { Lifetime } from "../core/invoice.ts";
import type { ClosedMonth, DueInvoice, Statements } from "../core/statement-ports.ts";
import type { BookedLatency } from "../core/latency.ts";
import type { BookedUsage, Span, UsageAsked } from "../core/usage-figures.ts";
import { HIT_TIERS } from "../core/usage.ts";
import { asOperator, query, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { all, firstDay, LIFETIME, monthText, selectInvoice, SUMS, tenantWithPlan, utc } from "./neon-invoice-facts.ts";
import { iso, rowsOf } from "./neon-rows.ts";

export type StatementsSettings = {
  /** As `app_rw`: one tenant's books. */
  readonly rw: Database;
  /** As `app_ops`, who sees of all tenants which months are closed. */
  readonly ops: Database;
};

type Months = { readonly lifetime: Lifetime; readonly closed: readonly ClosedMonth[] };

/** Usage and invoices in Postgres, from the rollup alone. */
export function neonStatements({ rw, ops }: StatementsSettings): Statements {
  const readOne = async <Row>(tenantId: string, select: SQL<Row>): Promise<Row | undefined> => {
    const [{ rows }] = await withTenant(rw, tenantId, [rowsOf(select)]);
    return rows[0]?.row;
  };
  return {
    usage: (tenantId, asked) => readOne(tenantId, selectUsage(tenantId, asked)),
    latency: (tenantId, span) => readOne(tenantId, selectLatency(tenantId, span)),
    invoiceMonths: (tenantId) => readOne(tenantId, selectMonths(tenantId)),
    invoice: (tenantId, month) => readOne(tenantId, selectInvoice(tenantId, month)),
    async keep(invoice) {
      const { checksum, ...document } = invoice;
      const [{ rows }] = await withTenant(rw, invoice.tenant_id, [
        query(sql`
          INSERT INTO app.invoices (tenant_id, month, number, document, checksum, closed_at)
          VALUES (${invoice.tenant_id}, ${firstDay(invoice.month)}, ${invoice.number}, ${JSON.stringify(document)}::jsonb,
                  ${checksum}, ${invoice.closed_at})
          ON CONFLICT DO NOTHING RETURNING month`),
      ]);
      return rows.length > 0;
    },
    async due(endedBeforeMs, limit) {
      const [{ rows }] = await asOperator(ops, null, [query<DueInvoice>(selectDue(endedBeforeMs, limit))]);
      return rows;
    },
  };
}

const TIERS = sql.raw(HIT_TIERS.map((tier) => `'${tier}', sum(hits_${tier})`).join(", "));

function selectUsage(tenantId: string, { from, to, group }: UsageAsked): SQL<BookedUsage> {
  const key = { day: sql`to_char(day, 'YYYY-MM-DD')`, endpoint: sql`endpoint`, key: sql`key_id` }[group];
  const counts = group === "key" ? sql`app.key_usage_daily` : sql`app.usage_daily_rollup`;
  const rows = sql`
    SELECT ${key} AS "group", ${SUMS}, jsonb_build_object(${TIERS}) AS hits_by_tier FROM ${counts}
    WHERE tenant_id = ${tenantId} AND day BETWEEN ${from}::date AND ${to}::date GROUP BY 1 ORDER BY 1`;
  return sql`
    SELECT ${all(rows)} AS rows, p.overage_cents_per_thousand_credits AS "centsPerThousand"
    FROM ${tenantWithPlan(tenantId)}`;
}

function selectLatency(tenantId: string, { from, to }: Span): SQL<BookedLatency> {
  const rows = sql`
    SELECT tier, bucket, sum(requests) AS requests FROM app.latency_daily
    WHERE tenant_id = ${tenantId} AND day BETWEEN ${from}::date AND ${to}::date GROUP BY tier, bucket ORDER BY tier, bucket`;
  return sql`SELECT ${all(rows)} AS rows FROM app.tenants t WHERE t.id = ${tenantId}`;
}

function selectMonths(tenantId: string): SQL<Months> {
  const closed = sql`
    SELECT ${monthText(sql`month`)} AS month, number, ${iso("closed_at")} AS closed_at, document -> 'amount_cents' AS amount_cents, checksum
    FROM app.invoices WHERE tenant_id = ${tenantId} ORDER BY invoices.month DESC`;
  return sql`SELECT ${LIFETIME} AS lifetime, ${all(closed)} AS closed FROM app.tenants t WHERE t.id = ${tenantId}`;
}

function selectDue(endedBeforeMs: number, limit: number): SQL {
  return sql`
    SELECT id AS "tenantId", ${monthText(sql`month`)} AS month FROM (
      SELECT t.id, ${utc("t.deleted_at")} AS deleted_at, coalesce(
        (SELECT max(i.month) + interval '1 month' FROM app.invoices i WHERE i.tenant_id = t.id),
        date_trunc('month', ${utc("t.created_at")})) AS month
      FROM app.tenants t) AS next
    WHERE month + interval '1 month' <= to_timestamp(${endedBeforeMs / 1_000}) AT TIME ZONE 'UTC'
      AND (deleted_at IS NULL OR month <= date_trunc('month', deleted_at) + ${MONTHS_AFTER_DELETION} * interval '1 month')
    ORDER BY month, id LIMIT ${limit}`;
}

import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { InvoiceFacts } from "../core/invoice.ts";
import type { InvoiceView } from "../core/statement-resources.ts";
import { iso } from "./neon-rows.ts";

/** What the books say of a month, and its invoice if it is closed. */
export type FoundInvoice = { readonly facts: InvoiceFacts; readonly closed: InvoiceView | null };

const COUNTS = ["calls", "credits_charged", "credits_on_own_key", "credits_in_doubt", "hits", "credits_saved"];
/** Of rows of the rollup, under their own names. */
export const SUMS = sql.raw(COUNTS.map((count) => `sum(${count}) AS ${count}`).join(", "));
const NAMES = sql.raw(COUNTS.join(", "));
const TYPED = sql.raw(COUNTS.map((count) => `${count} bigint`).join(", "));

/** As a date of Postgres. */
export const firstDay = (month: string): SQL => sql`${`${month}-01`}::date`;
/** As `2026-11`. */
export const monthText = (column: SQL): SQL => sql`to_char(${column}, 'YYYY-MM')`;
/** A time without its zone, as it is in UTC whatever the session's is. */
export const utc = (column: string): SQL => sql.raw(`(${column} AT TIME ZONE 'UTC')`);
/** An array, also of nothing. */
export const all = (rows: SQL): SQL => sql`(SELECT coalesce(jsonb_agg(listed), '[]') FROM (${rows}) AS listed)`;

/** Of a tenant `t`. */
export const LIFETIME = sql`jsonb_build_object('created_month', ${monthText(utc("t.created_at"))},
  'deleted_month', ${monthText(utc("t.deleted_at"))})`;

/** Of a tenant `t` on a plan `p`. */
export const TERMS = sql`jsonb_build_object('plan', p.name, 'key_mode', t.key_mode, 'included_credits', p.monthly_quota,
  'overage_cents_per_thousand_credits', p.overage_cents_per_thousand_credits)`;

/** `t` with its plan `p`. */
export function tenantWithPlan(tenantId: string): SQL {
  return sql`app.tenants t JOIN app.plans p ON p.name = t.plan WHERE t.id = ${tenantId}`;
}

/** `t` with the plan `p` and the trial that it had when the month ended: what was changed since is of later months. */
function tenantAtEndOf(month: string, tenantId: string): SQL {
  const ended = sql`(${firstDay(month)} + interval '1 month') AT TIME ZONE 'UTC'`;
  const then = sql`
    SELECT plan, trial_ends_at FROM app.past_terms
    WHERE tenant_id = t.id AND until >= ${ended} ORDER BY until LIMIT 1`;
  const now = sql`SELECT t.plan, t.trial_ends_at WHERE NOT EXISTS (${then})`;
  return sql`app.tenants t CROSS JOIN LATERAL ((${then}) UNION ALL ${now}) AS terms JOIN app.plans p ON p.name = terms.plan
    WHERE t.id = ${tenantId}`;
}

/** In one statement, so that lines, arrears and what is closed are of one moment. */
export function selectInvoice(tenantId: string, month: string): SQL<FoundInvoice> {
  const lines = sql`
    SELECT endpoint, ${SUMS} FROM app.usage_daily_rollup
    WHERE tenant_id = ${tenantId} AND day >= ${firstDay(month)} AND day < (${firstDay(month)} + interval '1 month')::date
    GROUP BY endpoint ORDER BY endpoint`;
  return sql`
    SELECT ${LIFETIME} || jsonb_build_object('tenant_id', t.id, 'tenant', t.name, 'terms', ${TERMS},
             'monthly_price_cents', p.monthly_price_cents, 'trial_ends_at', ${iso("terms.trial_ends_at")},
             'last_closed_month', (SELECT ${monthText(sql`max(month)`)} FROM app.invoices WHERE tenant_id = t.id),
             'lines', ${all(lines)}, 'arrears', ${all(selectArrears(tenantId, month))}) AS facts,
           (SELECT document || jsonb_build_object('checksum', checksum) FROM app.invoices
            WHERE tenant_id = t.id AND invoices.month = ${firstDay(month)}) AS closed
    FROM ${tenantAtEndOf(month, tenantId)}`;
}

/** Past months of which the rollup says another thing than their invoice and all adjustments to it. */
function selectArrears(tenantId: string, month: string): SQL {
  return sql`
    WITH booked AS (
      SELECT date_trunc('month', day::timestamp)::date AS month, ${SUMS} FROM app.usage_daily_rollup
      WHERE tenant_id = ${tenantId} AND day < ${firstDay(month)} GROUP BY 1
    ), billed AS (
      SELECT i.month, total.*, (document ->> 'overage_cents')::bigint AS cents
      FROM app.invoices i, jsonb_to_record(document -> 'total') AS total(${TYPED}) WHERE tenant_id = ${tenantId}
      UNION ALL
      SELECT (of_month || '-01')::date, ${NAMES}, amount_cents
      FROM app.invoices i, jsonb_to_recordset(document -> 'adjustments') AS late(of_month text, ${TYPED}, amount_cents bigint)
      WHERE tenant_id = ${tenantId}
    ), invoiced AS (SELECT month, ${SUMS}, sum(cents) AS cents FROM billed GROUP BY month)
    SELECT ${monthText(sql`b.month`)} AS of_month, to_jsonb(b) - 'month' AS booked,
           ${countsOr0("i")} AS invoiced, coalesce(i.cents, 0) AS invoiced_cents,
           CASE WHEN own.document IS NOT NULL THEN ${TERMS_OF_INVOICE} END AS terms
    FROM booked b LEFT JOIN invoiced i ON i.month = b.month
    LEFT JOIN app.invoices own ON own.tenant_id = ${tenantId} AND own.month = b.month
    WHERE to_jsonb(b) - 'month' <> ${countsOr0("i")}
    ORDER BY b.month`;
}

const TERMS_OF_INVOICE = sql`jsonb_build_object('plan', own.document -> 'plan', 'key_mode', own.document -> 'key_mode',
  'included_credits', own.document -> 'included_credits',
  'overage_cents_per_thousand_credits', own.document -> 'overage_cents_per_thousand_credits')`;

function countsOr0(table: string): SQL {
  return sql.raw(
    `jsonb_build_object(${COUNTS.map((count) => `'${count}', coalesce(${table}.${count}, 0)`).join(", ")})`,
  );
}

import { sql } from "drizzle-orm";
import type { Booked, Spent, SpendingBooks, TenantStatus } from "../core/ledger.ts";
import { asOperator, query, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";

export type SpendingSettings = {
  /** As `app_rw`: one tenant's. */
  readonly rw: Database;
  /** As `app_ops`, who sees the sums of the current month of all tenants. */
  readonly ops: Database;
};

type Row = Spent & { readonly tenantId: string; readonly status: TenantStatus; readonly day: string };

/** What was spent, summed from the rollup, in the UTC day and month of Postgres' clock whatever the session's time zone is. */
export function neonSpending({ rw, ops }: SpendingSettings): SpendingBooks {
  return {
    async of(tenantId) {
      const [{ rows }] = await withTenant(rw, tenantId, [
        query<Row>(sql`
          SELECT ${WHOSE}, ${SUMS} FROM app.tenants t LEFT JOIN app.usage_daily_rollup r ON r.tenant_id = t.id AND ${THIS_MONTH}
          WHERE t.id = ${tenantId} GROUP BY t.id`),
      ]);
      return rows.map(booked)[0];
    },
    async all(after, limit) {
      const [{ rows }] = await asOperator(ops, null, [
        query<Row>(sql`
          SELECT ${WHOSE}, ${SUMS} FROM app.tenants t JOIN app.usage_daily_rollup r ON r.tenant_id = t.id AND ${THIS_MONTH}
          WHERE ${after}::uuid IS NULL OR t.id > ${after}::uuid
          GROUP BY t.id HAVING sum(r.credits_charged + r.credits_in_doubt) > 0 ORDER BY t.id LIMIT ${limit}`),
      ]);
      return rows.map(booked);
    },
  };
}

const TODAY = sql`(now() AT TIME ZONE 'UTC')::date`;
const FIRST_OF_MONTH = sql`date_trunc('month', now() AT TIME ZONE 'UTC')::date`;

/** Of a day that is ahead of Postgres' clock too: the ledger's may be ahead. */
const THIS_MONTH = sql`r.day >= ${FIRST_OF_MONTH} AND r.day < (${FIRST_OF_MONTH} + interval '1 month')::date`;

const WHOSE = sql`t.id AS "tenantId", CASE WHEN t.deleted_at IS NULL THEN t.status ELSE 'deleted' END AS status,
  to_char(${TODAY}, 'YYYY-MM-DD') AS day`;

/** What is in doubt counts: the upstream may have taken it. As floats, for the driver reads a bigint as text. */
const SUMS = sql`
  coalesce(sum(r.credits_charged + r.credits_in_doubt) FILTER (WHERE r.day = ${TODAY}), 0)::float8 AS daily,
  coalesce(sum(r.credits_charged + r.credits_in_doubt), 0)::float8 AS monthly`;

function booked({ daily, monthly, ...whose }: Row): Booked {
  return { ...whose, spent: { daily, monthly } };
}

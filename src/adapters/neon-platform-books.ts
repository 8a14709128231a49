import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { PlatformBooks, SpentFacts, Waiting } from "../core/platform-ports.ts";
import { asOperator, type Database } from "./neon-database.ts";
import { all, LIFETIME, SUMS, TERMS, utc } from "./neon-invoice-facts.ts";
import { iso, milliseconds, rowsOf } from "./neon-rows.ts";

/** What the operator sees of all tenants, as `app_ops`: sums of the current month, and of what waits that it does and since when. */
export function neonPlatformBooks(database: Database): PlatformBooks {
  return {
    async spending(most) {
      const [{ rows }] = await asOperator(database, null, [rowsOf(selectSpending(most))]);
      return rows.map(({ row }) => row.facts);
    },
    async backlog() {
      const [{ rows }] = await asOperator(database, null, [rowsOf(BACKLOG)]);
      return rows.map(({ row }) => row);
    },
  };
}

const FIRST_OF_MONTH = sql`date_trunc('month', now() AT TIME ZONE 'UTC')`;
const STATUS = sql`CASE WHEN t.deleted_at IS NULL THEN t.status ELSE 'deleted' END`;

/** A tenant has one line, of all endpoints. */
function selectSpending(most: number): SQL<{ facts: SpentFacts }> {
  const line = sql`SELECT '' AS endpoint, ${SUMS} FROM app.usage_daily_rollup r
    WHERE r.tenant_id = t.id AND r.day >= ${FIRST_OF_MONTH}::date AND r.day < (${FIRST_OF_MONTH} + interval '1 month')::date
    HAVING count(*) > 0`;
  return sql`
    SELECT ${LIFETIME} || jsonb_build_object('tenant_id', t.id, 'tenant', t.name, 'status', ${STATUS}, 'terms', ${TERMS},
             'monthly_price_cents', p.monthly_price_cents, 'trial_ends_at', ${iso("t.trial_ends_at")},
             'last_closed_month', NULL, 'lines', spent.lines, 'arrears', '[]'::jsonb) AS facts
    FROM app.tenants t JOIN app.plans p ON p.name = t.plan CROSS JOIN LATERAL (SELECT ${all(line)} AS lines) AS spent
    WHERE t.deleted_at IS NULL OR ${utc("t.deleted_at")} >= ${FIRST_OF_MONTH}
    ORDER BY (spent.lines -> 0 ->> 'credits_charged')::bigint DESC NULLS LAST, t.id LIMIT ${most}`;
}

const BACKLOG = sql<Waiting>`
  SELECT 'webhook-events' AS name, count(*) AS waiting, ${milliseconds(sql`min(created_at)`)} AS "sinceMs"
  FROM app.webhook_events WHERE announced_at IS NULL
  UNION ALL
  SELECT 'webhook-deliveries', count(*), ${milliseconds(sql`min(due_at)`)}
  FROM app.webhook_deliveries WHERE status = 'pending' AND due_at < now()
  UNION ALL
  SELECT 'dead-messages', count(*), ${milliseconds(sql`min(buried_at)`)}
  FROM app.dead_messages WHERE replayed_at IS NULL AND dropped_at IS NULL`;

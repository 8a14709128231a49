import { sql, type SQL } from "drizzle-orm";

/** What a tenant on the platform's keys may spend by its plan; having fallen back to them, by the free one. */
const quotaOfPlan = (column: string): SQL =>
  sql`CASE t.key_mode WHEN 'shared' THEN (
    SELECT ${sql.raw(`p.${column}`)} FROM app.plans p
    WHERE p.name = CASE WHEN t.fell_back_at IS NULL THEN t.plan ELSE 'free' END) END`;

/** The quotas in effect of the tenant `t`, credits; null is no such quota. The one place that says so: statements, alerts and views agree. */
export const DAILY_QUOTA = quotaOfPlan("daily_quota");
export const MONTHLY_QUOTA = sql`COALESCE(t.monthly_quota, ${quotaOfPlan("monthly_quota")})`;

import { sql, type SQL } from "drizzle-orm";
import { DAILY_QUOTA, MONTHLY_QUOTA } from "./neon-quotas.ts";

/**
 * Makes consumers of one tenant sum one after another. Two of them that each add to another row of the rollup would otherwise not see each
 * other's, and neither the threshold that only both together reach. A statement of its own, after the usage was added: the next one then
 * sees what was committed while this one waited. Nobody waits for a tenant without a quota.
 */
export function lockAlerts(tenantId: string): SQL {
  return sql`
    SELECT pg_advisory_xact_lock(hashtextextended('quota.threshold ' || t.id, 0)) FROM app.tenants t
    WHERE t.id = ${tenantId} AND ${COALESCED} IS NOT NULL`;
}

const COALESCED = sql`COALESCE(${DAILY_QUOTA}, ${MONTHLY_QUOTA})`;

/**
 * Notes the thresholds that a tenant has reached of its quotas, each once per window, and returns the events that are to be told: of
 * several reached at once the highest alone, for the lower ones would say nothing more. Only windows that are open now: nobody can act on
 * one that is over. What is in doubt counts, as it does against the quota. Once told is told: a quota raised in the midst of a window
 * makes no threshold of that window new.
 */
export function noteThresholds(tenantId: string): SQL {
  return sql`
    WITH spent AS (
      SELECT t.id AS tenant_id, w.*, (SELECT coalesce(sum(credits_charged + credits_in_doubt), 0) FROM app.usage_daily_rollup r
                   WHERE r.tenant_id = t.id AND r.day >= w.starts_on AND r.day < w.ends_on) AS used
      FROM app.tenants t
      CROSS JOIN (SELECT (now() AT TIME ZONE 'UTC')::date AS today, date_trunc('month', now() AT TIME ZONE 'UTC')::date AS first) AS clock
      CROSS JOIN LATERAL (VALUES
        ('daily', ${DAILY_QUOTA}, today, today + 1),
        ('monthly', ${MONTHLY_QUOTA}, first, (first + interval '1 month')::date)
      ) AS w (name, quota, starts_on, ends_on)
      WHERE t.id = ${tenantId} AND t.deleted_at IS NULL AND w.quota > 0
    ), reached AS (
      SELECT spent.*, threshold, threshold < max(threshold) OVER (PARTITION BY name) AS is_passed
      FROM spent CROSS JOIN unnest(ARRAY[50, 80, 100]) AS threshold WHERE used * 100 >= quota::bigint * threshold
    ), noted AS (
      INSERT INTO app.webhook_events (tenant_id, id, type, data, announced_at)
      SELECT tenant_id, ${THRESHOLD_ID}, 'quota.threshold', jsonb_build_object(
        'window', name, 'window_start', ${instant("starts_on")}, 'threshold', threshold,
        'credits_used', used, 'quota', quota, 'resets_at', ${instant("ends_on")}), CASE WHEN is_passed THEN now() END
      FROM reached ORDER BY 2 ON CONFLICT DO NOTHING RETURNING id, announced_at
    )
    SELECT id FROM noted WHERE announced_at IS NULL`;
}

const instant = (day: string) => sql.raw(`to_char(${day}::timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

/** A UUIDv7 (RFC 9562, section 5.7) that is the same whoever makes it: the window's start, and a digest of what is told where an id is random. */
const THRESHOLD_ID = sql`(
  lpad(to_hex((extract(epoch FROM starts_on::timestamp) * 1000)::bigint), 12, '0') || (
    SELECT '7' || substr(digest, 1, 3) || '8' || substr(digest, 4, 15)
    FROM encode(sha256(convert_to(concat_ws(' ', 'quota.threshold', tenant_id, name, threshold), 'UTF8')), 'hex') AS digest)
)::uuid`;

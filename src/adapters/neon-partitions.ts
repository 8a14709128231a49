import { sql } from "drizzle-orm";
import type { PartitionGaps, Partitions } from "../core/upkeep-ports.ts";
import { asOperator, query, type Database } from "./neon-database.ts";

/** The months of usage as the catalogue has them, read as `app_ops`, who owns none and so can make none. */
export function neonPartitions(database: Database): Partitions {
  return {
    async gaps() {
      const [{ rows }] = await asOperator(database, null, [query<PartitionGaps>(GAPS)]);
      return rows[0] ?? { missing: [], inDefault: 0 };
    },
  };
}

/**
 * Events are looked for between the months alone: PostgreSQL leaves out the partitions that cannot hold such a time, but would read every
 * event there is if asked for those of one partition.
 */
const GAPS = sql`
  WITH made AS (
    SELECT to_date(relname, '"usage_events_"YYYY_MM')::timestamp AS month
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'app.usage_events'::regclass AND relname ~ '^usage_events_[0-9]{4}_[0-9]{2}$'
  ), needed AS (
    SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month' AS month FROM generate_series(0, 3) AS ahead
  ), unmade AS (
    SELECT coalesce(lag(month) OVER (ORDER BY month) + interval '1 month', '-infinity') AS since, month AS until FROM made
    UNION ALL SELECT coalesce(max(month) + interval '1 month', '-infinity'), 'infinity' FROM made
  )
  SELECT (SELECT coalesce(json_agg(to_char(month, 'YYYY-MM') ORDER BY month), '[]') FROM needed
          WHERE month NOT IN (SELECT month FROM made)) AS missing,
         (SELECT LEAST(sum(events), 10000) FROM unmade CROSS JOIN LATERAL (
            SELECT count(*) AS events FROM (
              SELECT FROM app.usage_events WHERE tableoid = 'app.usage_events_default'::regclass
                AND occurred_at >= since AT TIME ZONE 'UTC' AND occurred_at < until AT TIME ZONE 'UTC' LIMIT 10000) AS waiting) AS counted
          WHERE since < until)::int AS "inDefault"`;

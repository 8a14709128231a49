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

const GAPS = sql`
  WITH made AS (
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'app.usage_events'::regclass
  ), months AS (
    SELECT month FROM generate_series(0, 3) AS ahead
    CROSS JOIN LATERAL (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month' AS month) AS counted
  )
  SELECT (SELECT coalesce(json_agg(to_char(month, 'YYYY-MM') ORDER BY month), '[]') FROM months
          WHERE to_char(month, '"usage_events_"YYYY_MM') NOT IN (SELECT relname FROM made)) AS missing,
         (SELECT count(*) FROM (SELECT FROM app.usage_events WHERE tableoid = 'app.usage_events_default'::regclass LIMIT 10000) AS waiting)::int
           AS "inDefault"`;

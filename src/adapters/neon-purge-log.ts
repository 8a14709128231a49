import { sql, type SQL } from "drizzle-orm";
import { PLATFORM } from "../core/act.ts";
import type { PurgeLog } from "../core/purge.ts";
import { neonActs } from "./neon-acts.ts";
import { withTenant, type Database } from "./neon-database.ts";

/** Purges in Postgres, as `app_rw`, to which the platform is one tenant among others. */
export function neonPurgeLog(database: Database): PurgeLog {
  const perform = neonActs(database, withTenant);
  return {
    note: (act, tenantId, ownViewAtMs) => perform(act, { tenantId, change: changeOf(tenantId, ownViewAtMs) }),
  };
}

function changeOf(tenantId: string, ownViewAtMs: number | null): SQL {
  if (tenantId === PLATFORM) return sql`WITH act AS (SELECT true AS noted)`;
  const there = sql`id = ${tenantId} AND deleted_at IS NULL`;
  if (ownViewAtMs === null) return sql`WITH act AS (SELECT true AS noted FROM app.tenants WHERE ${there})`;
  // Of two purges at once the later one counts, whichever is noted last.
  return sql`WITH act AS (
      UPDATE app.tenants SET purged_at = GREATEST(purged_at, to_timestamp(${ownViewAtMs}::double precision / 1000))
      WHERE ${there} RETURNING true AS noted
    )`;
}

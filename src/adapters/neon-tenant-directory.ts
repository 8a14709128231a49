import { sql } from "drizzle-orm";
import type { Log } from "../core/ports.ts";
import type { TenantDirectory } from "../core/tenant-directory.ts";
import { windowsOf, type WindowSeconds } from "../core/tenant-windows.ts";
import type { Tenant } from "../core/tenant.ts";
import { DAILY_QUOTA, MONTHLY_QUOTA } from "./neon-quotas.ts";
import { withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { base64, milliseconds, rowsOf } from "./neon-rows.ts";

/**
 * Finds tenants in Postgres as `app_rw`, whose row-level security shows the one tenant named in the transaction. Says `unavailable`, and
 * logs why, when Postgres does not answer in time.
 */
export function neonTenantDirectory(database: Database, clock: () => number, log: Log): TenantDirectory {
  return {
    async find(tenantId) {
      // Before the query: what changes while it runs may not be in its answer, so a tenant is never older than it claims.
      const readAtMs = clock();
      try {
        const select = sql<TenantRow>`SELECT ${TENANT} FROM ${TENANTS} WHERE t.id = ${tenantId} AND t.deleted_at IS NULL`;
        const [{ rows }] = await withTenant(database, tenantId, [rowsOf(select)]);
        const [found] = rows;
        return found === undefined ? { kind: "absent" } : { kind: "found", tenant: toTenant(found.row), readAtMs };
      } catch (error) {
        log.error("tenant-directory-unavailable", { error });
        return { kind: "unavailable" };
      }
    },
  };
}

/** As Postgres keeps it: with windows of classes that another version knows. */
export type TenantRow = Omit<Tenant, "windows"> & { readonly windows: Readonly<Record<string, WindowSeconds>> };

/** What the data plane knows of a tenant, as columns of `TENANTS`. */
export const TENANT = sql<TenantRow>`t.id, t.name, t.plan, t.status, t.key_mode AS "keyMode", t.region, t.windows,
  COALESCE(t.cache_scope, CASE t.key_mode WHEN 'byo' THEN 'tenant' ELSE 'pool' END) AS "cacheScope",
  ${milliseconds(sql`t.trial_ends_at`)} AS "trialEndsAtMs", ${milliseconds(sql`t.purged_at`)} AS "purgedAtMs",
  jsonb_build_object('daily', ${DAILY_QUOTA}, 'monthly', ${MONTHLY_QUOTA}) AS quotas,
  jsonb_build_object('capacity', p.burst_capacity, 'refillPerSecond', p.burst_refill_per_second) AS burst,
  CASE WHEN u.id IS NOT NULL THEN jsonb_build_object(
    'id', u.id, 'tenantId', u.tenant_id, 'version', u.version, 'downloadTier', u.download_tier, 'kekVersion', u.kek_version,
    'wrapIv', ${base64("u.wrap_iv")}, 'wrappedKey', ${base64("u.wrapped_key")},
    'iv', ${base64("u.iv")}, 'ciphertext', ${base64("u.ciphertext")}) END AS "upstreamKey"`;

/** Tenants `t` with their plans and active keys. A key that was found invalid is none, though the tenant still points at it. */
export const TENANTS = sql`app.tenants t JOIN app.plans p ON p.name = t.plan
  LEFT JOIN app.upstream_keys u ON u.tenant_id = t.id AND u.id = t.active_upstream_key_id AND u.status = 'active'`;

/** The tenant in a row of those columns. */
export function toTenant({ windows, ...tenant }: TenantRow): Tenant {
  return { ...tenant, windows: windowsOf(windows) };
}

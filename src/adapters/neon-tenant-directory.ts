import { and, eq, isNull, sql, type SQL } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { plans, tenants, upstreamKeys } from "../../drizzle/schema.ts";
import type { Log } from "../core/ports.ts";
import type { TenantDirectory } from "../core/tenant-directory.ts";
import { windowsOf } from "../core/tenant-windows.ts";
import type { Tenant } from "../core/tenant.ts";
import { DAILY_QUOTA, MONTHLY_QUOTA } from "./neon-quotas.ts";
import { statement, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";

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
        const [rows] = await withTenant(database, tenantId, [selectTenant(tenantId)]);
        const row = rows[0];
        return row === undefined ? { kind: "absent" } : { kind: "found", tenant: toTenant(row), readAtMs };
      } catch (error) {
        log.error("tenant-directory-unavailable", { error });
        return { kind: "unavailable" };
      }
    },
  };
}

/** What the data plane knows of a tenant, where `tenants` is joined with its plan and its active key. */
export const TENANT_COLUMNS = {
  tenant: {
    id: tenants.id,
    name: tenants.name,
    plan: tenants.plan,
    status: tenants.status,
    keyMode: tenants.keyMode,
    region: tenants.region,
    cacheScope: sql<
      "pool" | "tenant"
    >`COALESCE(${tenants.cacheScope}, CASE ${tenants.keyMode} WHEN 'byo' THEN 'tenant' ELSE 'pool' END)`,
  },
  trialEndsAt: tenants.trialEndsAt,
  windows: tenants.windows,
  purgedAt: tenants.purgedAt,
  quotas: { daily: ofTenant(DAILY_QUOTA), monthly: ofTenant(MONTHLY_QUOTA) },
  burst: { capacity: plans.burstCapacity, refillPerSecond: plans.burstRefillPerSecond },
  upstreamKey: {
    id: upstreamKeys.id,
    tenantId: upstreamKeys.tenantId,
    version: upstreamKeys.version,
    downloadTier: upstreamKeys.downloadTier,
    kekVersion: upstreamKeys.kekVersion,
    wrapIv: base64(upstreamKeys.wrapIv),
    wrappedKey: base64(upstreamKeys.wrappedKey),
    iv: base64(upstreamKeys.iv),
    ciphertext: base64(upstreamKeys.ciphertext),
  },
};

/** How they are joined. A key that was found invalid is none, though the tenant still points at it. */
export const PLAN_OF_TENANT = eq(plans.name, tenants.plan);
export const ACTIVE_KEY_OF_TENANT = and(
  eq(upstreamKeys.tenantId, tenants.id),
  eq(upstreamKeys.id, tenants.activeUpstreamKeyId),
  eq(upstreamKeys.status, "active"),
);

function selectTenant(tenantId: string) {
  return statement
    .select(TENANT_COLUMNS)
    .from(tenants)
    .innerJoin(plans, PLAN_OF_TENANT)
    .leftJoin(upstreamKeys, ACTIVE_KEY_OF_TENANT)
    .where(and(eq(tenants.id, tenantId), isNull(tenants.deletedAt)));
}

export type TenantRow = Awaited<ReturnType<typeof selectTenant>>[number];

/** The tenant in a row of those columns. */
export function toTenant({ tenant, trialEndsAt, windows, purgedAt, quotas, burst, upstreamKey }: TenantRow): Tenant {
  return {
    ...tenant,
    quotas,
    burst,
    trialEndsAtMs: trialEndsAt?.getTime() ?? null,
    windows: windowsOf(windows),
    purgedAtMs: purgedAt?.getTime() ?? null,
    upstreamKey,
  };
}

function ofTenant(column: SQL) {
  return sql<number | null>`(SELECT ${column} FROM app.tenants t WHERE t.id = ${tenants.id})`;
}

/** PostgreSQL breaks base64 into lines of 76 characters (RFC 2045), which no decoder of base64 proper accepts. */
function base64(column: AnyPgColumn) {
  return sql<string>`translate(encode(${column}, 'base64'), E'\n', '')`;
}

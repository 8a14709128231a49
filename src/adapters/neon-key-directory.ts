import { and, arrayContains, eq, isNull, sql, type SQL } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { apiKeys, plans, tenants, upstreamKeys } from "../../drizzle/schema.ts";
import type { KeyDirectory, Log } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { DAILY_QUOTA, MONTHLY_QUOTA } from "./neon-quotas.ts";
import { statement, withKey, withOrigin } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";

/**
 * Finds gateway keys in Postgres as `app_auth`, whose row-level security shows the one key, or the keys of the one origin, named in the
 * transaction and what hangs on them. Says `unavailable`, and logs why, when Postgres does not answer in time: never `absent`, which
 * would be believed.
 */
export function neonKeyDirectory(database: Database, clock: () => number, log: Log): KeyDirectory {
  return {
    async find(keyId) {
      // Before the query: what changes while it runs may not be in its answer, so a record is never older than it claims.
      const readAtMs = clock();
      try {
        const [rows] = await withKey(database, keyId, [selectKey(keyId)]);
        const row = rows[0];
        return row === undefined ? { kind: "absent" } : { kind: "found", record: toRecord(row, readAtMs) };
      } catch (error) {
        log.error("key-directory-unavailable", { error });
        return { kind: "unavailable" };
      }
    },
    async knowsOrigin(origin) {
      try {
        const [rows] = await withOrigin(database, origin, [selectKeyOfOrigin(origin)]);
        return rows.length > 0 ? "known" : "unknown";
      } catch (error) {
        log.error("key-directory-unavailable", { error });
        return "unavailable";
      }
    },
  };
}

function selectKey(keyId: string) {
  return statement
    .select({
      keyId: apiKeys.id,
      kind: apiKeys.kind,
      digest: sql<string>`encode(${apiKeys.digest}, 'hex')`,
      pepperVersion: apiKeys.pepperVersion,
      permissions: apiKeys.permissions,
      endpoints: apiKeys.endpoints,
      origins: apiKeys.origins,
      dailyRequests: apiKeys.dailyRequests,
      lastUsedOn: apiKeys.lastUsedOn,
      expiresAt: apiKeys.expiresAt,
      revokedAt: apiKeys.revokedAt,
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
    })
    .from(apiKeys)
    .innerJoin(tenants, and(eq(tenants.id, apiKeys.tenantId), isNull(tenants.deletedAt)))
    .innerJoin(plans, eq(plans.name, tenants.plan))
    .leftJoin(
      upstreamKeys,
      and(
        eq(upstreamKeys.tenantId, tenants.id),
        eq(upstreamKeys.id, tenants.activeUpstreamKeyId),
        eq(upstreamKeys.status, "active"),
      ),
    )
    .where(eq(apiKeys.id, keyId));
}

/** Which keys are good now is said by the policy that shows them. */
function selectKeyOfOrigin(origin: string) {
  return statement
    .select({ keyId: apiKeys.id })
    .from(apiKeys)
    .where(arrayContains(apiKeys.origins, [origin]))
    .limit(1);
}

type KeyRow = Awaited<ReturnType<typeof selectKey>>[number];

function toRecord(row: KeyRow, readAtMs: number): KeyRecord {
  const { expiresAt, revokedAt, trialEndsAt, quotas, burst, upstreamKey, tenant, ...key } = row;
  return {
    ...key,
    expiresAtMs: expiresAt?.getTime() ?? null,
    revokedAtMs: revokedAt?.getTime() ?? null,
    tenant: { ...tenant, quotas, burst, trialEndsAtMs: trialEndsAt?.getTime() ?? null, upstreamKey },
    readAtMs,
  };
}

/** A column of the tenant that the key belongs to. */
function ofTenant(column: SQL) {
  return sql<number | null>`(SELECT ${column} FROM app.tenants t WHERE t.id = ${tenants.id})`;
}

/** PostgreSQL breaks base64 into lines of 76 characters (RFC 2045), which no decoder of base64 proper accepts. */
function base64(column: AnyPgColumn) {
  return sql<string>`translate(encode(${column}, 'base64'), E'\n', '')`;
}

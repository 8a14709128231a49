import { and, eq, isNull, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { apiKeys, plans, tenants, upstreamKeys } from "../../drizzle/schema.ts";
import type { KeyDirectory, Log } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";
import type { Database } from "./neon-database.ts";

/**
 * Finds gateway keys in Postgres as `app_auth`, whose row-level security shows the one key named in the transaction and what hangs on
 * it. Says `unavailable`, and logs why, when Postgres does not answer in time: never `absent`, which would be believed.
 */
export function neonKeyDirectory(database: Database, clock: () => number, log: Log): KeyDirectory {
  return {
    async find(keyId) {
      // Before the query: what changes while it runs may not be in its answer, so a record is never older than it claims.
      const readAtMs = clock();
      try {
        const [, rows] = await database.batch([
          database.execute(sql`SELECT set_config('app.key_id', ${keyId}, true)`),
          selectKey(database, keyId),
        ]);
        const row = rows[0];
        return row === undefined ? { kind: "absent" } : { kind: "found", record: toRecord(row, readAtMs) };
      } catch (error) {
        log.error("key-directory-unavailable", { error });
        return { kind: "unavailable" };
      }
    },
  };
}

function selectKey(database: Database, keyId: string) {
  return database
    .select({
      keyId: apiKeys.id,
      digest: sql<string>`encode(${apiKeys.digest}, 'hex')`,
      pepperVersion: apiKeys.pepperVersion,
      permissions: apiKeys.permissions,
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

type KeyRow = Awaited<ReturnType<typeof selectKey>>[number];

function toRecord(row: KeyRow, readAtMs: number): KeyRecord {
  return {
    keyId: row.keyId,
    digest: row.digest,
    pepperVersion: row.pepperVersion,
    permissions: row.permissions,
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    revokedAtMs: row.revokedAt?.getTime() ?? null,
    tenant: { ...row.tenant, burst: row.burst, upstreamKey: row.upstreamKey },
    readAtMs,
  };
}

/** PostgreSQL breaks base64 into lines of 76 characters (RFC 2045), which no decoder of base64 proper accepts. */
function base64(column: AnyPgColumn) {
  return sql<string>`translate(encode(${column}, 'base64'), E'\n', '')`;
}

import { and, arrayContains, eq, isNull, sql } from "drizzle-orm";
import { apiKeys, plans, tenants, upstreamKeys } from "../../drizzle/schema.ts";
import type { KeyDirectory, Log } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { statement, withKey, withOrigin } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { ACTIVE_KEY_OF_TENANT, PLAN_OF_TENANT, TENANT_COLUMNS, toTenant } from "./neon-tenant-directory.ts";

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
      key: {
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
      },
      ...TENANT_COLUMNS,
    })
    .from(apiKeys)
    .innerJoin(tenants, and(eq(tenants.id, apiKeys.tenantId), isNull(tenants.deletedAt)))
    .innerJoin(plans, PLAN_OF_TENANT)
    .leftJoin(upstreamKeys, ACTIVE_KEY_OF_TENANT)
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
  const { key, ...tenant } = row;
  const { expiresAt, revokedAt, ...rest } = key;
  return {
    ...rest,
    expiresAtMs: expiresAt?.getTime() ?? null,
    revokedAtMs: revokedAt?.getTime() ?? null,
    tenant: toTenant(tenant),
    readAtMs,
  };
}

import { sql } from "drizzle-orm";
import type { KeyDirectory, Log } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { query, withKey, withOrigin } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { milliseconds, rowsOf } from "./neon-rows.ts";
import { TENANT, type TenantRow, TENANTS, toTenant } from "./neon-tenant-directory.ts";

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
        const [{ rows }] = await withKey(database, keyId, [rowsOf(selectKey(keyId))]);
        const [found] = rows;
        return found === undefined ? { kind: "absent" } : { kind: "found", record: toRecord(found.row, readAtMs) };
      } catch (error) {
        log.error("key-directory-unavailable", { error });
        return { kind: "unavailable" };
      }
    },
    async knowsOrigin(origin) {
      try {
        const [{ rows }] = await withOrigin(database, origin, [query(selectKeyOfOrigin(origin))]);
        return rows.length > 0 ? "known" : "unknown";
      } catch (error) {
        log.error("key-directory-unavailable", { error });
        return "unavailable";
      }
    },
  };
}

type KeyRow = Omit<KeyRecord, "tenant" | "readAtMs"> & { readonly tenant: TenantRow };

function selectKey(keyId: string) {
  return sql<KeyRow>`
    SELECT k.id AS "keyId", k.kind, encode(k.digest, 'hex') AS digest, k.pepper_version AS "pepperVersion", k.permissions, k.endpoints,
           k.origins, k.daily_requests AS "dailyRequests", k.last_used_on AS "lastUsedOn",
           ${milliseconds(sql`k.expires_at`)} AS "expiresAtMs", ${milliseconds(sql`k.revoked_at`)} AS "revokedAtMs",
           (SELECT to_jsonb(tenant) FROM (SELECT ${TENANT}) AS tenant) AS tenant
    FROM ${TENANTS} JOIN app.api_keys k ON k.tenant_id = t.id
    WHERE k.id = ${keyId} AND t.deleted_at IS NULL`;
}

/** Which keys are good now is said by the policy that shows them. */
function selectKeyOfOrigin(origin: string) {
  return sql`SELECT id FROM app.api_keys WHERE origins @> ARRAY[${origin}] LIMIT 1`;
}

function toRecord({ tenant, ...key }: KeyRow, readAtMs: number): KeyRecord {
  return { ...key, tenant: toTenant(tenant), readAtMs };
}

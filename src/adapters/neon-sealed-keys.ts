import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { OwnedKey, WrappedSecrets } from "../core/control-ports.ts";
import type { SealedUpstreamKey } from "../core/tenant.ts";
import { asOperator, query, withTenant, type Database } from "./neon-database.ts";
import { base64 } from "./neon-rows.ts";

export const ME = sql`(SELECT app.current_tenant())`;

const USABLE = sql`status IN ('pending', 'active')`;

/** The stored upstream keys of all tenants, for the rotation of the wrapping key: read through all of them, written one tenant at a time. */
export function sealedKeys(operatorsDatabase: Database): WrappedSecrets<SealedUpstreamKey> {
  return {
    async wrappedBefore(kekVersion, limit) {
      const [rows] = await asOperator(operatorsDatabase, null, [
        query<SealedUpstreamKey>(sql`${SELECT_SEALED} WHERE ${USABLE} AND kek_version < ${kekVersion}
          ORDER BY kek_version DESC, tenant_id, id LIMIT ${limit}`),
      ]);
      return rows.rows;
    },
    async countWrappedBefore(kekVersion) {
      const [counted] = await asOperator(operatorsDatabase, null, [
        query<{ left: number }>(sql`SELECT count(*)::int AS left FROM app.upstream_keys
          WHERE ${USABLE} AND kek_version < ${kekVersion}`),
      ]);
      return counted.rows[0]?.left ?? 0;
    },
    async rewrap({ tenantId, id, kekVersion, wrapIv, wrappedKey }, oldKekVersion) {
      const [stored] = await asOperator(operatorsDatabase, tenantId, [
        query(sql`UPDATE app.upstream_keys SET kek_version = ${kekVersion}, wrap_iv = ${bytes(wrapIv)}, wrapped_key = ${bytes(wrappedKey)}
          WHERE tenant_id = ${ME} AND id = ${id} AND ${USABLE} AND kek_version = ${oldKekVersion}`),
      ]);
      return stored.rowCount === 1;
    },
  };
}

/** The sealed form of a version that is pending or active. */
export async function readSealed(
  database: Database,
  { tenantId, id }: OwnedKey,
): Promise<SealedUpstreamKey | undefined> {
  const [sealed] = await withTenant(database, tenantId, [
    query<SealedUpstreamKey>(sql`${SELECT_SEALED} WHERE tenant_id = ${ME} AND id = ${id} AND ${USABLE}`),
  ]);
  return sealed.rows[0];
}

/** Adds a version as pending, to a tenant that is there. */
export function storedSecret(sealed: SealedUpstreamKey, last4: string): SQL {
  const { id, version, downloadTier, kekVersion, wrapIv, wrappedKey, iv, ciphertext } = sealed;
  return sql`INSERT INTO app.upstream_keys
      (tenant_id, id, version, status, last4, download_tier, kek_version, wrap_iv, wrapped_key, iv, ciphertext)
    SELECT t.id, ${id}::uuid, ${version}::int, 'pending', ${last4}, ${downloadTier}::boolean, ${kekVersion}::int,
           ${bytes(wrapIv)}, ${bytes(wrappedKey)}, ${bytes(iv)}, ${bytes(ciphertext)}
    FROM app.tenants t WHERE t.id = ${ME} AND t.deleted_at IS NULL`;
}

const SELECT_SEALED = sql`SELECT id, tenant_id AS "tenantId", version, download_tier AS "downloadTier", kek_version AS "kekVersion",
    ${base64("wrap_iv")} AS "wrapIv", ${base64("wrapped_key")} AS "wrappedKey", ${base64("iv")} AS iv,
    ${base64("ciphertext")} AS ciphertext
  FROM app.upstream_keys`;

function bytes(base64: string): SQL {
  return sql`decode(${base64}, 'base64')`;
}

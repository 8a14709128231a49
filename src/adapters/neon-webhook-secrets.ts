import { sql, type SQL } from "drizzle-orm";
import type { WrappedSecrets } from "../core/control-ports.ts";
import type { SealedSecret } from "../core/sealed-key.ts";
import { asOperator, query, type Database } from "./neon-database.ts";
import { base64 } from "./neon-rows.ts";

/** A webhook's sealed secret without its owner, as columns of `app.webhooks`. */
export const SECRET_COLUMNS: SQL = sql`kek_version AS "kekVersion", ${base64("wrap_iv")} AS "wrapIv",
  ${base64("wrapped_key")} AS "wrappedKey", ${base64("iv")} AS iv, ${base64("ciphertext")} AS ciphertext`;

/** The secret of a webhook never changes. */
export const SECRET_VERSION = 1;

/** The secrets of all tenants' webhooks, as `app_ops`, for the rotation of the wrapping key: read through all of them, written one tenant at a time. */
export function neonWebhookSecrets(operatorsDatabase: Database): WrappedSecrets<SealedSecret> {
  return {
    async wrappedBefore(kekVersion, limit) {
      const select = sql`SELECT tenant_id AS "tenantId", id, ${SECRET_VERSION}::int AS version, ${SECRET_COLUMNS}
        ${wrappedBefore(kekVersion)} ORDER BY kek_version DESC, tenant_id, id LIMIT ${limit}`;
      const [{ rows }] = await asOperator(operatorsDatabase, null, [query<SealedSecret>(select)]);
      return rows;
    },
    async countWrappedBefore(kekVersion) {
      const count = sql`SELECT count(*)::int AS left ${wrappedBefore(kekVersion)}`;
      const [{ rows }] = await asOperator(operatorsDatabase, null, [query<{ left: number }>(count)]);
      return rows[0]?.left ?? 0;
    },
    async rewrap({ tenantId, id, kekVersion, wrapIv, wrappedKey }, oldKekVersion) {
      const update = sql`UPDATE app.webhooks
        SET kek_version = ${kekVersion}, wrap_iv = ${bytes(wrapIv)}, wrapped_key = ${bytes(wrappedKey)}
        WHERE tenant_id = ${tenantId} AND id = ${id} AND kek_version = ${oldKekVersion} AND deleted_at IS NULL`;
      const [{ rowCount }] = await asOperator(operatorsDatabase, tenantId, [query(update)]);
      return rowCount === 1;
    },
  };
}

/** Binary values come and go as base64. */
export function bytes(text: string): SQL {
  return sql`decode(${text}, 'base64')`;
}

function wrappedBefore(kekVersion: number): SQL {
  return sql`FROM app.webhooks WHERE deleted_at IS NULL AND kek_version < ${kekVersion}`;
}

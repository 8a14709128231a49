import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { UpstreamKeyState, Vault } from "../core/control-ports.ts";
import { neonActs } from "./neon-acts.ts";
import { iso } from "./neon-rows.ts";
import { asOperator, query, withTenant, type Database } from "./neon-database.ts";
import { ME, readSealed, sealedKeys, storedSecret } from "./neon-sealed-keys.ts";

/** As `app_rw`, who sees one tenant, and as `app_ops`, whom the rotation of the wrapping key leads through all of them. */
export type VaultDatabases = { readonly database: Database; readonly operatorsDatabase: Database };

const VIEW = sql`version, status, last4, download_tier, ${iso("created_at")} AS created_at,
  ${iso("retires_at")} AS retires_at, reason`;

/** Its row stays, for who paid when; the secret does not. */
const ERASED = sql`wrap_iv = '', wrapped_key = '', iv = '', ciphertext = ''`;

const OVERTAKEN = "Another request changed the active key.";

/**
 * The vault in Postgres. Acts on one tenant happen one after another, so what an act finds is what it changes. Throws `Unavailable` when
 * Postgres does not answer.
 */
export function neonVault({ database, operatorsDatabase }: VaultDatabases): Vault {
  const perform = neonActs(database, withTenant);
  const operate = neonActs(operatorsDatabase, asOperator);
  return {
    ...sealedKeys(operatorsDatabase),
    sealed: (key) => readSealed(database, key),
    async state(tenantId) {
      const [state] = await withTenant(database, tenantId, [query<UpstreamKeyState>(SELECT_STATE)]);
      return state.rows[0];
    },
    add: (act, sealed, last4) =>
      perform(act, {
        tenantId: sealed.tenantId,
        change: sql`WITH act AS (${storedSecret(sealed, last4)} RETURNING ${VIEW})`,
        taken: { constraint: "upstream_keys_tenant_id_version_unique", because: OVERTAKEN },
      }),
    reject: (act, { tenantId, id, reason }) => perform(act, { tenantId, change: rejected(id, reason) }),
    swap: (act, { tenantId, ...key }) =>
      perform(act, { tenantId, change: swapped(key), refusal: { exists: versionOf(key.id), because: OVERTAKEN } }),
    giveUp: (act, { tenantId, id, retiresAt }) =>
      perform(act, {
        tenantId,
        change: givenUp(id, retiresAt),
        refusal: { exists: versionOf(id), because: OVERTAKEN },
      }),
    invalidate: (act, { tenantId, id }) => perform(act, { tenantId, change: invalidated(id) }),
    noteRotation: (act, { version, rewrapped, unreadable, remaining }) =>
      operate(act, {
        tenantId: act.subject,
        change: sql`WITH act AS (SELECT ${version}::int AS version, ${rewrapped}::int AS rewrapped,
          ${unreadable}::int AS unreadable, ${remaining}::int AS remaining)`,
      }),
  };
}

const SELECT_STATE = sql`SELECT t.key_mode AS mode, p.own_key AS allowed, t.active_upstream_key_id AS "activeId",
    COALESCE((SELECT jsonb_agg(k ORDER BY k.version DESC)
              FROM (SELECT id, ${VIEW} FROM app.upstream_keys WHERE tenant_id = ${ME}
                    ORDER BY upstream_keys.version DESC LIMIT 100) k), '[]') AS versions
  FROM app.tenants t JOIN app.plans p ON p.name = t.plan
  WHERE t.id = ${ME} AND t.deleted_at IS NULL`;

function versionOf(id: string): SQL {
  return sql`SELECT FROM app.upstream_keys WHERE tenant_id = ${ME} AND id = ${id}`;
}

function rejected(id: string, reason: string): SQL {
  return sql`WITH act AS (
    UPDATE app.upstream_keys SET status = 'invalid', reason = ${reason}, ${ERASED}
    WHERE tenant_id = ${ME} AND id = ${id} AND status = 'pending' RETURNING ${VIEW})`;
}

type Swap = {
  readonly id: string;
  readonly downloadTier: boolean;
  readonly expected: string | null;
  readonly retiresAt: string;
};

/** The old one is retired before the new one is active, for a tenant has one active key at any moment. */
function swapped({ id, downloadTier, expected, retiresAt }: Swap): SQL {
  return sql`WITH pointed AS (
      UPDATE app.tenants t SET key_mode = 'byo', active_upstream_key_id = k.id, tiklive_key_last4 = k.last4, fell_back_at = NULL
      FROM app.upstream_keys k, app.plans p
      WHERE t.id = ${ME} AND t.deleted_at IS NULL AND t.active_upstream_key_id IS NOT DISTINCT FROM ${expected}::uuid
        AND k.tenant_id = t.id AND k.id = ${id} AND k.status = 'pending' AND p.name = t.plan AND p.own_key
      RETURNING t.id
    ), retired AS (
      UPDATE app.upstream_keys SET status = 'retired', retires_at = ${retiresAt}::timestamptz, reason = 'replaced', ${ERASED}
      WHERE tenant_id IN (SELECT id FROM pointed) AND id = ${expected}::uuid AND status = 'active' RETURNING id
    ), act AS (
      UPDATE app.upstream_keys SET status = 'active', download_tier = ${downloadTier}
      WHERE tenant_id IN (SELECT id FROM pointed) AND id = ${id} AND (SELECT count(*) FROM retired) >= 0 RETURNING ${VIEW})`;
}

/** A key that was invalid already stays that; its tenant goes on with the platform's all the same. */
function givenUp(id: string, retiresAt: string): SQL {
  return sql`WITH pointed AS (
      UPDATE app.tenants SET key_mode = 'shared', active_upstream_key_id = NULL, tiklive_key_last4 = NULL
      WHERE id = ${ME} AND active_upstream_key_id = ${id} AND deleted_at IS NULL RETURNING id
    ), act AS (
      UPDATE app.upstream_keys SET ${ERASED},
        retires_at = CASE status WHEN 'active' THEN ${retiresAt}::timestamptz ELSE retires_at END,
        reason = CASE status WHEN 'active' THEN 'removed' ELSE reason END,
        status = CASE status WHEN 'active' THEN 'retired' ELSE status END
      WHERE tenant_id IN (SELECT id FROM pointed) AND id = ${id} RETURNING ${VIEW})`;
}

/** A tenant that chose to be refused goes on pointing at its invalid key: so nobody else's pays for it. */
function invalidated(id: string): SQL {
  return sql`WITH act AS (
      UPDATE app.upstream_keys SET status = 'invalid', reason = 'failed', ${ERASED}
      WHERE tenant_id = ${ME} AND id = ${id} AND status = 'active'
        AND id = (SELECT active_upstream_key_id FROM app.tenants WHERE id = ${ME}) RETURNING ${VIEW}
    ), pointed AS (
      UPDATE app.tenants SET key_mode = 'shared', active_upstream_key_id = NULL, tiklive_key_last4 = NULL, fell_back_at = now()
      WHERE id = ${ME} AND on_invalid_key = 'shared' AND EXISTS (SELECT FROM act))`;
}

import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { GatewayKeys, KeyMaterial, NewKey } from "../core/control-ports.ts";
import type { KeyView } from "../core/resources.ts";
import { neonActs } from "./neon-acts.ts";
import { query, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { iso, pageOf, pageQuery, rowsOf } from "./neon-rows.ts";

/** Gateway keys in Postgres, as `app_rw`. Of a key only its digest is kept. */
export function neonGatewayKeys(database: Database): GatewayKeys {
  const perform = neonActs(database, withTenant);
  return {
    issue: (act, tenantId, key) => perform(act, { tenantId, change: insertKey(tenantId, key) }),
    async find(tenantId, keyId) {
      const select = sql<KeyView>`SELECT ${VIEW} FROM app.api_keys WHERE ${one(tenantId, keyId)}`;
      const [{ rows }] = await withTenant(database, tenantId, [rowsOf(select)]);
      return rows[0]?.row;
    },
    async list(tenantId, page) {
      const [listed] = await withTenant(database, tenantId, [pageQuery(LISTING, page)]);
      return pageOf(listed, page, ({ id }) => id);
    },
    rotate: (act, tenantId, rotation) =>
      perform(act, {
        tenantId,
        change: rotateKey(tenantId, rotation),
        refusal: {
          exists: sql`SELECT FROM app.api_keys WHERE ${one(tenantId, rotation.keyId)}`,
          because: "The key has expired, or was revoked or rotated already.",
        },
      }),
    revoke: (act, tenantId, keyId) => perform(act, { tenantId, change: revokeKey(tenantId, keyId) }),
    async touch(tenantId, keyId, day) {
      const touched = sql`UPDATE app.api_keys SET last_used_on = ${day}::date
        WHERE ${one(tenantId, keyId)} AND (last_used_on IS NULL OR last_used_on < ${day}::date)`;
      await withTenant(database, tenantId, [query(touched)]);
    },
  };
}

const VIEW = sql<KeyView>`id, kind, name, last4, permissions, endpoints, origins, daily_requests, ${iso("expires_at")} AS expires_at,
  ${iso("revoked_at")} AS revoked_at, last_used_on, ${iso("created_at")} AS created_at`;

const LISTING = { columns: VIEW, from: sql`app.api_keys`, id: "id" };

/** Row-level security says whose as well: two locks on one door. */
const one = (tenantId: string, keyId: string) => sql`tenant_id = ${tenantId} AND id = ${keyId}`;

/** A list as one parameter: the query builder would make as many as it has elements. */
const list = (texts: readonly string[] | null) => sql`${sql.param(texts)}::text[]`;

const COLUMNS = sql.raw(
  "id, digest, pepper_version, last4, tenant_id, kind, name, permissions, endpoints, origins, daily_requests, expires_at",
);

function material({ id, digest, pepperVersion, last4 }: KeyMaterial): SQL {
  return sql`${id}, decode(${digest}, 'hex'), ${pepperVersion}::int, ${last4}`;
}

function insertKey(tenantId: string, key: { readonly material: KeyMaterial; readonly rights: NewKey }): SQL {
  const { kind, name, permissions, endpoints, origins, daily_requests, expires_at } = key.rights;
  return sql`WITH act AS (
      INSERT INTO app.api_keys (${COLUMNS})
      SELECT ${material(key.material)}, t.id, ${kind}, ${name}, ${list(permissions)}, ${list(endpoints)}, ${list(origins)},
             ${daily_requests}::int, ${expires_at}::timestamptz
      FROM app.tenants t WHERE t.id = ${tenantId} AND t.deleted_at IS NULL
      RETURNING ${VIEW}
    )`;
}

type Rotation = Parameters<GatewayKeys["rotate"]>[2];

/** The heir ends when the old key would have ended; the old one after the overlap, if not before. */
function rotateKey(tenantId: string, { keyId, material: heir, overlapSeconds }: Rotation): SQL {
  return sql`WITH old AS (
      SELECT * FROM app.api_keys
      WHERE ${one(tenantId, keyId)} AND replaced_by IS NULL AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > now())
    ), ended AS (
      UPDATE app.api_keys k SET replaced_by = ${heir.id},
        expires_at = LEAST(old.expires_at, now() + ${overlapSeconds} * interval '1 second')
      FROM old WHERE k.id = old.id
    ), act AS (
      INSERT INTO app.api_keys (${COLUMNS})
      SELECT ${material(heir)}, tenant_id, kind, name, permissions, endpoints, origins, daily_requests, expires_at FROM old
      RETURNING ${VIEW}
    )`;
}

function revokeKey(tenantId: string, keyId: string): SQL {
  return sql`WITH act AS (
      UPDATE app.api_keys SET revoked_at = COALESCE(revoked_at, now()) WHERE ${one(tenantId, keyId)} RETURNING ${VIEW}
    )`;
}

import type { Client } from "pg";
import { TENANT_A, TENANT_B } from "./tenancy-database.ts";

/** For each table with tenants' rows, how one row of tenant `$1` is written. */
export const rowOf: Readonly<Record<string, string>> = {
  tenant_users: "INSERT INTO app.tenant_users VALUES ($1, gen_random_uuid(), 'owner', 'sub')",
  api_keys: `INSERT INTO app.api_keys (id, tenant_id, digest, pepper_version, permissions, last4)
    SELECT repeat(right(id::text, 1), 12), id, sha256('x'), 1, '{data}', 'last' FROM CAST($1 AS uuid) AS id`,
  upstream_keys: `INSERT INTO app.upstream_keys
    VALUES ($1, gen_random_uuid(), 1, 'active', 'last', true, 1, 'iv', 'key', 'iv', 'secret')`,
  usage_events: `INSERT INTO app.usage_events
    SELECT $1, id, app.uuid7_time(id), '/userid/', 200, 'success', 1, 0, 'r', 'k' FROM uuidv7() AS id`,
  usage_daily_rollup: "INSERT INTO app.usage_daily_rollup VALUES ($1, '2026-11-20', '/userid/')",
  key_usage_daily: "INSERT INTO app.key_usage_daily VALUES ($1, '2026-11-20', 'k')",
  latency_daily: "INSERT INTO app.latency_daily VALUES ($1, '2026-11-20', 'memory', 0, 1)",
  usage_hits: "INSERT INTO app.usage_hits VALUES ($1, uuidv7(), '/userid/', now(), 1, 1)",
  invoices: `INSERT INTO app.invoices VALUES ($1, '2026-10-01', 1, '{}', repeat('0', 64), now())`,
  past_terms: "INSERT INTO app.past_terms VALUES ($1, now(), 'free')",
  audit_log: `INSERT INTO app.audit_log (tenant_id, actor_kind, actor_id, action, subject, request_id, detail)
    VALUES ($1, 'operator', 'operator', 'key.revoke', 's', 'r', '{}')`,
  idempotency_keys: "INSERT INTO app.idempotency_keys VALUES ($1, 'key', 'f', 200, '{}')",
  webhook_events: "INSERT INTO app.webhook_events VALUES ($1, uuidv7(), 'upstream_key.invalid', '{}')",
  webhooks: `INSERT INTO app.webhooks
    SELECT id, id, 'https://example.com/', '{}', 1, 'iv', 'key', 'iv', 'secret' FROM CAST($1 AS uuid) AS id`,
  webhook_deliveries: `INSERT INTO app.webhook_deliveries (tenant_id, webhook_id, event_tenant_id, event_id, event)
    SELECT id, id, id, uuidv7(), 'upstream_key.invalid' FROM CAST($1 AS uuid) AS id`,
  tiktok_user_snapshots: "INSERT INTO app.tiktok_user_snapshots (tenant_id, sec_uid, unique_id) VALUES ($1, 's', 'u')",
};

/** Writes a row of each tenant into every table, as the superuser. */
export async function writeRows(superuser: Client): Promise<void> {
  for (const insert of Object.values(rowOf)) {
    for (const tenantId of [TENANT_A, TENANT_B]) await superuser.query(insert, [tenantId]);
  }
}

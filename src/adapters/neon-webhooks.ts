import { sql, type SQL } from "drizzle-orm";
import { PLATFORM } from "../core/act.ts";
import type { DeliveryView, WebhookView } from "../core/resources.ts";
import type { NewWebhook, Webhooks } from "../core/webhook-ports.ts";
import { neonActs } from "./neon-acts.ts";
import { withTenant, type Database } from "./neon-database.ts";
import { iso, pageOf, pageQuery, rowsOf } from "./neon-rows.ts";
import { bytes } from "./neon-webhook-secrets.ts";

const MOST_WEBHOOKS = 10;

const isThere = (tenantId: string | SQL): SQL => sql`(${tenantId} = ${PLATFORM}
  OR EXISTS (SELECT FROM app.tenants WHERE tenants.id = ${tenantId} AND tenants.deleted_at IS NULL))`;

/** Of a row of `app.webhooks`: neither it nor its tenant was deleted. */
export const isLive: SQL = sql`webhooks.deleted_at IS NULL AND ${isThere(sql`webhooks.tenant_id`)}`;

const WEBHOOK = sql<WebhookView>`id, url, events, ${iso("created_at")} AS created_at`;
const DELIVERY = sql<DeliveryView>`id, webhook_id, event_tenant_id AS tenant_id, event_id, event, status, attempts, last_status,
  ${iso("created_at")} AS created_at, ${iso("delivered_at")} AS delivered_at`;

/** Webhooks in Postgres, as `app_rw`: the platform's own are reached as its tenant's would be. */
export function neonWebhooks(database: Database): Webhooks {
  const perform = neonActs(database, withTenant);
  return {
    create: (act, webhook) =>
      perform(act, {
        tenantId: webhook.secret.tenantId,
        change: insertWebhook(webhook),
        refusal: {
          exists: sql`SELECT FROM app.webhooks WHERE tenant_id = ${webhook.secret.tenantId} AND ${isLive}`,
          because: `There are ${MOST_WEBHOOKS} webhooks already.`,
        },
      }),
    async find(tenantId, webhookId) {
      const select = sql<WebhookView>`SELECT ${WEBHOOK} FROM ${live(tenantId)} AND id = ${webhookId}`;
      const [{ rows }] = await withTenant(database, tenantId, [rowsOf(select)]);
      return rows[0]?.row;
    },
    async list(tenantId, page) {
      const listing = { columns: WEBHOOK, from: sql`(SELECT * FROM ${live(tenantId)}) AS webhooks`, id: "id" };
      const [listed] = await withTenant(database, tenantId, [pageQuery(listing, page)]);
      return pageOf(listed, page, ({ id }) => id);
    },
    remove: (act, tenantId, webhookId) => perform(act, { tenantId, change: eraseWebhook(tenantId, webhookId) }),
    async deliveries(tenantId, { status = null, ...page }) {
      const asked = sql`tenant_id = ${tenantId} AND (${status}::text IS NULL OR status = ${status})`;
      const from = sql`(SELECT * FROM app.webhook_deliveries WHERE ${asked}) AS deliveries`;
      const listing = { columns: DELIVERY, from, id: "id", order: "DESC" } as const;
      const [listed] = await withTenant(database, tenantId, [pageQuery(listing, page)]);
      return pageOf(listed, page, ({ id }) => id);
    },
    replay: (act, tenantId, deliveryId) =>
      perform(act, {
        tenantId,
        change: restartDelivery(tenantId, deliveryId),
        refusal: {
          exists: sql`SELECT FROM app.webhook_deliveries WHERE tenant_id = ${tenantId} AND id = ${deliveryId}`,
          because: "It is on its way already, or its webhook was removed.",
        },
      }),
  };
}

function live(tenantId: string): SQL {
  return sql`app.webhooks WHERE tenant_id = ${tenantId} AND ${isLive}`;
}

function insertWebhook({ url, events, secret }: NewWebhook): SQL {
  const { tenantId, id, kekVersion, wrapIv, wrappedKey, iv, ciphertext } = secret;
  return sql`WITH act AS (
    INSERT INTO app.webhooks (tenant_id, id, url, events, kek_version, wrap_iv, wrapped_key, iv, ciphertext)
    SELECT ${tenantId}::uuid, ${id}::uuid, ${url}, ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(events)}::jsonb)),
           ${kekVersion}::int, ${bytes(wrapIv)}, ${bytes(wrappedKey)}, ${bytes(iv)}, ${bytes(ciphertext)}
    WHERE ${isThere(sql`${tenantId}::uuid`)} AND (SELECT count(*) FROM ${live(tenantId)}) < ${MOST_WEBHOOKS}
    RETURNING ${WEBHOOK})`;
}

function eraseWebhook(tenantId: string, webhookId: string): SQL {
  return sql`WITH act AS (
    UPDATE app.webhooks SET deleted_at = now(), wrap_iv = '', wrapped_key = '', iv = '', ciphertext = ''
    WHERE tenant_id = ${tenantId} AND id = ${webhookId} AND deleted_at IS NULL RETURNING ${WEBHOOK})`;
}

function restartDelivery(tenantId: string, deliveryId: string): SQL {
  return sql`WITH act AS (
    UPDATE app.webhook_deliveries
    SET status = 'pending', attempts = 0, last_status = NULL, due_at = now(), delivered_at = NULL
    WHERE tenant_id = ${tenantId} AND id = ${deliveryId} AND status <> 'pending'
      AND EXISTS (SELECT FROM ${live(tenantId)} AND webhooks.id = webhook_id)
    RETURNING ${DELIVERY})`;
}

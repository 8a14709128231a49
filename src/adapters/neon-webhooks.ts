import { sql, type SQL } from "drizzle-orm";
import { PLATFORM } from "../core/act.ts";
import type { WrappedSecrets } from "../core/control-ports.ts";
import type { DeliveryView, WebhookView } from "../core/resources.ts";
import type { SealedSecret } from "../core/sealed-key.ts";
import type { NewWebhook, Webhooks } from "../core/webhook-ports.ts";
import { neonActs } from "./neon-acts.ts";
import { asOperator, query, withTenant, type Database } from "./neon-database.ts";
import { iso, pageOf, pageQuery, rowsOf } from "./neon-rows.ts";

/** A secret of webhooks never changes: it has one version. */
export const VERSION = 1;

const MOST_WEBHOOKS = 10;

const isThere = (tenantId: string | SQL): SQL => sql`(${tenantId} = ${PLATFORM}
  OR EXISTS (SELECT FROM app.tenants WHERE tenants.id = ${tenantId} AND tenants.deleted_at IS NULL))`;

/** Of a row of `app.webhooks`: neither it nor its tenant was deleted. */
export const isLive: SQL = sql`webhooks.deleted_at IS NULL AND ${isThere(sql`webhooks.tenant_id`)}`;

/** PostgreSQL breaks base64 into lines of 76 characters (RFC 2045), which no decoder of base64 proper accepts. */
const base64 = (column: string, name: string) =>
  sql.raw(`translate(encode(${column}, 'base64'), E'\\n', '') AS "${name}"`);

/** A sealed secret without its owner, as columns of `app.webhooks`. */
export const SECRET_COLUMNS: SQL = sql.join(
  [
    sql.raw(`kek_version AS "kekVersion"`),
    base64("wrap_iv", "wrapIv"),
    base64("wrapped_key", "wrappedKey"),
    base64("iv", "iv"),
    base64("ciphertext", "ciphertext"),
  ],
  sql`, `,
);

const WEBHOOK = sql`id, url, events, ${iso("created_at")} AS created_at`;
const DELIVERY = sql`id, webhook_id, event_tenant_id AS tenant_id, event_id, event, status, attempts, last_status,
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
      const select = sql`SELECT ${WEBHOOK} FROM ${live(tenantId)} AND id = ${webhookId}`;
      const [{ rows }] = await withTenant(database, tenantId, [rowsOf<WebhookView>(select)]);
      return rows[0]?.row;
    },
    async list(tenantId, page) {
      const listing = { columns: WEBHOOK, from: sql`(SELECT * FROM ${live(tenantId)}) AS webhooks`, id: "id" };
      const [listed] = await withTenant(database, tenantId, [pageQuery<WebhookView>(listing, page)]);
      return pageOf(listed, page, ({ id }) => id);
    },
    remove: (act, tenantId, webhookId) => perform(act, { tenantId, change: eraseWebhook(tenantId, webhookId) }),
    async deliveries(tenantId, { status = null, ...page }) {
      const asked = sql`tenant_id = ${tenantId} AND (${status}::text IS NULL OR status = ${status})`;
      const from = sql`(SELECT * FROM app.webhook_deliveries WHERE ${asked}) AS deliveries`;
      const listing = { columns: DELIVERY, from, id: "id", order: "DESC" } as const;
      const [listed] = await withTenant(database, tenantId, [pageQuery<DeliveryView>(listing, page)]);
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

/** The secrets of all tenants' webhooks, as `app_ops`, for the rotation of the wrapping key. */
export function neonWebhookSecrets(operatorsDatabase: Database): WrappedSecrets<SealedSecret> {
  const before = (kekVersion: number) =>
    sql`FROM app.webhooks WHERE deleted_at IS NULL AND kek_version < ${kekVersion}`;
  return {
    async wrappedBefore(kekVersion, limit) {
      const text = sql`SELECT tenant_id AS "tenantId", id, ${VERSION}::int AS version, ${SECRET_COLUMNS}
        ${before(kekVersion)} ORDER BY kek_version, tenant_id, id LIMIT ${limit}`;
      return (await asOperator(operatorsDatabase, null, [query<SealedSecret>(text)]))[0].rows;
    },
    async countWrappedBefore(kekVersion) {
      const text = sql`SELECT count(*)::int AS count ${before(kekVersion)}`;
      return (await asOperator(operatorsDatabase, null, [query<{ count: number }>(text)]))[0].rows[0]?.count ?? 0;
    },
    async rewrap({ tenantId, id, kekVersion, wrapIv, wrappedKey }, oldKekVersion) {
      const text = sql`UPDATE app.webhooks SET kek_version = ${kekVersion}, wrap_iv = decode(${wrapIv}, 'base64'),
          wrapped_key = decode(${wrappedKey}, 'base64')
        WHERE tenant_id = ${tenantId} AND id = ${id} AND kek_version = ${oldKekVersion} AND deleted_at IS NULL RETURNING id`;
      return (await asOperator(operatorsDatabase, tenantId, [query(text)]))[0].rows.length > 0;
    },
  };
}

function live(tenantId: string): SQL {
  return sql`app.webhooks WHERE tenant_id = ${tenantId} AND ${isLive}`;
}

function insertWebhook({ url, events, secret }: NewWebhook): SQL {
  const { tenantId, id, kekVersion } = secret;
  const binary = [secret.wrapIv, secret.wrappedKey, secret.iv, secret.ciphertext];
  return sql`WITH act AS (
    INSERT INTO app.webhooks (tenant_id, id, url, events, kek_version, wrap_iv, wrapped_key, iv, ciphertext)
    SELECT ${tenantId}::uuid, ${id}::uuid, ${url}, ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(events)}::jsonb)),
           ${kekVersion}::int, ${sql.join(
             binary.map((text) => sql`decode(${text}, 'base64')`),
             sql`, `,
           )}
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

import { sql, type SQL } from "drizzle-orm";
import { PLATFORM } from "../core/act.ts";
import type { SealedSecret } from "../core/sealed-key.ts";
import type { WebhookEvent } from "../core/webhook.ts";
import type { Claim, Deliveries, Delivery, EventRef } from "../core/webhook-ports.ts";
import { asOperator, query, withTenant, type Database } from "./neon-database.ts";
import { SECRET_COLUMNS, SECRET_VERSION } from "./neon-webhook-secrets.ts";
import { isLive } from "./neon-webhooks.ts";

export type DeliverySettings = {
  /** As `app_rw`. */
  readonly database: Database;
  /** As `app_ops`, who sees ids of all tenants and nothing else. */
  readonly operatorsDatabase: Database;
  /** Longer than an attempt may take, its note included: whoever has not concluded by then is taken for dead. */
  readonly leaseMs: number;
  /** How long past its time something is before no message seems to carry it. */
  readonly overdueMs: number;
  readonly mostAttempts: number;
};

const NOTHING = sql`SELECT`;

/** Of one owner's at a time. A Worker has six connections for its receivers and Postgres together. */
const AT_ONCE = 2;

/** Deliveries in Postgres, by Postgres' clock. Each owner's are claimed in a transaction of that owner's: a tenant's, and the platform's. */
export function neonDeliveries(settings: DeliverySettings): Deliveries {
  const { database, operatorsDatabase, overdueMs } = settings;
  return {
    async claim(ref) {
      const [{ rows }] = await withTenant(database, ref.tenantId, [query<EventRow>(selectEvent(ref))]);
      const [event] = rows;
      if (event === undefined) return { kind: "absent" };
      // The platform first: the tenant's transaction ends with the note that all deliveries are there.
      const owners = ref.tenantId === PLATFORM ? [PLATFORM] : [PLATFORM, ref.tenantId];
      const claims: Claimed[] = [];
      for (const ownerId of owners) claims.push(await claimOf(settings, { ownerId, ref, event }));
      return claimed({ ...event, tenantId: ref.tenantId }, claims);
    },
    async conclude(delivery, after) {
      await withTenant(database, delivery.ownerId, [query(concludeAttempt(delivery, after))]);
    },
    async overdue(limit) {
      const [{ rows }] = await asOperator(operatorsDatabase, null, [query<EventRef>(selectOverdue(overdueMs, limit))]);
      return rows;
    },
  };
}

type EventRow = Omit<WebhookEvent, "tenantId"> & { readonly isNew: boolean };
type DueRow = Omit<SealedSecret, "tenantId" | "version"> & Pick<Delivery, "url" | "attempts"> & { webhookId: string };
type Claimed = { readonly deliveries: readonly Delivery[]; readonly nextMs: number | null };
type Owned = { readonly ownerId: string; readonly ref: EventRef; readonly event: EventRow };

async function claimOf(settings: DeliverySettings, owned: Owned): Promise<Claimed> {
  const { ownerId, ref, event } = owned;
  const [, , due, next] = await withTenant(settings.database, ownerId, [
    query(event.isNew ? fanOut(owned) : NOTHING),
    query(giveUp(owned, settings.mostAttempts)),
    query<DueRow>(claimDue(owned, settings.leaseMs)),
    query<{ nextMs: number | null }>(selectNext(owned)),
    query(event.isNew && ownerId === ref.tenantId ? noteAnnounced(ref) : NOTHING),
  ]);
  const deliveries = due.rows.map(({ id, webhookId, url, attempts, ...secret }) => ({
    ownerId,
    id,
    url,
    attempts,
    secret: { ...secret, tenantId: ownerId, id: webhookId, version: SECRET_VERSION },
  }));
  return { deliveries, nextMs: next.rows[0]?.nextMs ?? null };
}

function claimed(event: WebhookEvent, claims: readonly Claimed[]): Claim {
  const deliveries = claims.flatMap((claim) => claim.deliveries);
  if (deliveries.length > 0) return { kind: "due", event, deliveries };
  const nextMs = claims.flatMap((claim) => claim.nextMs ?? []);
  return nextMs.length === 0 ? { kind: "done" } : { kind: "later", inMs: Math.max(0, Math.min(...nextMs)) };
}

function selectEvent({ tenantId, eventId }: EventRef): SQL {
  return sql`
    SELECT id, type, data, announced_at IS NULL AS "isNew",
           to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "createdAt"
    FROM app.webhook_events WHERE tenant_id = ${tenantId} AND id = ${eventId}`;
}

function fanOut({ ownerId, ref, event }: Owned): SQL {
  return sql`
    INSERT INTO app.webhook_deliveries (tenant_id, webhook_id, event_tenant_id, event_id, event)
    SELECT tenant_id, id, ${ref.tenantId}::uuid, ${ref.eventId}::uuid, ${event.type} FROM app.webhooks
    WHERE tenant_id = ${ownerId} AND ${event.type} = ANY (events) AND ${isLive}
    ORDER BY id ON CONFLICT DO NOTHING`;
}

function noteAnnounced({ tenantId, eventId }: EventRef): SQL {
  return sql`UPDATE app.webhook_events SET announced_at = now() WHERE tenant_id = ${tenantId} AND id = ${eventId}`;
}

function pending({ ownerId, ref }: Owned): SQL {
  return sql`tenant_id = ${ownerId} AND event_tenant_id = ${ref.tenantId} AND event_id = ${ref.eventId} AND status = 'pending'`;
}

/** Whose webhook is no more, and whose Worker died in the last attempt. */
function giveUp(owned: Owned, mostAttempts: number): SQL {
  return sql`
    UPDATE app.webhook_deliveries SET status = 'dead'
    WHERE ${pending(owned)} AND due_at <= now() AND (attempts >= ${mostAttempts} OR NOT EXISTS (
      SELECT FROM app.webhooks
      WHERE webhooks.tenant_id = webhook_deliveries.tenant_id AND webhooks.id = webhook_id AND ${isLive}))`;
}

/** What another transaction is claiming is skipped, not waited for: it is in good hands. */
function claimDue(owned: Owned, leaseMs: number): SQL {
  return sql`
    WITH due AS (
      SELECT tenant_id, id FROM app.webhook_deliveries WHERE ${pending(owned)} AND due_at <= now()
      ORDER BY due_at, id LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE app.webhook_deliveries AS delivery
      SET attempts = attempts + 1, due_at = now() + ${leaseMs} * interval '1 millisecond'
      FROM due WHERE delivery.tenant_id = due.tenant_id AND delivery.id = due.id
      RETURNING delivery.tenant_id, delivery.id, delivery.webhook_id, delivery.attempts
    )
    SELECT claimed.id, attempts, webhook_id AS "webhookId", url, ${SECRET_COLUMNS}
    FROM claimed JOIN app.webhooks ON webhooks.tenant_id = claimed.tenant_id AND webhooks.id = webhook_id`;
}

function selectNext(owned: Owned): SQL {
  return sql`
    SELECT (extract(epoch FROM min(due_at) - now()) * 1000)::float AS "nextMs"
    FROM app.webhook_deliveries WHERE ${pending(owned)}`;
}

function concludeAttempt({ ownerId, id, attempts }: Delivery, after: Parameters<Deliveries["conclude"]>[1]): SQL {
  const { status, lastStatus, delayMs } = after;
  const still =
    status === "delivered" ? sql`status <> 'delivered'` : sql`status = 'pending' AND attempts = ${attempts}`;
  return sql`
    UPDATE app.webhook_deliveries
    SET status = ${status}, last_status = ${lastStatus}::integer, due_at = now() + ${delayMs} * interval '1 millisecond',
        delivered_at = CASE WHEN ${status} = 'delivered' THEN now() END
    WHERE tenant_id = ${ownerId} AND id = ${id} AND ${still}`;
}

function selectOverdue(overdueMs: number, limit: number): SQL {
  return sql`
    SELECT tenant_id AS "tenantId", id AS "eventId" FROM (
      SELECT tenant_id, id, created_at AS since FROM app.webhook_events WHERE announced_at IS NULL
      UNION ALL SELECT event_tenant_id, event_id, due_at FROM app.webhook_deliveries WHERE status = 'pending') AS waiting
    WHERE since < now() - ${overdueMs} * interval '1 millisecond'
    GROUP BY 1, 2 ORDER BY min(since) LIMIT ${limit}`;
}

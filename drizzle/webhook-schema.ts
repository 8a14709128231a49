import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { app, bytea, instant, oneOf } from "./columns.ts";

const deliveryStatuses = ["pending", "delivered", "dead"] as const;

/**
 * Where a tenant wants its events sent. No reference to tenants: the platform has webhooks too, and is none. A webhook that was removed
 * keeps its row for its deliveries and loses its secret.
 */
export const webhooks = app.table(
  "webhooks",
  {
    tenantId: uuid("tenant_id").notNull(),
    id: uuid().notNull(),
    url: text().notNull(),
    events: text().array().notNull(),
    kekVersion: integer("kek_version").notNull(),
    wrapIv: bytea("wrap_iv").notNull(),
    wrappedKey: bytea("wrapped_key").notNull(),
    iv: bytea().notNull(),
    ciphertext: bytea().notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    deletedAt: instant("deleted_at"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    check(
      "webhooks_deleted_is_erased",
      sql`(${t.deletedAt} IS NOT NULL) = (octet_length(${t.wrapIv} || ${t.wrappedKey} || ${t.iv} || ${t.ciphertext}) = 0)`,
    ),
  ],
);

/**
 * One event on its way to one webhook. `tenant_id` is the webhook's; the event is its own, or for the platform's webhooks anybody's: then
 * `event_tenant_id` says whose.
 */
export const webhookDeliveries = app.table(
  "webhook_deliveries",
  {
    tenantId: uuid("tenant_id").notNull(),
    id: uuid()
      .notNull()
      .default(sql`uuidv7()`),
    webhookId: uuid("webhook_id").notNull(),
    eventTenantId: uuid("event_tenant_id").notNull(),
    eventId: uuid("event_id").notNull(),
    event: text().notNull(),
    status: text({ enum: deliveryStatuses }).notNull().default("pending"),
    attempts: integer().notNull().default(0),
    lastStatus: integer("last_status"),
    /** When it may be attempted; while an attempt runs, when that one has surely ended. */
    dueAt: instant("due_at").notNull().defaultNow(),
    createdAt: instant("created_at").notNull().defaultNow(),
    deliveredAt: instant("delivered_at"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique("webhook_deliveries_once").on(t.tenantId, t.eventTenantId, t.eventId, t.webhookId),
    foreignKey({
      name: "webhook_deliveries_webhook_fk",
      columns: [t.tenantId, t.webhookId],
      foreignColumns: [webhooks.tenantId, webhooks.id],
    }),
    index("webhook_deliveries_due")
      .on(t.dueAt)
      .where(sql`${t.status} = 'pending'`),
    check("webhook_deliveries_status_check", oneOf(t.status, deliveryStatuses)),
    check("webhook_deliveries_delivered_check", sql`(${t.status} = 'delivered') = (${t.deliveredAt} IS NOT NULL)`),
  ],
);

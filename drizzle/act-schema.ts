import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { app, instant, oneOf } from "./columns.ts";

const actorKinds = ["operator", "key", "user", "system"] as const;

/**
 * What was done, by whom and on what. `tenant_id` is the tenant acted on, or the nil UUID for the platform; no reference to tenants, for
 * the log outlives them. A row is never changed: grants and a trigger see to it.
 */
export const auditLog = app.table(
  "audit_log",
  {
    tenantId: uuid("tenant_id").notNull(),
    /** A UUIDv7 of the database's clock, so that the order of ids is the order of acts. */
    id: uuid()
      .notNull()
      .default(sql`uuidv7()`),
    at: instant("at").notNull().defaultNow(),
    actorKind: text("actor_kind", { enum: actorKinds }).notNull(),
    actorId: text("actor_id").notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    requestId: text("request_id").notNull(),
    detail: jsonb().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    check("audit_log_actor_kind_check", oneOf(t.actorKind, actorKinds)),
  ],
);

/** First outcomes of requests that carried an `Idempotency-Key`; written by the transaction of the act, so neither is without the other. */
export const idempotencyKeys = app.table(
  "idempotency_keys",
  {
    tenantId: uuid("tenant_id").notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    body: jsonb().notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.key] })],
);

/** What webhooks are told. */
export const webhookEvents = app.table(
  "webhook_events",
  {
    tenantId: uuid("tenant_id").notNull(),
    id: uuid().notNull(),
    type: text().notNull(),
    data: jsonb().notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    /** When there was a delivery for each webhook that wants it; null: nobody was told yet. */
    announcedAt: instant("announced_at"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index("webhook_events_unannounced")
      .on(t.createdAt)
      .where(sql`${t.announcedAt} IS NULL`),
  ],
);

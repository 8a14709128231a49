import { sql } from "drizzle-orm";
import { bigint, check, date, integer, jsonb, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { app, instant } from "./columns.ts";
import { planNames } from "./plan-schema.ts";

/**
 * What a tenant owes for a UTC month, once and for all. A row is never changed: grants and a trigger see to it. No reference to tenants:
 * an invoice outlives its tenant.
 */
export const invoices = app.table(
  "invoices",
  {
    tenantId: uuid("tenant_id").notNull(),
    /** The first day of the month. */
    month: date().notNull(),
    /** Of the tenant's invoices, from 1 without a gap: two that were made from the same state of the books cannot both be kept. */
    number: integer().notNull(),
    document: jsonb().notNull(),
    /** Hex SHA-256 of the document's canonical form. */
    checksum: text().notNull(),
    closedAt: instant("closed_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.month] }),
    unique("invoices_number_once").on(t.tenantId, t.number),
    check("invoices_month_check", sql`extract(day FROM ${t.month}) = 1`),
    check("invoices_checksum_check", sql`${t.checksum} ~ '^[0-9a-f]{64}$'`),
  ],
);

/**
 * What a tenant's plan and trial were until they were changed: a month is invoiced by what held when it ended, and is closed some days
 * later. No reference to tenants: it is part of what an invoice was made from.
 */
export const pastTerms = app.table(
  "past_terms",
  {
    tenantId: uuid("tenant_id").notNull(),
    until: instant("until").notNull(),
    plan: text({ enum: planNames }).notNull(),
    trialEndsAt: instant("trial_ends_at"),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.until] })],
);

/** What the upstream said of the balance of a platform key, as the operator read it there. Never changed: a mistake ends with the next one. */
export const keyReadings = app.table(
  "key_readings",
  {
    /** A UUIDv7, and the id of the event that tells of a low balance: so a reading is told of once. */
    id: uuid().primaryKey(),
    upstreamKeyId: text("upstream_key_id").notNull(),
    balance: bigint({ mode: "number" }).notNull(),
    /** Credits bought since the reading before. */
    bought: bigint({ mode: "number" }).notNull(),
    readAt: instant("read_at").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [
    unique("key_readings_one_at_a_time").on(t.upstreamKeyId, t.readAt),
    check("key_readings_of_platform", sql`${t.upstreamKeyId} ~ '^platform-[0-9a-f]{8}$'`),
    check("key_readings_credits_check", sql`${t.balance} >= 0 AND ${t.bought} >= 0`),
  ],
);

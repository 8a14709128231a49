import { sql } from "drizzle-orm";
import { check, date, index, integer, text, uuid } from "drizzle-orm/pg-core";
import { app, bytea, instant, oneOf } from "./columns.ts";
import { tenants } from "./tenancy-schema.ts";

const permissions = ["data", "refresh", "manage"] as const;
const keyKinds = ["secret", "publishable"] as const;

/** Gateway keys. `id` is the public part of the key; of the rest only a keyed digest is kept. */
export const apiKeys = app.table(
  "api_keys",
  {
    id: text().primaryKey(),
    tenantId: uuid("tenant_id")
      .notNull()
      .references(() => tenants.id),
    kind: text({ enum: keyKinds }).notNull().default("secret"),
    name: text().notNull().default(""),
    digest: bytea().notNull(),
    pepperVersion: integer("pepper_version").notNull(),
    permissions: text({ enum: permissions }).array().notNull(),
    last4: text().notNull(),
    /** The paths it may ask; null is all of them. */
    endpoints: text().array(),
    /** Of a publishable key: the web origins whose pages may use it. */
    origins: text()
      .array()
      .notNull()
      .default(sql`'{}'`),
    /** Of a publishable key: requests a day. */
    dailyRequests: integer("daily_requests"),
    lastUsedOn: date("last_used_on"),
    /** The key that it was rotated to: a key is rotated once, or two requests at a time would leave two heirs. */
    replacedBy: text("replaced_by"),
    expiresAt: instant("expires_at"),
    revokedAt: instant("revoked_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [
    index().on(t.tenantId),
    index().using("gin", t.origins),
    check("api_keys_id_check", sql`${t.id} ~ '^[0-9A-Za-z]{12}$'`),
    check("api_keys_kind_check", oneOf(t.kind, keyKinds)),
    check("api_keys_daily_requests_check", sql`${t.dailyRequests} > 0`),
    check("api_keys_digest_check", sql`octet_length(${t.digest}) = 32`),
    check("api_keys_permissions_check", sql`${t.permissions} <@ ARRAY['data', 'refresh', 'manage']`),
  ],
);

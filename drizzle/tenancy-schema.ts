import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { app, bytea, instant, oneOf } from "./columns.ts";
import { planNames, plans } from "./plan-schema.ts";

const keyModes = ["shared", "byo"] as const;
const tenantStatuses = ["active", "suspended"] as const;
const cacheScopes = ["pool", "tenant"] as const;
const userRoles = ["owner", "admin", "member"] as const;
const permissions = ["data", "refresh", "manage"] as const;
const upstreamKeyStatuses = ["pending", "active", "retired", "invalid"] as const;

/** A customer. Deleting one sets `deleted_at`: its usage is invoiced after it is gone. */
export const tenants = app.table(
  "tenants",
  {
    id: uuid().primaryKey().defaultRandom(),
    name: text().notNull(),
    plan: text({ enum: planNames })
      .notNull()
      .references(() => plans.name),
    keyMode: text("key_mode", { enum: keyModes }).notNull(),
    status: text({ enum: tenantStatuses }).notNull().default("active"),
    region: text().notNull().default("default"),
    /** Null: as the key mode says, shared answers for the platform's keys and private ones for a key of one's own. */
    cacheScope: text("cache_scope", { enum: cacheScopes }),
    /** Null: the plan's for a tenant on the platform's keys, none for one on its own. */
    monthlyQuota: integer("monthly_quota"),
    activeUpstreamKeyId: uuid("active_upstream_key_id"),
    tikliveKeyLast4: text("tiklive_key_last4"),
    createdAt: instant("created_at").notNull().defaultNow(),
    deletedAt: instant("deleted_at"),
  },
  (t) => [
    // Both columns, so that the reference cannot point at another tenant's key.
    foreignKey({
      name: "tenants_active_upstream_key_fk",
      columns: [t.id, t.activeUpstreamKeyId],
      foreignColumns: [upstreamKeys.tenantId, upstreamKeys.id],
    }),
    check("tenants_key_mode_check", oneOf(t.keyMode, keyModes)),
    check("tenants_status_check", oneOf(t.status, tenantStatuses)),
    check("tenants_cache_scope_check", oneOf(t.cacheScope, cacheScopes)),
    check("tenants_byo_has_key", sql`(${t.keyMode} = 'byo') = (${t.activeUpstreamKeyId} IS NOT NULL)`),
    check("tenants_last4_of_key", sql`(${t.activeUpstreamKeyId} IS NULL) = (${t.tikliveKeyLast4} IS NULL)`),
  ],
);

/** Who may act for a tenant. `user_id` is the identity provider's. */
export const tenantUsers = app.table(
  "tenant_users",
  {
    tenantId: uuid("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    userId: uuid("user_id").notNull(),
    role: text({ enum: userRoles }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.userId] }), check("tenant_users_role_check", oneOf(t.role, userRoles))],
);

/** Gateway keys. `id` is the public part of the key; of the rest only a keyed digest is kept. */
export const apiKeys = app.table(
  "api_keys",
  {
    id: text().primaryKey(),
    tenantId: uuid("tenant_id")
      .notNull()
      .references(() => tenants.id),
    digest: bytea().notNull(),
    pepperVersion: integer("pepper_version").notNull(),
    permissions: text({ enum: permissions }).array().notNull(),
    last4: text().notNull(),
    expiresAt: instant("expires_at"),
    revokedAt: instant("revoked_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [
    index().on(t.tenantId),
    check("api_keys_id_check", sql`${t.id} ~ '^[0-9A-Za-z]{12}$'`),
    check("api_keys_digest_check", sql`octet_length(${t.digest}) = 32`),
    check("api_keys_permissions_check", sql`${t.permissions} <@ ARRAY['data', 'refresh', 'manage']`),
  ],
);

/**
 * The tenants' own upstream keys, sealed: a row is one stored version, and `tenants.active_upstream_key_id` points at the one in use.
 * Rotating the wrapping key rewrites `kek_version`, `wrap_iv` and `wrapped_key`, nothing else.
 */
export const upstreamKeys = app.table(
  "upstream_keys",
  {
    tenantId: uuid("tenant_id")
      .notNull()
      .references((): AnyPgColumn => tenants.id),
    id: uuid().notNull(),
    version: integer().notNull(),
    status: text({ enum: upstreamKeyStatuses }).notNull(),
    last4: text().notNull(),
    downloadTier: boolean("download_tier").notNull(),
    kekVersion: integer("kek_version").notNull(),
    wrapIv: bytea("wrap_iv").notNull(),
    wrappedKey: bytea("wrapped_key").notNull(),
    iv: bytea().notNull(),
    ciphertext: bytea().notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique().on(t.tenantId, t.version),
    uniqueIndex("upstream_keys_one_active")
      .on(t.tenantId)
      .where(sql`${t.status} = 'active'`),
    check("upstream_keys_status_check", oneOf(t.status, upstreamKeyStatuses)),
  ],
);

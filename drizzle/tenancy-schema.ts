import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import {
  boolean,
  check,
  foreignKey,
  integer,
  jsonb,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { WindowSeconds } from "../src/core/tenant-windows.ts";
import { app, bytea, instant, oneOf } from "./columns.ts";
import { planNames, plans } from "./plan-schema.ts";

const keyModes = ["shared", "byo"] as const;
const tenantStatuses = ["active", "suspended"] as const;
const cacheScopes = ["pool", "tenant"] as const;
const userRoles = ["owner", "admin", "member"] as const;
const onInvalidKey = ["shared", "refuse"] as const;
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
    /** Whether the tenant goes on with the platform's keys when its own is found invalid, or is refused. */
    onInvalidKey: text("on_invalid_key", { enum: onInvalidKey }).notNull().default("shared"),
    trialEndsAt: instant("trial_ends_at"),
    /** The freshness windows that it tightened, by class. A class may be one that another version knows. */
    windows: jsonb().$type<Readonly<Record<string, WindowSeconds>>>().notNull().default({}),
    /** When it last purged what it reads, in its own view. */
    purgedAt: instant("purged_at"),
    /** Since when it is on the platform's keys because its own was found invalid. */
    fellBackAt: instant("fell_back_at"),
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
    check("tenants_windows_check", sql`jsonb_typeof(${t.windows}) = 'object'`),
    check("tenants_on_invalid_key_check", oneOf(t.onInvalidKey, onInvalidKey)),
    check("tenants_fell_back_is_shared", sql`${t.fellBackAt} IS NULL OR ${t.keyMode} = 'shared'`),
    check("tenants_byo_has_key", sql`(${t.keyMode} = 'byo') = (${t.activeUpstreamKeyId} IS NOT NULL)`),
    check("tenants_last4_of_key", sql`(${t.activeUpstreamKeyId} IS NULL) = (${t.tikliveKeyLast4} IS NULL)`),
  ],
);

/** Who may act for a tenant. `subject` is the identity provider's name for the person, `user_id` ours. */
export const tenantUsers = app.table(
  "tenant_users",
  {
    tenantId: uuid("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    userId: uuid("user_id").notNull(),
    role: text({ enum: userRoles }).notNull(),
    subject: text().notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.userId] }), check("tenant_users_role_check", oneOf(t.role, userRoles))],
);

/**
 * The tenants' own upstream keys, sealed: a row is one stored version, and `tenants.active_upstream_key_id` points at the one in use.
 * Rotating the wrapping key rewrites `kek_version`, `wrap_iv` and `wrapped_key`, nothing else. A version that has ended keeps its row and
 * loses its secret: the binary columns are empty then.
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
    /** Until then requests that began on it may still use it. */
    retiresAt: instant("retires_at"),
    /** Why it is not in use. */
    reason: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique().on(t.tenantId, t.version),
    uniqueIndex("upstream_keys_one_active")
      .on(t.tenantId)
      .where(sql`${t.status} = 'active'`),
    check("upstream_keys_status_check", oneOf(t.status, upstreamKeyStatuses)),
    check("upstream_keys_usable_is_sealed", sql`${t.status} NOT IN ('pending', 'active') OR ${sealed(t)}`),
    check("upstream_keys_retired_is_erased", sql`${t.status} <> 'retired' OR ${erased(t)}`),
  ],
);

type SecretColumns = Readonly<Record<"wrapIv" | "wrappedKey" | "iv" | "ciphertext", AnyPgColumn>>;

function sealed({ wrapIv, wrappedKey, iv, ciphertext }: SecretColumns): SQL {
  const lengths = [wrapIv, wrappedKey, iv, ciphertext].map((column) => sql`octet_length(${column})`);
  return sql`least(${sql.join(lengths, sql`, `)}) > 0`;
}

function erased({ wrapIv, wrappedKey, iv, ciphertext }: SecretColumns): SQL {
  return sql`octet_length(${wrapIv} || ${wrappedKey} || ${iv} || ${ciphertext}) = 0`;
}

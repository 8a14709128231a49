import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { AuditLog, Outcomes, Users } from "../core/control-ports.ts";
import type { AuditView, TenantView, UserRole, UserView } from "../core/resources.ts";
import { neonActs, REMEMBERED } from "./neon-acts.ts";
import { query, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { iso, pageOf, pageQuery } from "./neon-rows.ts";

/** The people of tenants in Postgres, as `app_rw`. */
export function neonUsers(database: Database): Users {
  const perform = neonActs(database, withTenant);
  return {
    async membership(tenantId, userId) {
      const select = sql`SELECT u.role, t.status FROM app.tenant_users u JOIN app.tenants t ON t.id = u.tenant_id
        WHERE u.tenant_id = ${tenantId} AND u.user_id = ${userId} AND t.deleted_at IS NULL`;
      const [{ rows }] = await withTenant(database, tenantId, [query<Membership>(select)]);
      return rows[0];
    },
    async list(tenantId, page) {
      const [listed] = await withTenant(database, tenantId, [pageQuery(USERS, page)]);
      return pageOf(listed, page, ({ user_id }) => user_id);
    },
    put: (act, tenantId, user) =>
      perform(act, { tenantId, change: putUser(tenantId, user), refusal: lastOwner(tenantId, user.userId) }),
    remove: (act, tenantId, userId) =>
      perform(act, { tenantId, change: removeUser(tenantId, userId), refusal: lastOwner(tenantId, userId) }),
  };
}

/** What was done, as `app_rw`. */
export function neonAuditLog(database: Database): AuditLog {
  return {
    async list(tenantId, page) {
      const [listed] = await withTenant(database, tenantId, [pageQuery(ACTS, page)]);
      return pageOf(listed, page, ({ id }) => id);
    },
  };
}

/** What acts remembered, as `app_rw`. */
export function neonOutcomes(database: Database): Outcomes {
  return {
    async find(scope, key) {
      const select = sql`SELECT fingerprint, status, body FROM app.idempotency_keys
        WHERE tenant_id = ${scope} AND key = ${key} AND created_at >= now() - ${REMEMBERED}`;
      const [{ rows }] = await withTenant(database, scope, [query<Outcome>(select)]);
      return rows[0];
    },
  };
}

type Membership = { readonly role: UserRole; readonly status: TenantView["status"] };
type Outcome = { readonly fingerprint: string; readonly status: number; readonly body: unknown };

const VIEW = sql<UserView>`user_id, subject, role, ${iso("created_at")} AS created_at`;

const USERS = { columns: VIEW, from: sql`app.tenant_users`, id: "user_id" };

const ACTS = {
  columns: sql<AuditView>`id, ${iso("at")} AS at, actor_kind, actor_id, action, subject, request_id, detail`,
  from: sql`app.audit_log`,
  id: "id",
  order: "DESC",
} as const;

const one = (tenantId: string, userId: string) => sql`tenant_id = ${tenantId} AND user_id = ${userId}`;

const otherOwner = (tenantId: string, userId: string) =>
  sql`EXISTS (SELECT FROM app.tenant_users WHERE tenant_id = ${tenantId} AND user_id <> ${userId} AND role = 'owner')`;

const isOwner = (tenantId: string, userId: string) =>
  sql`EXISTS (SELECT FROM app.tenant_users WHERE ${one(tenantId, userId)} AND role = 'owner')`;

function lastOwner(tenantId: string, userId: string) {
  return {
    exists: sql`SELECT FROM app.tenant_users WHERE ${one(tenantId, userId)}`,
    because: "The tenant would be left without an owner.",
  };
}

type NewUser = Parameters<Users["put"]>[2];

function putUser(tenantId: string, { userId, subject, role }: NewUser): SQL {
  return sql`WITH act AS (
      INSERT INTO app.tenant_users (tenant_id, user_id, subject, role)
      SELECT t.id, ${userId}::uuid, ${subject}, ${role} FROM app.tenants t
      WHERE t.id = ${tenantId} AND t.deleted_at IS NULL
        AND (${role === "owner"} OR NOT ${isOwner(tenantId, userId)} OR ${otherOwner(tenantId, userId)})
      ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role, subject = excluded.subject
      RETURNING ${VIEW}
    )`;
}

function removeUser(tenantId: string, userId: string): SQL {
  return sql`WITH act AS (
      DELETE FROM app.tenant_users
      WHERE ${one(tenantId, userId)} AND (role <> 'owner' OR ${otherOwner(tenantId, userId)})
      RETURNING ${VIEW}
    )`;
}

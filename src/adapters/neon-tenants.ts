import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { NewTenant, TenantChange, Tenants } from "../core/control-ports.ts";
import type { PlanView, TenantView } from "../core/resources.ts";
import { neonActs } from "./neon-acts.ts";
import { asOperator, query, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { DAILY_QUOTA, MONTHLY_QUOTA } from "./neon-quotas.ts";
import { iso, pageOf, pageQuery, rowsOf } from "./neon-rows.ts";

export type TenantsSettings = {
  /** As `app_ops`: what the operator does. */
  readonly ops: Database;
  /** As `app_rw`: what a tenant does. */
  readonly rw: Database;
  /** How long requests that began on an upstream key may still use it when a change of plan takes it away. */
  readonly keyRetireMs: number;
};

/** Tenants in Postgres. The operator sees all and writes the one acted on, by row-level security. */
export function neonTenants({ ops, rw, keyRetireMs }: TenantsSettings): Tenants {
  const [operate, actForTenant] = [neonActs(ops, asOperator), neonActs(rw, withTenant)];
  return {
    async plans() {
      const [{ rows }] = await asOperator(ops, null, [rowsOf(PLANS)]);
      return rows.map(({ row }) => row);
    },
    create: (act, tenant) => operate(act, { tenantId: tenant.id, change: insertTenant(tenant) }),
    async find(tenantId) {
      const select = sql<TenantView>`SELECT ${VIEW} FROM app.tenants t WHERE t.id = ${tenantId} AND t.deleted_at IS NULL`;
      const [{ rows }] = await withTenant(rw, tenantId, [rowsOf(select)]);
      return rows[0]?.row;
    },
    async wasThere(tenantId) {
      const [{ rows }] = await withTenant(rw, tenantId, [
        query(sql`SELECT FROM app.tenants t WHERE t.id = ${tenantId}`),
      ]);
      return rows.length > 0;
    },
    async list(page) {
      const listing = { columns: VIEW, from: sql`app.tenants t`, id: "t.id" };
      const [listed] = await asOperator(ops, null, [pageQuery(listing, page)]);
      return pageOf(listed, page, ({ id }) => id);
    },
    change: (act, tenantId, change) => operate(act, { tenantId, change: updateTenant(tenantId, change, keyRetireMs) }),
    setStatus: (act, tenantId, status) => operate(act, { tenantId, change: assign(tenantId, sql`status = ${status}`) }),
    remove: (act, tenantId) => operate(act, { tenantId, change: deleteTenant(tenantId) }),
    changeOwn(act, tenantId, { name, cache_scope, windows }) {
      const chosen = windows === undefined ? null : JSON.stringify(windows ?? {});
      const values = sql`name = COALESCE(${name ?? null}, t.name), cache_scope = COALESCE(${cache_scope ?? null}, t.cache_scope),
        windows = COALESCE(${chosen}::jsonb, t.windows)`;
      return actForTenant(act, { tenantId, change: assign(tenantId, values) });
    },
  };
}

const PLANS = sql<PlanView>`SELECT name, burst_capacity, burst_refill_per_second, daily_quota, monthly_quota, monthly_price_cents,
  overage_cents_per_thousand_credits, own_key FROM app.plans ORDER BY monthly_price_cents`;

const VIEW = sql<TenantView>`t.id, t.name, t.plan, t.status, t.key_mode, t.region, t.on_invalid_key,
  COALESCE(t.cache_scope, CASE t.key_mode WHEN 'byo' THEN 'tenant' ELSE 'pool' END) AS cache_scope,
  t.windows, ${iso("t.trial_ends_at")} AS trial_ends_at, ${iso("t.fell_back_at")} AS fell_back_at,
  ${DAILY_QUOTA} AS daily_quota, ${MONTHLY_QUOTA} AS monthly_quota,
  t.tiklive_key_last4, ${iso("t.created_at")} AS created_at, ${iso("t.deleted_at")} AS deleted_at`;

const ACT = sql`act AS (SELECT ${VIEW} FROM changed t)`;

function insertTenant({ id, name, plan, region, on_invalid_key, trial_ends_at, monthly_quota }: NewTenant): SQL {
  return sql`WITH changed AS (
      INSERT INTO app.tenants (id, name, plan, key_mode, region, on_invalid_key, trial_ends_at, monthly_quota)
      VALUES (${id}, ${name}, ${plan}, 'shared', ${region}, ${on_invalid_key}, ${trial_ends_at}, ${monthly_quota})
      RETURNING *
    ), ${ACT}`;
}

function assign(tenantId: string, values: SQL): SQL {
  return sql`WITH changed AS (
      UPDATE app.tenants t SET ${values} WHERE t.id = ${tenantId} AND t.deleted_at IS NULL RETURNING *
    ), ${ACT}`;
}

/**
 * A plan without own keys takes the tenant's away, and with it what was chosen for it. A trial ends with the plan that it was of. What both
 * were is kept, for the month that is over by then is invoiced by it.
 */
function updateTenant(tenantId: string, change: TenantChange, keyRetireMs: number): SQL {
  const { name, plan, region, on_invalid_key, monthly_quota, trial_ends_at } = change;
  return sql`WITH changed AS (
      UPDATE app.tenants t SET
        name = COALESCE(${name ?? null}, t.name), region = COALESCE(${region ?? null}, t.region),
        on_invalid_key = COALESCE(${on_invalid_key ?? null}, t.on_invalid_key),
        monthly_quota = CASE WHEN ${monthly_quota !== undefined} THEN ${monthly_quota ?? null}::int ELSE t.monthly_quota END,
        trial_ends_at = CASE WHEN ${trial_ends_at !== undefined} THEN ${trial_ends_at ?? null}::timestamptz
                             WHEN p.name = t.plan THEN t.trial_ends_at END,
        plan = p.name,
        key_mode = CASE WHEN p.own_key THEN t.key_mode ELSE 'shared' END,
        active_upstream_key_id = CASE WHEN p.own_key THEN t.active_upstream_key_id END,
        tiklive_key_last4 = CASE WHEN p.own_key THEN t.tiklive_key_last4 END,
        fell_back_at = CASE WHEN p.own_key THEN t.fell_back_at END,
        cache_scope = CASE WHEN p.own_key OR t.key_mode = 'shared' THEN t.cache_scope END
      FROM app.plans p
      WHERE p.name = COALESCE(${plan ?? null}, t.plan) AND t.id = ${tenantId} AND t.deleted_at IS NULL
      RETURNING t.*, p.own_key, old.plan AS past_plan, old.trial_ends_at AS past_trial_ends_at
    ), kept AS (
      INSERT INTO app.past_terms (tenant_id, until, plan, trial_ends_at)
      SELECT id, now(), past_plan, past_trial_ends_at FROM changed
      WHERE (past_plan, past_trial_ends_at) IS DISTINCT FROM (plan, trial_ends_at)
    ), ${endKeys(sql`NOT changed.own_key`, keyRetireMs)}, ${ACT}`;
}

function deleteTenant(tenantId: string): SQL {
  return sql`WITH changed AS (
      UPDATE app.tenants SET deleted_at = now(), key_mode = 'shared', active_upstream_key_id = NULL, tiklive_key_last4 = NULL,
        fell_back_at = NULL
      WHERE id = ${tenantId} AND deleted_at IS NULL RETURNING *
    ), revoked AS (
      UPDATE app.api_keys k SET revoked_at = now() FROM changed WHERE k.tenant_id = changed.id AND k.revoked_at IS NULL
    ), forgotten AS (
      DELETE FROM app.tiktok_user_snapshots s USING changed WHERE s.tenant_id = changed.id
    ), silenced AS (
      UPDATE app.webhooks w SET deleted_at = now(), wrap_iv = '', wrapped_key = '', iv = '', ciphertext = ''
      FROM changed WHERE w.tenant_id = changed.id AND w.deleted_at IS NULL
    ), ${endKeys(sql`true`, 0)}, ${ACT}`;
}

/** Sealed secrets go at once: isolates that still dispatch on a key hold it in the record that they read. */
function endKeys(when: SQL, retireMs: number): SQL {
  return sql`ended AS (
      UPDATE app.upstream_keys k SET status = 'retired', reason = 'removed',
        retires_at = now() + ${retireMs} * interval '1 millisecond', wrap_iv = '', wrapped_key = '', iv = '', ciphertext = ''
      FROM changed WHERE k.tenant_id = changed.id AND k.status <> 'retired' AND ${when}
    )`;
}

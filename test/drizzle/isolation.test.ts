import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TENANT_A, TENANT_B, tenancyDatabase } from "../support/tenancy-database.ts";
import type { TenancyDatabase } from "../support/tenancy-database.ts";

/** For each table with tenants' rows, how one row of tenant `$1` is written. */
const rowOf: Readonly<Record<string, string>> = {
  tenant_users: "INSERT INTO app.tenant_users VALUES ($1, gen_random_uuid(), 'owner')",
  api_keys: `INSERT INTO app.api_keys (id, tenant_id, digest, pepper_version, permissions, last4)
    SELECT repeat(right(id::text, 1), 12), id, sha256('x'), 1, '{data}', 'last' FROM CAST($1 AS uuid) AS id`,
  upstream_keys: `INSERT INTO app.upstream_keys
    VALUES ($1, gen_random_uuid(), 1, 'active', 'last', true, 1, '', '', '', '')`,
  usage_events: `INSERT INTO app.usage_events
    SELECT $1, id, app.uuid7_time(id), '/userid/', 200, 'success', 1, 0, 'r', 'k' FROM uuidv7() AS id`,
  usage_daily_rollup: "INSERT INTO app.usage_daily_rollup VALUES ($1, '2026-11-20', '/userid/')",
  usage_hits: "INSERT INTO app.usage_hits VALUES ($1, uuidv7(), '/userid/', now(), 1, 1)",
  tiktok_user_snapshots: "INSERT INTO app.tiktok_user_snapshots (tenant_id, sec_uid, unique_id) VALUES ($1, 's', 'u')",
};

let database: TenancyDatabase;
beforeAll(async () => {
  database = await tenancyDatabase();
  for (const insert of Object.values(rowOf)) {
    for (const tenantId of [TENANT_A, TENANT_B]) await database.owner.query(insert, [tenantId]);
  }
});
afterAll(() => database.close());

describe.each(Object.entries(rowOf))("%s", (table, insert) => {
  it("shows a tenant its own rows alone", async () => {
    const { rows } = await database.asTenant(TENANT_A, `SELECT DISTINCT tenant_id FROM app.${table}`);
    expect(rows).toEqual([{ tenant_id: TENANT_A }]);
  });

  it("shows nothing when no tenant is set, because a forgotten setting must not mean everybody", async () => {
    expect((await database.rw.query(`SELECT FROM app.${table}`)).rowCount).toBe(0);
    expect((await database.asTenant("", `SELECT FROM app.${table}`)).rowCount).toBe(0);
  });

  it("refuses a row written for another tenant", async () => {
    await expect(database.asTenant(TENANT_A, insert, [TENANT_B])).rejects.toThrow(/row-level security/);
  });
});

it("hides another tenant's rows from writes, because an error would tell that they exist", async () => {
  const update = "UPDATE app.usage_daily_rollup SET calls = 9 WHERE tenant_id = $1";
  const updated = await database.asTenant(TENANT_A, update, [TENANT_B]);
  const deleted = await database.asTenant(TENANT_A, "DELETE FROM app.tenant_users WHERE tenant_id = $1", [TENANT_B]);
  expect([updated.rowCount, deleted.rowCount]).toEqual([0, 0]);
});

it.each(["usage_daily_rollup", "tenant_users"])("refuses to hand a row of %s to another tenant", async (table) => {
  await expect(database.asTenant(TENANT_A, `UPDATE app.${table} SET tenant_id = $1`, [TENANT_B])).rejects.toThrow(
    /row-level security/,
  );
});

describe("tenants", () => {
  it("shows a tenant itself alone", async () => {
    expect((await database.asTenant(TENANT_A, "SELECT name FROM app.tenants")).rows).toEqual([{ name: "A" }]);
  });

  it.each(["monthly_quota = 1000000000", "plan = 'enterprise'", "status = 'active'", "deleted_at = NULL"])(
    "does not let a tenant set %s, because what it may spend is not its to say",
    async (assignment) => {
      await expect(database.asTenant(TENANT_A, `UPDATE app.tenants SET ${assignment}`)).rejects.toThrow(
        /permission denied/,
      );
    },
  );

  it("holds a BYO tenant to a key of its own: another tenant's fits no reference", async () => {
    const byo = `UPDATE app.tenants SET key_mode = 'byo', tiklive_key_last4 = 'last', active_upstream_key_id =
      (SELECT id FROM app.upstream_keys WHERE tenant_id = $2) WHERE id = $1`;
    await expect(database.owner.query(byo, [TENANT_A, TENANT_B])).rejects.toThrow(/tenants_active_upstream_key_fk/);
    const without = "UPDATE app.tenants SET key_mode = 'byo' WHERE id = $1";
    await expect(database.owner.query(without, [TENANT_A])).rejects.toThrow(/tenants_byo_has_key/);
  });
});

it.each(["usage_events", "usage_hits"])("does not let %s be rewritten, because it is the books", async (table) => {
  await expect(database.asTenant(TENANT_A, `DELETE FROM app.${table}`)).rejects.toThrow(/permission denied/);
  await expect(database.asTenant(TENANT_A, `UPDATE app.${table} SET endpoint = ''`)).rejects.toThrow(
    /permission denied/,
  );
});

it("does not answer from a partition by its own name, where the parent's policies do not reach", async () => {
  await expect(database.asTenant(TENANT_A, "SELECT FROM app.usage_events_default")).rejects.toThrow(
    /permission denied/,
  );
});

it("forgets the tenant with its transaction, because a pooler hands the connection to somebody else", async () => {
  await database.asTenant(TENANT_A, "SELECT 1");
  expect((await database.rw.query("SELECT FROM app.usage_events")).rowCount).toBe(0);
  const next = await database.asTenant(TENANT_B, "SELECT DISTINCT tenant_id FROM app.usage_events");
  expect(next.rows).toEqual([{ tenant_id: TENANT_B }]);
});

describe("app_auth", () => {
  it.each(["api_keys", "tenants", "plans", "upstream_keys"])(
    "sees nothing of %s until a key is named",
    async (table) => {
      expect((await database.auth.query(`SELECT FROM app.${table}`)).rowCount).toBe(0);
    },
  );

  it("sees the named key, its tenant and its plan", async () => {
    const found = await database.asKey(
      "aaaaaaaaaaaa",
      `SELECT (SELECT json_agg(id) FROM app.api_keys) AS keys, (SELECT json_agg(name) FROM app.tenants) AS tenants,
        (SELECT json_agg(name) FROM app.plans) AS plans, (SELECT count(*)::int FROM app.upstream_keys) AS upstream_keys`,
    );
    expect(found.rows).toEqual([{ keys: ["aaaaaaaaaaaa"], tenants: ["A"], plans: ["free"], upstream_keys: 0 }]);
  });

  it("sees nothing of usage and writes nothing", async () => {
    await expect(database.auth.query("SELECT FROM app.usage_events")).rejects.toThrow(/permission denied/);
    await expect(database.auth.query("UPDATE app.api_keys SET revoked_at = NULL")).rejects.toThrow(/permission denied/);
  });
});

it("lets nobody but app_ops near the dead messages, which hold any tenant's usage", async () => {
  await expect(database.asTenant(TENANT_A, "SELECT FROM app.dead_messages")).rejects.toThrow(/permission denied/);
  await expect(database.auth.query("SELECT FROM app.dead_messages")).rejects.toThrow(/permission denied/);
  expect((await database.ops.query("SELECT FROM app.dead_messages")).rowCount).toBe(0);
});

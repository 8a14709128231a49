import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLATFORM } from "../../src/core/act.ts";
import { TENANT_A, TENANT_B, tenancyDatabase } from "../support/tenancy-database.ts";
import type { TenancyDatabase } from "../support/tenancy-database.ts";
import { rowOf, writeRows } from "../support/tenant-rows.ts";

const TENANT_C = "0199c0de-0000-7000-8000-00000000000c";

let database: TenancyDatabase;
beforeAll(async () => {
  database = await tenancyDatabase();
  await writeRows(database.owner);
});
afterAll(() => database.close());

it("is tried on every table whose rows are a tenant's, so that a new one is not forgotten", async () => {
  const { rows } = await database.owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
     WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND attname = 'tenant_id'`,
  );
  expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(rowOf).toSorted());
});

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
    // Where it may write for none, its grants come before any policy.
    const refusal = table === "past_terms" ? /permission denied/ : /row-level security/;
    await expect(database.asTenant(TENANT_A, insert, [TENANT_B])).rejects.toThrow(refusal);
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

it("lets nobody but app_ops near the readings of the platform's keys", async () => {
  await expect(database.asTenant(TENANT_A, "SELECT FROM app.key_readings")).rejects.toThrow(/permission denied/);
  await expect(database.auth.query("SELECT FROM app.key_readings")).rejects.toThrow(/permission denied/);
  await expect(database.ops.query("UPDATE app.key_readings SET balance = 0")).rejects.toThrow(/permission denied/);
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

describe("app_auth with an origin", () => {
  const ORIGIN = "https://app.example.com";
  const key = (id: string, columns: string, values: string) =>
    database.owner.query(
      `INSERT INTO app.api_keys (id, tenant_id, digest, pepper_version, permissions, last4, origins${columns})
       VALUES ($1, $2, sha256('x'), 1, '{data}', 'last', $3${values})`,
      [id, TENANT_B, ["https://other.example.com", ORIGIN]],
    );
  const seen = async (origin: string) => {
    const { rows } = await database.asOrigin(origin, "SELECT id FROM app.api_keys");
    return rows;
  };

  it("sees the publishable keys that name it and are good, because a preflight brings no key", async () => {
    await key("Publishable0", ", kind", ", 'publishable'");
    await key("PublishableR", ", kind, revoked_at", ", 'publishable', now()");
    await key("PublishableE", ", kind, expires_at", ", 'publishable', now()");
    await key("SecretOrigin", "", "");
    expect(await seen(ORIGIN)).toEqual([{ id: "Publishable0" }]);
    for (const origin of ["https://app.example.co", `${ORIGIN}:8443`, "", "null"])
      expect(await seen(origin)).toEqual([]);
    await database.owner.query("DELETE FROM app.api_keys WHERE cardinality(origins) > 0");
  });
});

describe("app_ops", () => {
  it("sees every tenant, because the operator lists them, and of the acted on alone what hangs on it", async () => {
    const { rows } = await database.asOperator(
      TENANT_A,
      `SELECT (SELECT json_agg(name ORDER BY name) FROM app.tenants) AS tenants, (SELECT json_agg(id) FROM app.api_keys) AS keys,
        (SELECT json_agg(tenant_id) FROM app.audit_log) AS acts`,
    );
    expect(rows).toEqual([{ tenants: ["A", "B"], keys: ["aaaaaaaaaaaa"], acts: [TENANT_A] }]);
  });

  it.each([
    "UPDATE app.tenants SET status = 'suspended' WHERE id = $1",
    "UPDATE app.api_keys SET revoked_at = now() WHERE tenant_id = $1",
    "UPDATE app.upstream_keys SET status = 'invalid' WHERE tenant_id = $1",
    "DELETE FROM app.tiktok_user_snapshots WHERE tenant_id = $1",
    "DELETE FROM app.idempotency_keys WHERE tenant_id = $1",
  ])("changes nothing of a tenant that is not the one acted on: %s", async (statement) => {
    expect((await database.asOperator(TENANT_A, statement, [TENANT_B])).rowCount).toBe(0);
    expect((await database.asOperator("", statement, [TENANT_B])).rowCount).toBe(0);
  });

  it("makes no tenant but the one acted on", async () => {
    const insert = "INSERT INTO app.tenants (id, name, plan, key_mode) VALUES ($1, 'C', 'free', 'shared')";
    await expect(database.asOperator(TENANT_A, insert, [TENANT_C])).rejects.toThrow(/row-level security/);
    await expect(database.asOperator(TENANT_A, "UPDATE app.tenants SET id = $1", [TENANT_C])).rejects.toThrow(
      /permission denied/,
    );
  });

  it.each(["audit_log", "idempotency_keys"])("writes %s of the tenant acted on or of the platform", async (table) => {
    const insert = rowOf[table]?.replace("'key'", "'of the operator'") ?? "";
    await database.asOperator(TENANT_A, insert, [PLATFORM]);
    await database.asOperator(TENANT_A, insert, [TENANT_A]);
    await expect(database.asOperator(TENANT_A, insert, [TENANT_B])).rejects.toThrow(/row-level security/);
  });

  it("reads no digest of a key, because ending one takes none", async () => {
    await expect(database.asOperator(TENANT_A, "SELECT digest FROM app.api_keys")).rejects.toThrow(/permission denied/);
  });

  it.each([
    { column: "data", table: "webhook_events" },
    { column: "webhook_id", table: "webhook_deliveries" },
    { column: "url", table: "webhooks" },
    { column: "document", table: "invoices" },
    { column: "tenant_id", table: "usage_events" },
    { column: "endpoint", table: "usage_events" },
  ])("reads no $column of $table, because its work takes none", async ({ column, table }) => {
    await expect(database.ops.query(`SELECT ${column} FROM app.${table}`)).rejects.toThrow(/permission denied/);
  });

  it("decides on a dead message and rewrites nothing of it, because what is replayed is what was buried", async () => {
    for (const column of ["body", "queue", "reason", "buried_at"])
      await expect(database.ops.query(`UPDATE app.dead_messages SET ${column} = ${column}`)).rejects.toThrow(
        /permission denied/,
      );
  });

  it("deletes no event that nobody was told of, however old it is, because its threshold would be lost", async () => {
    const { ops, owner } = database;
    await owner.query("UPDATE app.webhook_events SET created_at = now() - interval '1 year'");
    expect((await ops.query("DELETE FROM app.webhook_events")).rowCount).toBe(0);
    await owner.query("UPDATE app.webhook_events SET created_at = now()");
  });

  it("finds what was not delivered yet of all tenants, and nothing else", async () => {
    const { ops, owner } = database;
    const found = async (table: string) => (await ops.query(`SELECT FROM app.${table}`)).rowCount;
    expect([await found("webhook_events"), await found("webhook_deliveries")]).toEqual([2, 2]);
    await owner.query("UPDATE app.webhook_events SET announced_at = now() WHERE tenant_id = $1", [TENANT_A]);
    await owner.query("UPDATE app.webhook_deliveries SET status = 'dead' WHERE tenant_id = $1", [TENANT_B]);
    expect([await found("webhook_events"), await found("webhook_deliveries")]).toEqual([1, 1]);
  });

  it("sums what the platform's keys spent over all tenants, and nothing of a tenant's own key", async () => {
    const spent = async () => (await database.ops.query("SELECT credits_charged FROM app.usage_events")).rowCount;
    expect(await spent()).toBe(0);
    const insert = rowOf["usage_events"]?.replace("'k'", "'platform-00000000'") ?? "";
    await database.owner.query(insert, [TENANT_A]);
    await database.owner.query(insert, [TENANT_B]);
    expect(await spent()).toBe(2);
  });

  it("reads the upstream keys in use of all tenants, sealed as they are, because the wrapping key is rotated for all", async () => {
    expect((await database.ops.query("SELECT FROM app.upstream_keys")).rowCount).toBe(2);
  });
});

describe.each([
  { table: "audit_log", column: "actor_id" },
  { table: "invoices", column: "checksum" },
])("app.$table", ({ table, column }) => {
  const update = `UPDATE app.${table} SET ${column} = ''`;
  const changes = [update, `DELETE FROM app.${table}`, `TRUNCATE app.${table}`];

  it.each(changes)("is not rewritten by the Worker: %s", async (change) => {
    await expect(database.asTenant(TENANT_A, change)).rejects.toThrow(/permission denied/);
    await expect(database.asOperator(TENANT_A, change)).rejects.toThrow(/permission denied/);
    await expect(database.auth.query(change)).rejects.toThrow(/permission denied/);
  });

  it.each([...changes, `${update} WHERE false`])(
    "is not rewritten by its owner or a superuser either, not even while a replica applies: %s",
    async (change) => {
      await expect(database.owner.query(change)).rejects.toThrow(/append-only/);
      const replica = `SET LOCAL session_replication_role = replica; ${change}`;
      await expect(database.owner.query(replica)).rejects.toThrow(/append-only/);
    },
  );
});

it.each([
  { status: "active", secret: "", says: /upstream_keys_usable_is_sealed/ },
  { status: "pending", secret: "", says: /upstream_keys_usable_is_sealed/ },
  { status: "retired", secret: "secret", says: /upstream_keys_retired_is_erased/ },
])("refuses a $status upstream key whose secret is '$secret'", async ({ status, secret, says }) => {
  const insert = `INSERT INTO app.upstream_keys VALUES ($1, gen_random_uuid(), 7, $2, 'last', true, 1, 'iv', 'key', 'iv', $3)`;
  await expect(database.owner.query(insert, [TENANT_A, status, secret])).rejects.toThrow(says);
});

it("lets nobody but app_ops near the dead messages, which hold any tenant's usage", async () => {
  await expect(database.asTenant(TENANT_A, "SELECT FROM app.dead_messages")).rejects.toThrow(/permission denied/);
  await expect(database.auth.query("SELECT FROM app.dead_messages")).rejects.toThrow(/permission denied/);
  expect((await database.ops.query("SELECT FROM app.dead_messages")).rowCount).toBe(0);
});

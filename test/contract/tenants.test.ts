import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { neonTenantDirectory } from "../../src/adapters/neon-tenant-directory.ts";
import { neonTenants } from "../../src/adapters/neon-tenants.ts";
import type { Acted } from "../../src/core/act.ts";
import type { NewTenant, TenantChange, Tenants } from "../../src/core/control-ports.ts";
import { PlanView, TenantView } from "../../src/core/resources.ts";
import type { TenantWindows } from "../../src/core/tenant-windows.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { everyPage } from "../support/pages.ts";
import { ABSENT, sampleAct } from "../support/sample-acts.ts";
import { silentLog } from "../support/silent-log.ts";
import { statementsOf } from "../support/sql-tap.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const BYO = "0199c0de-0000-7000-8000-0000000000b0";
const BYO_KEY = "0199c0de-0000-7000-8000-00000000b100";
const act = sampleAct();

let database: NeonTenancy;
let tenants: Tenants;
beforeAll(async () => {
  database = await neonTenancy();
  tenants = neonTenants({ ops: database.connectAs("ops"), rw: database.connectAs("rw"), keyRetireMs: 15_000 });
  // Far east of UTC: a time written in the session's zone would not end in Z.
  await database.owner.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Tokyo'`);
});
beforeEach(async () => {
  const { owner } = database;
  await owner.query(
    "UPDATE app.tenants SET active_upstream_key_id = NULL, tiklive_key_last4 = NULL, key_mode = 'shared'",
  );
  await owner.query(
    "DELETE FROM app.upstream_keys; DELETE FROM app.api_keys; DELETE FROM app.past_terms; DELETE FROM app.tenants WHERE id::text !~ '00[ab]$'",
  );
});
afterAll(() => database.close());

const newTenant: NewTenant = {
  id: ABSENT.replace(/ff$/, "c1"),
  name: "Added",
  plan: "pro",
  region: "eu",
  on_invalid_key: "refuse",
  trial_ends_at: "2027-01-31T12:00:00.000Z",
  monthly_quota: 77,
};

/** The row, after it was seen to be one that `/v1` may show. */
function row(acted: Acted<TenantView>): TenantView {
  if (acted.kind !== "done") throw new Error(`the act is ${acted.kind}`);
  return v.parse(v.strictObject(TenantView.entries), acted.row);
}

/** A tenant on its own key, with an older version, a pending one and one that was found invalid. */
async function writeByo(): Promise<void> {
  const { owner } = database;
  await owner.query("INSERT INTO app.tenants (id, name, plan, key_mode) VALUES ($1, 'Byo', 'enterprise', 'shared')", [
    BYO,
  ]);
  await owner.query(
    `INSERT INTO app.upstream_keys VALUES ($1, $2, 2, 'active', 'last', true, 1, 'iv', 'key', 'iv', 'secret'),
       ($1, gen_random_uuid(), 1, 'retired', 'last', true, 1, '', '', '', ''),
       ($1, gen_random_uuid(), 3, 'pending', 'last', true, 1, 'iv', 'key', 'iv', 'secret'),
       ($1, gen_random_uuid(), 4, 'invalid', 'last', true, 1, 'iv', 'key', 'iv', 'secret')`,
    [BYO, BYO_KEY],
  );
  await owner.query(
    `UPDATE app.tenants SET key_mode = 'byo', active_upstream_key_id = $2, tiklive_key_last4 = 'last', cache_scope = 'pool'
     WHERE id = $1`,
    [BYO, BYO_KEY],
  );
}

async function writeKey(id: string, tenantId: string): Promise<void> {
  await database.owner.query(
    `INSERT INTO app.api_keys (id, tenant_id, digest, pepper_version, permissions, last4)
     VALUES ($1, $2, sha256('x'), 1, '{data}', 'last')`,
    [id, tenantId],
  );
}

describe("plans", () => {
  it("are told as data, cheapest first", async () => {
    const plans = (await tenants.plans()).map((plan) => v.parse(v.strictObject(PlanView.entries), plan));
    expect(
      plans.map(({ name, daily_quota, monthly_quota, own_key }) => [name, daily_quota, monthly_quota, own_key]),
    ).toEqual([
      ["free", 5_000, 10_000, false],
      ["pro", null, 250_000, true],
      ["enterprise", null, null, true],
    ]);
  });
});

describe("a tenant", () => {
  it("is created on the platform's keys and found as it was made", async () => {
    const created = row(await tenants.create(act, newTenant));
    expect(created).toMatchObject({ ...newTenant, status: "active", key_mode: "shared", deleted_at: null });
    expect(created).toMatchObject({ cache_scope: "pool", windows: {}, tiklive_key_last4: null, fell_back_at: null });
    expect(Date.parse(created.created_at)).toBeCloseTo(Date.now(), -5);
    expect(created.created_at).toMatch(/Z$/);
    expect(await tenants.find(newTenant.id)).toEqual(created);
  });

  it("is suspended and resumed, twice over too", async () => {
    for (const status of ["suspended", "suspended", "active", "active"] as const) {
      expect(row(await tenants.setStatus(act, TENANT_A, status))).toMatchObject({ id: TENANT_A, status });
    }
  });

  it("leaves behind what its plan and trial were, each time that one changes, because a month is invoiced by what held at its end", async () => {
    await tenants.create(act, newTenant);
    await tenants.change(act, newTenant.id, { plan: "enterprise" });
    await tenants.change(act, newTenant.id, { name: "Renamed", plan: "enterprise", trial_ends_at: null });
    await tenants.change(act, newTenant.id, { trial_ends_at: newTenant.trial_ends_at });
    await tenants.change(act, newTenant.id, { trial_ends_at: null });
    const { rows } = await database.owner.query(
      "SELECT plan, trial_ends_at, until > now() - interval '1 minute' AS just FROM app.past_terms WHERE tenant_id = $1 ORDER BY until",
      [newTenant.id],
    );
    const trial = new Date(newTenant.trial_ends_at ?? "");
    expect(rows).toEqual([
      { plan: "pro", trial_ends_at: trial, just: true },
      { plan: "enterprise", trial_ends_at: null, just: true },
      { plan: "enterprise", trial_ends_at: trial, just: true },
    ]);
  });

  it("changes what is given and nothing else", async () => {
    const before = row(await tenants.create(act, newTenant));
    expect(row(await tenants.change(act, newTenant.id, {}))).toEqual(before);
    const change: TenantChange = { name: "Renamed", region: "us", on_invalid_key: "shared", monthly_quota: null };
    const changed = row(await tenants.change(act, newTenant.id, change));
    expect(changed).toEqual({ ...before, ...change, monthly_quota: 250_000 });
  });

  it.each([
    { change: { plan: "enterprise" }, trial: null, because: "the trial was of the old plan" },
    { change: { plan: "pro" }, trial: newTenant.trial_ends_at, because: "the plan stays" },
    {
      change: { plan: "free", trial_ends_at: "2027-02-01T00:00:00.000Z" },
      trial: "2027-02-01T00:00:00.000Z",
      because: "it is set",
    },
    { change: { trial_ends_at: null }, trial: null, because: "it is lifted" },
  ] as const)("whose change is $change has the trial $trial: $because", async ({ change, trial }) => {
    await tenants.create(act, newTenant);
    expect(row(await tenants.change(act, newTenant.id, change)).trial_ends_at).toBe(trial);
  });

  it.each([
    { set: "plan = 'free'", daily: 5_000, monthly: 10_000, because: "the plan says so" },
    { set: "plan = 'pro'", daily: null, monthly: 250_000, because: "the plan says so" },
    {
      set: "plan = 'pro', fell_back_at = now()",
      daily: 5_000,
      monthly: 10_000,
      because: "its own key was found invalid",
    },
    { set: "plan = 'pro', monthly_quota = 5", daily: null, monthly: 5, because: "one was set" },
  ])("with $set may spend $daily a day and $monthly a month: $because", async ({ set, daily, monthly }) => {
    await tenants.create(act, { ...newTenant, monthly_quota: null });
    await database.owner.query(`UPDATE app.tenants SET ${set} WHERE id = $1`, [newTenant.id]);
    expect(await tenants.find(newTenant.id)).toMatchObject({ daily_quota: daily, monthly_quota: monthly });
  });

  it("on its own key has no quota but one that is set, for it pays itself", async () => {
    await writeByo();
    expect(await tenants.find(BYO)).toMatchObject({ key_mode: "byo", daily_quota: null, monthly_quota: null });
    const limited = row(await tenants.change(act, BYO, { monthly_quota: 9 }));
    expect(limited).toMatchObject({ key_mode: "byo", daily_quota: null, monthly_quota: 9, tiklive_key_last4: "last" });
  });

  it("chooses its name and its scope itself", async () => {
    expect(row(await tenants.changeOwn(act, TENANT_A, { cache_scope: "tenant" }))).toMatchObject({
      cache_scope: "tenant",
    });
    expect(row(await tenants.changeOwn(act, TENANT_A, { name: "a" }))).toMatchObject({
      name: "a",
      cache_scope: "tenant",
    });
    expect(row(await tenants.changeOwn(act, TENANT_A, { cache_scope: "pool" }))).toMatchObject({ cache_scope: "pool" });
  });

  it("chooses its windows itself, all of them at once, and the data plane finds them", async () => {
    const directory = neonTenantDirectory(database.connectAs("rw"), Date.now, silentLog);
    const found = async () => {
      const looked = await directory.find(TENANT_A);
      return looked.kind === "found" ? looked.tenant.windows : looked;
    };
    const choose = (windows: TenantWindows | null) => tenants.changeOwn(act, TENANT_A, { windows });
    const userid = { fresh_seconds: 60, stale_seconds: 0 };
    expect(row(await choose({ userid, feed: userid }))).toMatchObject({ windows: { userid, feed: userid } });
    expect(row(await choose({ userid })).windows).toEqual({ userid });
    expect(row(await tenants.changeOwn(act, TENANT_A, { name: "A" })).windows).toEqual({ userid });
    expect(await found()).toEqual({ userid: { freshMs: 60_000, staleMs: 0 } });
    expect(row(await choose(null)).windows).toEqual({});
    expect(await found()).toEqual({});
  });
});

describe("a plan without own keys", () => {
  it("puts the tenant back on the platform's, and erases what was sealed for it", async () => {
    await writeByo();
    const now = Date.now();
    const changed = row(await tenants.change(act, BYO, { plan: "free" }));
    expect(changed).toMatchObject({ plan: "free", key_mode: "shared", tiklive_key_last4: null, cache_scope: "pool" });
    const { rows } = await database.owner.query<{ retires_at: Date | null; ended: string }>(
      `SELECT retires_at, concat_ws(' ', status, reason, octet_length(wrap_iv || wrapped_key || iv || ciphertext)) AS ended
       FROM app.upstream_keys WHERE tenant_id = $1 ORDER BY version`,
      [BYO],
    );
    expect(rows.map(({ ended }) => ended)).toEqual([
      "retired 0",
      "retired removed 0",
      "retired removed 0",
      "retired removed 0",
    ]);
    expect(Number(rows[1]?.retires_at) - now).toBeCloseTo(15_000, -4);
    expect(await choiceOf(BYO)).toBeNull();
  });

  it("leaves the scope that a tenant on the platform's keys chose", async () => {
    await tenants.create(act, newTenant);
    await tenants.changeOwn(act, newTenant.id, { cache_scope: "tenant" });
    expect(row(await tenants.change(act, newTenant.id, { plan: "free" }))).toMatchObject({ cache_scope: "tenant" });
  });

  const choiceOf = async (tenantId: string): Promise<unknown> => {
    const { rows } = await database.owner.query("SELECT cache_scope FROM app.tenants WHERE id = $1", [tenantId]);
    return rows[0]?.cache_scope;
  };
});

describe("a deleted tenant", () => {
  it("has no working key, no sealed one and no snapshot, and its usage is kept", async () => {
    const { owner } = database;
    await writeByo();
    await writeKey("KeyOfDeleted", BYO);
    await writeKey("KeyOfAnother", TENANT_A);
    await owner.query(
      "INSERT INTO app.tiktok_user_snapshots (tenant_id, sec_uid, unique_id) VALUES ($1, 's', 'u'), ($2, 's', 'u')",
      [BYO, TENANT_A],
    );
    await owner.query("INSERT INTO app.usage_daily_rollup VALUES ($1, '2026-11-20', '/userid/', 3)", [BYO]);
    const removed = row(await tenants.remove(act, BYO));
    expect(removed).toMatchObject({ id: BYO, key_mode: "shared", tiklive_key_last4: null });
    expect(removed.deleted_at).not.toBeNull();
    const { rows } = await owner.query(
      `SELECT (SELECT json_agg(id) FROM app.api_keys WHERE revoked_at IS NULL) AS keys,
         (SELECT json_agg(tenant_id) FROM app.tiktok_user_snapshots) AS snapshots,
         (SELECT count(*)::int FROM app.upstream_keys WHERE octet_length(ciphertext) > 0) AS sealed,
         (SELECT calls::int FROM app.usage_daily_rollup WHERE tenant_id = $1) AS calls`,
      [BYO],
    );
    expect(rows).toEqual([{ keys: ["KeyOfAnother"], snapshots: [TENANT_A], sealed: 0, calls: 3 }]);
    await owner.query("DELETE FROM app.tiktok_user_snapshots; DELETE FROM app.usage_daily_rollup");
  });

  it("is absent to all but the list, which says since when", async () => {
    await tenants.create(act, newTenant);
    const { deleted_at } = row(await tenants.remove(act, newTenant.id));
    expect(await tenants.find(newTenant.id)).toBeUndefined();
    expect([await tenants.wasThere(newTenant.id), await tenants.wasThere(ABSENT)]).toEqual([true, false]);
    const acted = await Promise.all(everyAct(newTenant.id).map((perform) => perform()));
    expect(new Set(acted.map(({ kind }) => kind))).toEqual(new Set(["absent"]));
    const { rows } = await tenants.list({ limit: 100, after: null });
    expect(rows.find(({ id }) => id === newTenant.id)).toMatchObject({ deleted_at });
  });
});

function everyAct(tenantId: string) {
  return [
    () => tenants.change(act, tenantId, { name: "x" }),
    () => tenants.setStatus(act, tenantId, "suspended"),
    () => tenants.remove(act, tenantId),
    () => tenants.changeOwn(act, tenantId, { name: "x" }),
  ] as const;
}

describe("an absent tenant", () => {
  it("is absent to every act, in the statements of one that is there", async () => {
    await tenants.create(act, newTenant);
    const [there, absent] = [everyAct(newTenant.id), everyAct(ABSENT)];
    for (const [at, perform] of absent.entries()) {
      // Deleting comes third: what follows finds nobody, in the same statements still.
      const ofThere = await statementsOf(async () => there[at]?.());
      expect(await statementsOf(perform)).toEqual(ofThere);
      expect(await perform()).toEqual({ kind: "absent" });
    }
    expect(await statementsOf(() => tenants.find(ABSENT))).toEqual(await statementsOf(() => tenants.find(TENANT_A)));
    expect(await tenants.find(ABSENT)).toBeUndefined();
    expect(await statementsOf(() => tenants.wasThere(ABSENT))).toEqual(
      await statementsOf(() => tenants.wasThere(TENANT_A)),
    );
  });
});

it("lists each tenant once, in pages of every size", async () => {
  await tenants.create(act, newTenant);
  const listed = await everyPage((page) => tenants.list(page));
  expect(listed.map((tenant) => v.parse(TenantView, tenant).id)).toEqual([TENANT_A, TENANT_B, newTenant.id]);
});

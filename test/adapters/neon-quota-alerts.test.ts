import { PgDialect } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { lockAlerts } from "../../src/adapters/neon-quota-alerts.ts";
import { neonUsageLedger } from "../../src/adapters/neon-usage-ledger.ts";
import { isUuid7, uuid7TimeMs } from "../../src/core/uuid7.ts";
import { eventually } from "../support/eventually.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { sampleEvent } from "../support/sample-usage.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

let database: NeonTenancy;

beforeAll(async () => {
  database = await neonTenancy();
  // Far east of UTC, where a window taken in the session's zone would be tomorrow's.
  await database.owner.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Tokyo'`);
});
beforeEach(async () => {
  await database.owner.query("TRUNCATE app.usage_events, app.usage_daily_rollup, app.webhook_events");
  await database.owner.query("UPDATE app.plans SET daily_quota = NULL, monthly_quota = NULL");
  await database.owner.query(
    "UPDATE app.tenants SET plan = 'pro', monthly_quota = NULL, fell_back_at = NULL, deleted_at = NULL",
  );
});
afterAll(() => database.close());

const setQuotas = (daily: number | null, monthly: number | null, plan = "pro") =>
  database.owner.query("UPDATE app.plans SET daily_quota = $1, monthly_quota = $2 WHERE name = $3", [
    daily,
    monthly,
    plan,
  ]);

/** Adds events of these credits at once, now unless told; returns what is to be announced. */
async function spend(
  credits: readonly number[],
  { doubt = 0, atMs = Date.now(), tenantId = TENANT_A, endpoint = "/userid/" } = {},
) {
  const events = credits.map((creditsCharged) =>
    sampleEvent(tenantId, { creditsCharged, creditsInDoubt: doubt, occurredAtMs: atMs, endpoint }),
  );
  const recording = await neonUsageLedger(database.connectAs("rw")).addEvents(tenantId, events);
  return recording.kind === "recorded" ? recording.announce : recording.reason;
}

type Told = { id: string; data: { window: string; threshold: number }; isTold: boolean };

/** Every threshold that was noted; `isTold` when nobody has to be told of it any more. */
async function noted(tenantId = TENANT_A): Promise<Told[]> {
  const { rows } = await database.owner.query<Told>(
    `SELECT id, data, announced_at IS NOT NULL AS "isTold" FROM app.webhook_events WHERE tenant_id = $1
     ORDER BY data->>'window', (data->>'threshold')::int`,
    [tenantId],
  );
  return rows;
}

const thresholds = async (tenantId = TENANT_A) =>
  (await noted(tenantId)).map(({ data, isTold }) => `${data.window} ${data.threshold}${isTold ? " passed" : ""}`);

it("tells each threshold when it is reached, with what is spent and when the window ends", async () => {
  await setQuotas(null, 10);
  expect(await spend([4])).toEqual([]);
  const announced = await spend([1]);
  const [told] = await noted();
  const now = new Date();
  const [start, end] = [0, 1].map((more) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + more));
  expect(announced).toEqual([told?.id]);
  expect(told?.data).toEqual({
    window: "monthly",
    window_start: new Date(start ?? 0).toISOString(),
    threshold: 50,
    credits_used: 5,
    quota: 10,
    resets_at: new Date(end ?? 0).toISOString(),
  });
  expect(isUuid7(told?.id ?? "") && uuid7TimeMs(told?.id ?? "")).toBe(start);
  await spend([3]);
  await spend([2]);
  expect(await thresholds()).toEqual(["monthly 50", "monthly 80", "monthly 100"]);
});

it("tells the highest alone when several are reached at once, because the others say nothing more, then or later", async () => {
  await setQuotas(null, 10);
  expect(await spend([9])).toHaveLength(1);
  expect(await spend([1])).toHaveLength(1);
  expect(await thresholds()).toEqual(["monthly 50 passed", "monthly 80", "monthly 100"]);
});

it("tells of the day and of the month, each by its own quota", async () => {
  await setQuotas(10, 20);
  expect(await spend([10])).toHaveLength(2);
  expect(await thresholds()).toEqual(["daily 50 passed", "daily 80 passed", "daily 100", "monthly 50"]);
});

it("counts what is in doubt, as the quota does", async () => {
  await setQuotas(null, 10);
  expect(await spend([1], { doubt: 4 })).toHaveLength(1);
});

it("tells once, whatever is delivered again or spent after it", async () => {
  await setQuotas(null, 10);
  const event = sampleEvent(TENANT_A, { creditsCharged: 6, occurredAtMs: Date.now() });
  const ledger = neonUsageLedger(database.connectAs("rw"));
  expect(await ledger.addEvents(TENANT_A, [event])).toMatchObject({ announce: [expect.any(String)] });
  expect(await ledger.addEvents(TENANT_A, [event])).toMatchObject({ announce: [] });
  expect(await spend([1])).toEqual([]);
});

it("tells what consumers reach together that add at the same time, though neither of them reaches it alone", async () => {
  await setQuotas(null, 80);
  const { owner } = database;
  const { sql: lock, params } = new PgDialect().sqlToQuery(lockAlerts(TENANT_A));
  // The other consumer: it has added its own, and is about to commit.
  await owner.query("BEGIN");
  await owner.query(
    "INSERT INTO app.usage_daily_rollup (tenant_id, day, endpoint, credits_charged) VALUES ($1, (now() AT TIME ZONE 'UTC')::date, '/user-posts/', 20)",
    [TENANT_A],
  );
  await owner.query(lock, params);
  const spent = spend([20]);
  await eventually(async () => {
    await owner.query("SELECT pg_stat_clear_snapshot()");
    const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
    expect((await owner.query(waiting)).rowCount).toBe(1);
  });
  await owner.query("COMMIT");
  expect(await spent).toHaveLength(1);
  expect(await thresholds()).toEqual(["monthly 50"]);
});

it("tells of two tenants under two ids, because the operator's webhook hears of both and drops what it has seen", async () => {
  await setQuotas(null, 10);
  await Promise.all([TENANT_A, TENANT_B].map((tenantId) => spend([5], { tenantId })));
  const [[one], [other]] = await Promise.all([noted(TENANT_A), noted(TENANT_B)]);
  expect(one?.id).toEqual(expect.any(String));
  expect(one?.id).not.toBe(other?.id);
});

it("tells nothing of a window that is over, however much comes late, because nobody can act on it", async () => {
  await setQuotas(10, 10);
  const now = new Date();
  expect(await spend([50], { atMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth()) - 1 })).toEqual([]);
  expect(await spend([4])).toEqual([]);
  expect(await thresholds()).toEqual([]);
});

it("counts nothing of tomorrow to this day, for the ledger's clock may be ahead", async () => {
  await setQuotas(10, null);
  const now = new Date();
  const tomorrowMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1);
  expect(await spend([50], { atMs: tomorrowMs })).toEqual([]);
});

it("tells again in the next window, because ids are of a window", async () => {
  await setQuotas(null, 10);
  await spend([10]);
  // As it will look a month on: what was told then is of another window.
  await database.owner.query("UPDATE app.webhook_events SET id = gen_random_uuid()");
  expect(await spend([1])).toHaveLength(1);
});

it("makes no threshold new when the quota is raised, because once told is told", async () => {
  await setQuotas(null, 10);
  await spend([10]);
  await setQuotas(null, 100);
  expect(await spend([80])).toEqual([]);
});

it.each([
  { tenant: "without a quota", change: "plan = 'pro'", monthly: null, told: [] },
  {
    tenant: "with a monthly quota of its own",
    change: "monthly_quota = 10",
    monthly: 1_000,
    told: ["monthly 50"],
  },
  { tenant: "that fell back", change: "fell_back_at = now()", monthly: null, told: ["daily 80"] },
  { tenant: "whose quota is nothing", change: "monthly_quota = 0", monthly: null, told: [] },
  { tenant: "that is deleted", change: "monthly_quota = 10, deleted_at = now()", monthly: 5, told: [] },
])("goes by the quota in effect of a tenant $tenant", async ({ change, monthly, told }) => {
  await setQuotas(null, monthly);
  // Whoever fell back has the free plan's.
  await setQuotas(7, null, "free");
  await database.owner.query(`UPDATE app.tenants SET ${change} WHERE id = $1`, [TENANT_A]);
  await spend([6]);
  expect((await thresholds()).filter((threshold) => !threshold.endsWith("passed"))).toEqual(told);
});

it("tells nothing of a tenant's own upstream key without a quota, for its credits are its own", async () => {
  await setQuotas(5, 5);
  await database.owner.query(
    `INSERT INTO app.upstream_keys VALUES ($1, $1, 1, 'active', 'last', true, 1, 'iv', 'key', 'iv', 'secret') ON CONFLICT DO NOTHING`,
    [TENANT_B],
  );
  await database.owner.query(
    "UPDATE app.tenants SET key_mode = 'byo', active_upstream_key_id = id, tiklive_key_last4 = 'last' WHERE id = $1",
    [TENANT_B],
  );
  expect(await spend([50], { tenantId: TENANT_B })).toEqual([]);
  await database.owner.query("UPDATE app.tenants SET monthly_quota = 50 WHERE id = $1", [TENANT_B]);
  expect(await spend([1], { tenantId: TENANT_B })).toHaveLength(1);
});

it("keeps what was reached when the reply is lost, for the cron to tell", async () => {
  await setQuotas(null, 10);
  await database.breakNext({ kind: "drop-reply", contains: "usage_events" });
  await expect(spend([5])).rejects.toThrow(Error);
  expect(await thresholds()).toEqual(["monthly 50"]);
});

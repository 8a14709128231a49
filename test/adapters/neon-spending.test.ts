import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { neonSpending } from "../../src/adapters/neon-spending.ts";
import type { SpendingBooks } from "../../src/core/ledger.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const NOBODY = "0199c0de-0000-7000-8000-0000000000ff";

let database: NeonTenancy;
let books: SpendingBooks;

beforeAll(async () => {
  database = await neonTenancy();
  books = neonSpending({ rw: database.connectAs("rw"), ops: database.connectAs("ops") });
  // Far east of UTC, where a day taken in the session's zone would be tomorrow.
  await database.owner.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Tokyo'`);
});
beforeEach(async () => {
  await database.owner.query("TRUNCATE app.usage_daily_rollup");
  await database.owner.query("UPDATE app.tenants SET status = 'active', deleted_at = NULL");
});
afterAll(() => database.close());

/** Days by how they stand to Postgres' own, so that no test depends on the date it runs on. */
const days = {
  today: "(now() AT TIME ZONE 'UTC')::date",
  firstOfMonth: "date_trunc('month', now() AT TIME ZONE 'UTC')::date",
  lastMonth: "date_trunc('month', now() AT TIME ZONE 'UTC')::date - 1",
  nextMonth: "(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')::date",
};

async function spend(tenantId: string, day: keyof typeof days, endpoint: string, credits: readonly [number, number]) {
  await database.owner.query(
    `INSERT INTO app.usage_daily_rollup (tenant_id, day, endpoint, credits_charged, credits_in_doubt)
     VALUES ($1, ${days[day]}, $2, $3, $4)`,
    [tenantId, endpoint, ...credits],
  );
}

/** The first of a month is a day of it and a today of its own. */
async function isFirst(): Promise<boolean> {
  const { rows } = await database.owner.query(`SELECT ${days.today} = ${days.firstOfMonth} AS first`);
  return rows[0]?.first === true;
}

it("sums what was charged and what is in doubt over all endpoints, of the UTC day and month of Postgres", async () => {
  await spend(TENANT_A, "today", "/userid/", [3, 2]);
  await spend(TENANT_A, "today", "/user-posts/", [5, 0]);
  await spend(TENANT_A, "lastMonth", "/userid/", [1_000, 1_000]);
  await spend(TENANT_A, "nextMonth", "/userid/", [1_000, 1_000]);
  await spend(TENANT_B, "today", "/userid/", [70, 0]);
  const today = new Date().toISOString().slice(0, 10);
  expect(await books.of(TENANT_A)).toEqual({
    tenantId: TENANT_A,
    status: "active",
    day: today,
    spent: { daily: 10, monthly: 10 },
  });
  if (await isFirst()) return;
  await spend(TENANT_A, "firstOfMonth", "/userid/", [100, 0]);
  expect(await books.of(TENANT_A)).toMatchObject({ spent: { daily: 10, monthly: 110 } });
});

it("says zero of a tenant that spent nothing, and nothing of one that never was, for only the second has no counters", async () => {
  expect(await books.of(TENANT_A)).toMatchObject({ spent: { daily: 0, monthly: 0 } });
  expect(await books.of(NOBODY)).toBeUndefined();
});

it.each([
  { change: "status = 'suspended'", status: "suspended" },
  { change: "status = 'suspended', deleted_at = now()", status: "deleted" },
])(
  "says $status with the sums, because rebuilt counters must refuse what the books refuse",
  async ({ change, status }) => {
    await spend(TENANT_A, "today", "/userid/", [1, 0]);
    await database.owner.query(`UPDATE app.tenants SET ${change} WHERE id = $1`, [TENANT_A]);
    expect(await books.of(TENANT_A)).toMatchObject({ status, spent: { monthly: 1 } });
    expect(await books.all(null, 10)).toMatchObject([{ status, spent: { monthly: 1 } }]);
  },
);

it("goes through all tenants that spent something this month, page by page", async () => {
  await spend(TENANT_B, "today", "/userid/", [4, 1]);
  await spend(TENANT_A, "today", "/userid/", [2, 0]);
  await spend(TENANT_A, "lastMonth", "/userid/", [9, 0]);
  const [first] = await books.all(null, 1);
  expect(first).toMatchObject({ tenantId: TENANT_A, spent: { daily: 2, monthly: 2 } });
  expect(await books.all(TENANT_A, 1)).toMatchObject([{ tenantId: TENANT_B, spent: { daily: 5, monthly: 5 } }]);
  expect(await books.all(TENANT_B, 1)).toEqual([]);
});

it("leaves out who spent nothing, because there is nothing to hold a counter against", async () => {
  await spend(TENANT_A, "today", "/userid/", [0, 0]);
  await spend(TENANT_B, "lastMonth", "/userid/", [5, 0]);
  expect(await books.all(null, 10)).toEqual([]);
});

it("shows app_ops no more of the rollup than the sums of this month", async () => {
  await spend(TENANT_A, "lastMonth", "/userid/", [5, 0]);
  expect((await database.ops.query("SELECT tenant_id, day FROM app.usage_daily_rollup")).rowCount).toBe(0);
  await expect(database.ops.query("SELECT endpoint FROM app.usage_daily_rollup")).rejects.toThrow(/permission denied/);
});

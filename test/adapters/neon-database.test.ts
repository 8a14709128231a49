import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asOperator, connect, neonPart, query, withTenant } from "../../src/adapters/neon-database.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

let database: NeonTenancy;
beforeAll(async () => {
  database = await neonTenancy();
});
afterAll(() => database.close());

const names = () => query<{ name: string }>(sql`SELECT name FROM app.tenants ORDER BY name`);

it("shows the tenant's rows inside withTenant and nobody's after it, because connections are shared", async () => {
  const rw = database.connectAs("rw");
  const [ofA] = await withTenant(rw, TENANT_A, [names()]);
  const [ofB] = await withTenant(rw, TENANT_B, [names()]);
  const outside = await database.forNobody("rw", "SELECT name FROM app.tenants");
  expect([ofA.rows, ofB.rows, outside]).toEqual([[{ name: "A" }], [{ name: "B" }], []]);
});

it("writes all statements of withTenant or none", async () => {
  const rw = database.connectAs("rw");
  const add = (tenantId: string) =>
    query(sql`INSERT INTO app.tenant_users VALUES (${tenantId}, ${tenantId}, 'member', 'sub')`);
  await expect(withTenant(rw, TENANT_A, [add(TENANT_A), add(TENANT_B)])).rejects.toThrow(/row-level security/);
  expect((await database.owner.query("SELECT FROM app.tenant_users")).rowCount).toBe(0);
});

it("lets the operator write the tenant that is acted on, and none when none is", async () => {
  const ops = database.connectAs("ops");
  const suspend = () => query(sql`UPDATE app.tenants SET status = status RETURNING name`);
  const [ofA] = await asOperator(ops, TENANT_A, [suspend()]);
  const [ofNone, listed] = await asOperator(ops, null, [suspend(), names()]);
  expect([ofA.rows, ofNone.rows, listed.rows]).toEqual([[{ name: "A" }], [], [{ name: "A" }, { name: "B" }]]);
});

it("builds statements that are no promises, because one that is awaited by itself would run for nobody", () => {
  expect(names()).not.toHaveProperty("then");
});

it("gives each request a deadline of its own, because one signal for all would end them together", async () => {
  const hasty = database.connectAs("rw", 150);
  await database.breakNext({ kind: "delay", delayMs: 5_000 });
  await expect(withTenant(hasty, TENANT_A, [names()])).rejects.toMatchObject({
    cause: { sourceError: { name: "TimeoutError" } },
  });
  expect((await withTenant(hasty, TENANT_A, [names()]))[0].rows).toEqual([{ name: "A" }]);
});

describe("is unavailable, which a caller may try again, when", () => {
  it.each(["down", "status", "drop-reply"] as const)("the fault is %s", async (kind) => {
    await database.breakNext({ kind });
    await expect(withTenant(database.connectAs("rw"), TENANT_A, [names()])).rejects.toThrow(Unavailable);
  });

  it.each(["57P01", "53300", "40P01", "08006"])(
    "Postgres says %s, for the statement is not to blame",
    async (state) => {
      await expect(withTenant(database.connectAs("rw"), TENANT_A, [raise(state)])).rejects.toThrow(Unavailable);
    },
  );
});

it.each(["23505", "22P02", "42501"])(
  "is not unavailable when Postgres says %s: it would say so again",
  async (state) => {
    const refused = withTenant(database.connectAs("rw"), TENANT_A, [raise(state)]);
    await expect(refused).rejects.toMatchObject({ name: "NeonDbError", code: state });
  },
);

function raise(state: string) {
  return query(sql.raw(`DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '${state}'; END $$`));
}

it.each([
  { url: "app_rw:hunter2@nowhere database", because: "it is none" },
  { url: "mysql://app_rw:hunter2@host/database", because: "it is another database's" },
  { url: "postgresql://app_rw:hunter2@ho%st/database", because: "no host is called so" },
  { url: "postgresql://:hunter2@host/database", because: "it names no user" },
  { url: "postgresql://app_rw:hunter2@host/", because: "it names no database" },
])("refuses a URL when the Worker starts, and does not repeat it, for a password stands in it: $because", ({ url }) => {
  expect(() => connect(url, { timeoutMs: 1 })).toThrow(/^a database URL is not one$/);
});

it("says whether Postgres answers", async () => {
  const part = neonPart(database.connectAs("ops"));
  expect(await part.ping()).toBe(true);
  await database.breakNext({ kind: "down" });
  expect(await part.ping()).toBe(false);
});

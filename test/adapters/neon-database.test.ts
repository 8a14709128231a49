import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, neonPart, withTenant } from "../../src/adapters/neon-database.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

let database: NeonTenancy;
beforeAll(async () => {
  database = await neonTenancy();
});
afterAll(() => database.close());

it("shows the tenant's rows inside withTenant and nobody's after it, because connections are shared", async () => {
  const rw = database.connectAs("rw");
  const names = () => rw.execute<{ name: string }>(sql`SELECT name FROM app.tenants`);
  const [ofA] = await withTenant(rw, TENANT_A, [names()]);
  const [ofB] = await withTenant(rw, TENANT_B, [names()]);
  const outside = await names();
  expect([ofA, ofB, outside].map(({ rows }) => rows)).toEqual([[{ name: "A" }], [{ name: "B" }], []]);
});

it("writes all statements of withTenant or none", async () => {
  const rw = database.connectAs("rw");
  const add = (tenantId: string) =>
    rw.execute(sql`INSERT INTO app.tenant_users VALUES (${tenantId}, ${tenantId}, 'member')`);
  await expect(withTenant(rw, TENANT_A, [add(TENANT_A), add(TENANT_B)])).rejects.toThrow(/row-level security/);
  expect((await database.owner.query("SELECT FROM app.tenant_users")).rowCount).toBe(0);
});

it("gives each request a deadline of its own, because one signal for all would end them together", async () => {
  const hasty = database.connectAs("ops", 150);
  await database.breakNext({ kind: "delay", delayMs: 5_000 });
  await expect(hasty.execute(sql`SELECT 1`)).rejects.toMatchObject({
    cause: { sourceError: { name: "TimeoutError" } },
  });
  expect((await hasty.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
});

it("does not repeat a malformed URL, because a password stands in it", () => {
  expect(() => connect("app_rw:hunter2@nowhere database", { timeoutMs: 1 })).toThrow(/^a database URL is not one$/);
});

it("says whether Postgres answers", async () => {
  const part = neonPart(database.connectAs("ops"));
  expect(await part.ping()).toBe(true);
  await database.breakNext({ kind: "down" });
  expect(await part.ping()).toBe(false);
});

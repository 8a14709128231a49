import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { neonPurgeLog } from "../../src/adapters/neon-purge-log.ts";
import { PLATFORM, type Act } from "../../src/core/act.ts";
import type { PurgeLog } from "../../src/core/purge.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

let database: NeonTenancy;
let log: PurgeLog;

beforeAll(async () => {
  database = await neonTenancy();
  log = neonPurgeLog(database.connectAs("rw"));
});
beforeEach(() => database.owner.query("UPDATE app.tenants SET purged_at = NULL, deleted_at = NULL"));
afterAll(() => database.close());

const act: Act = {
  action: "cache.purge",
  subject: "pool:default",
  detail: {},
  actor: { kind: "operator" },
  requestId: "request",
  idempotency: undefined,
};

async function purgedAtMs(tenantId: string): Promise<number | null> {
  const { rows } = await database.owner.query("SELECT purged_at FROM app.tenants WHERE id = $1", [tenantId]);
  return rows[0]?.purged_at?.getTime() ?? null;
}

it("notes in the tenant's own record when it purged a pool for itself, the later time of two at once", async () => {
  await log.note(act, TENANT_A, 1_800_000_000_123);
  expect(await purgedAtMs(TENANT_A)).toBe(1_800_000_000_123);
  // The earlier purge may be noted last: copies from between the two must not come back.
  await log.note(act, TENANT_A, 1_800_000_000_000);
  expect(await purgedAtMs(TENANT_A)).toBe(1_800_000_000_123);
  expect(await purgedAtMs(TENANT_B)).toBeNull();
});

it("changes no record where the purge is everybody's, the platform's own among them", async () => {
  expect(await log.note(act, TENANT_A, null)).toMatchObject({ kind: "done" });
  expect(await log.note(act, PLATFORM, null)).toMatchObject({ kind: "done" });
  expect(await purgedAtMs(TENANT_A)).toBeNull();
});

it("is of nobody who was deleted meanwhile", async () => {
  await database.owner.query("UPDATE app.tenants SET deleted_at = now() WHERE id = $1", [TENANT_A]);
  expect(await log.note(act, TENANT_A, 1_800_000_000_123)).toEqual({ kind: "absent" });
  expect(await purgedAtMs(TENANT_A)).toBeNull();
});

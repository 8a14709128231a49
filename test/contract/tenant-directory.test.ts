import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { neonTenantDirectory } from "../../src/adapters/neon-tenant-directory.ts";
import type { TenantDirectory } from "../../src/core/tenant-directory.ts";
import { memoryTenantDirectory } from "../support/memory-tenant-directory.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { silentLog } from "../support/silent-log.ts";
import { storeTenant } from "../support/store-tenant.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";
import { knownTenants } from "./key-directory.contract.ts";
import { tenantDirectoryContract } from "./tenant-directory.contract.ts";

const nowMs = Date.UTC(2026, 10, 20);

describe("the tenant directory in Postgres", () => {
  let database: NeonTenancy;
  let directory: TenantDirectory;
  const logged: string[] = [];
  beforeAll(async () => {
    database = await neonTenancy();
    for (const tenant of knownTenants) await storeTenant(database.owner, tenant);
    const log = { ...silentLog, error: (event: string) => void logged.push(event) };
    directory = neonTenantDirectory(database.connectAs("rw", 1_000), () => nowMs, log);
  });
  afterAll(() => database.close());

  tenantDirectoryContract(async () => ({ directory, nowMs }));

  it("takes the time before it asks, because what changes meanwhile may not be in the answer", async () => {
    let asked = 0;
    const clock = () => (asked += 1);
    const found = await neonTenantDirectory(database.connectAs("rw"), clock, silentLog).find(TENANT_A);
    expect(found).toMatchObject({ kind: "found", readAtMs: 1 });
    expect(asked).toBe(1);
  });

  it("leaves no connection that shows the tenant to whoever is handed it next", async () => {
    expect(await directory.find(TENANT_A)).toMatchObject({ kind: "found" });
    // As many at once as the pool holds, so that the connection that was used is among them.
    const select = () => database.forNobody("rw", "SELECT id FROM app.tenants");
    const results = await Promise.all(Array.from({ length: 10 }, select));
    expect(results.flat()).toEqual([]);
  });

  it("gives no upstream key that was marked invalid, though the tenant still points at it", async () => {
    await database.owner.query("UPDATE app.upstream_keys SET status = 'invalid' WHERE status = 'active'");
    const found = await directory.find(TENANT_B);
    await database.owner.query("UPDATE app.upstream_keys SET status = 'active' WHERE status = 'invalid'");
    expect(found).toMatchObject({ tenant: { id: TENANT_B, keyMode: "byo", upstreamKey: null } });
  });

  it("passes over the windows of a class that only another version knows, because the others still hold", async () => {
    const change = (windows: string) =>
      database.owner.query("UPDATE app.tenants SET windows = $2 WHERE id = $1", [TENANT_B, windows]);
    await change(
      '{"moon": {"fresh_seconds": 1, "stale_seconds": 1}, "userid": {"fresh_seconds": 2, "stale_seconds": 3}}',
    );
    const found = await directory.find(TENANT_B);
    await change("{}");
    expect(found).toMatchObject({ tenant: { windows: { userid: { freshMs: 2_000, staleMs: 3_000 } } } });
    expect(JSON.stringify(found)).not.toContain("moon");
  });

  it("knows no deleted tenant, because nobody pays for what is fetched in its name", async () => {
    await database.owner.query("UPDATE app.tenants SET deleted_at = now() WHERE id = $1", [TENANT_A]);
    const found = await directory.find(TENANT_A);
    await database.owner.query("UPDATE app.tenants SET deleted_at = NULL WHERE id = $1", [TENANT_A]);
    expect(found).toEqual({ kind: "absent" });
  });

  it.each(["down", "status", "drop-reply"] as const)(
    "is unavailable, by name in the log, when the fault is %s: absent would be believed",
    async (kind) => {
      logged.length = 0;
      await database.breakNext({ kind });
      expect(await directory.find(TENANT_A)).toEqual({ kind: "unavailable" });
      expect(logged).toEqual(["tenant-directory-unavailable"]);
    },
  );
});

describe("the tenant directory in memory", () => {
  tenantDirectoryContract(async () => ({ directory: memoryTenantDirectory(knownTenants, () => nowMs), nowMs }));
});

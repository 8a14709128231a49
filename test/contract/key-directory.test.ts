import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { neonKeyDirectory } from "../../src/adapters/neon-key-directory.ts";
import type { KeyDirectory } from "../../src/core/ports.ts";
import { memoryKeyDirectory } from "../support/memory-key-directory.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { silentLog } from "../support/silent-log.ts";
import { date, storeTenant } from "../support/store-tenant.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";
import { keyDirectoryContract, knownKeys } from "./key-directory.contract.ts";
import type { KnownKey } from "./key-directory.contract.ts";

const nowMs = Date.UTC(2026, 10, 20);

async function store({ owner }: NeonTenancy, key: KnownKey): Promise<void> {
  await owner.query(
    `INSERT INTO app.api_keys (id, tenant_id, digest, pepper_version, permissions, last4, expires_at, revoked_at,
       kind, endpoints, origins, daily_requests, last_used_on)
     VALUES ($1, $2, decode($3, 'hex'), $4, $5, 'last', $6, $7, $8, $9, $10, $11, $12)`,
    [
      key.keyId,
      key.tenant.id,
      key.digest,
      key.pepperVersion,
      key.permissions,
      date(key.expiresAtMs),
      date(key.revokedAtMs),
      key.kind,
      key.endpoints,
      key.origins,
      key.dailyRequests,
      key.lastUsedOn,
    ],
  );
  await storeTenant(owner, key.tenant);
}

describe("the key directory in Postgres", () => {
  let database: NeonTenancy;
  let directory: KeyDirectory;
  const logged: string[] = [];
  beforeAll(async () => {
    database = await neonTenancy();
    for (const key of knownKeys) await store(database, key);
    const log = { ...silentLog, error: (event: string) => void logged.push(event) };
    directory = neonKeyDirectory(database.connectAs("auth", 1_000), () => nowMs, log);
  });
  afterAll(() => database.close());

  keyDirectoryContract(async () => ({ directory, nowMs }));

  it("takes the time before it asks, because what changes meanwhile may not be in the answer", async () => {
    let asked = 0;
    const clock = () => (asked += 1);
    const found = await neonKeyDirectory(database.connectAs("auth"), clock, silentLog).find("SharedTenant");
    expect(found).toMatchObject({ kind: "found", record: { readAtMs: 1 } });
    expect(asked).toBe(1);
  });

  it("leaves no connection that shows the key to whoever is handed it next", async () => {
    expect(await directory.find("SharedTenant")).toMatchObject({ kind: "found" });
    // As many at once as the pool holds, so that the connection that was used is among them.
    const select = () => database.forNobody("auth", "SELECT id FROM app.api_keys");
    const results = await Promise.all(Array.from({ length: 10 }, select));
    expect(results.flat()).toEqual([]);
  });

  it.each([
    { keyId: "SharedTenant", tenantId: TENANT_A, chose: null, scope: "pool" },
    { keyId: "SharedTenant", tenantId: TENANT_A, chose: "tenant", scope: "tenant" },
    { keyId: "ByoTenant000", tenantId: TENANT_B, chose: null, scope: "tenant" },
    { keyId: "ByoTenant000", tenantId: TENANT_B, chose: "pool", scope: "pool" },
  ])("says that answers are in the $scope's scope when the tenant of $keyId chose $chose", async (row) => {
    const choose = (scope: string | null) =>
      database.owner.query("UPDATE app.tenants SET cache_scope = $2 WHERE id = $1", [row.tenantId, scope]);
    await choose(row.chose);
    const found = await directory.find(row.keyId);
    await choose(knownKeys.find(({ tenant }) => tenant.id === row.tenantId)?.tenant.cacheScope ?? null);
    expect(found).toMatchObject({ kind: "found", record: { tenant: { cacheScope: row.scope } } });
  });

  it("gives no upstream key that was marked invalid, though the tenant still points at it", async () => {
    await database.owner.query("UPDATE app.upstream_keys SET status = 'invalid' WHERE status = 'active'");
    const found = await directory.find("ByoTenant000");
    await database.owner.query("UPDATE app.upstream_keys SET status = 'active' WHERE status = 'invalid'");
    expect(found).toMatchObject({ record: { tenant: { id: TENANT_B, keyMode: "byo", upstreamKey: null } } });
  });

  it("knows no key of a deleted tenant", async () => {
    await database.owner.query("UPDATE app.tenants SET deleted_at = now() WHERE id = $1", [TENANT_A]);
    const found = await directory.find("SharedTenant");
    await database.owner.query("UPDATE app.tenants SET deleted_at = NULL WHERE id = $1", [TENANT_A]);
    expect(found).toEqual({ kind: "absent" });
  });

  it.each(["down", "status", "drop-reply"] as const)(
    "is unavailable, by name in the log, when the fault is %s: absent would be believed",
    async (kind) => {
      logged.length = 0;
      await database.breakNext({ kind });
      expect(await directory.find("SharedTenant")).toEqual({ kind: "unavailable" });
      expect(logged).toEqual(["key-directory-unavailable"]);
      await database.breakNext({ kind });
      expect(await directory.knowsOrigin("https://app.example.com")).toBe("unavailable");
      expect(logged).toEqual(["key-directory-unavailable", "key-directory-unavailable"]);
    },
  );

  it("is unavailable when Postgres takes longer than the deadline", async () => {
    const hasty = neonKeyDirectory(database.connectAs("auth", 50), () => nowMs, silentLog);
    await database.breakNext({ kind: "delay", delayMs: 2_000 });
    expect(await hasty.find("SharedTenant")).toEqual({ kind: "unavailable" });
  });
});

describe("the key directory in memory", () => {
  keyDirectoryContract(async () => ({ directory: memoryKeyDirectory(knownKeys, () => nowMs), nowMs }));
});

import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNeon } from "../../dev/neon.ts";
import { seed } from "../../dev/seed.ts";
import type { Seeded } from "../../dev/seed.ts";
import { connect } from "../../src/adapters/neon-database.ts";
import { neonKeyDirectory } from "../../src/adapters/neon-key-directory.ts";
import { digestApiKey, importPepper, parseApiKey } from "../../src/core/api-key.ts";
import { importKek, open } from "../../src/core/sealed-key.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { freshDatabase } from "../support/databases.ts";
import { silentLog } from "../support/silent-log.ts";
import { ROLE_PASSWORD } from "../support/tenancy-database.ts";

const [oldSecret, newSecret] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
const secrets = {
  peppers: `1:${oldSecret}`,
  encryptionKeys: `1:${oldSecret}`,
  byoKey: "the tenant's own upstream key",
};

let database: Awaited<ReturnType<typeof freshDatabase>>;
let neon: Awaited<ReturnType<typeof startNeon>>;
let first: Seeded;
beforeAll(async () => {
  database = await freshDatabase();
  neon = await startNeon({ postgresUrl: database.url });
  first = await seed({ ...secrets, databaseUrl: database.url, rolePassword: ROLE_PASSWORD });
});
afterAll(async () => {
  await neon.stop();
  await database.drop();
});

async function recordOf(apiKey: string): Promise<KeyRecord> {
  const auth = connect(first.databaseUrls.auth, { sqlEndpoint: neon.url, timeoutMs: 10_000 });
  const found = await neonKeyDirectory(auth, Date.now, silentLog).find(parseApiKey(apiKey)?.keyId ?? "");
  if (found.kind !== "found") throw new Error(`the key is ${found.kind}`);
  return found.record;
}

describe("seed", () => {
  it("makes a tenant of each kind, with keys that may do everything", async () => {
    const records = await Promise.all(first.tenants.map(({ apiKey }) => recordOf(apiKey)));
    expect(records.map(({ tenant }) => [tenant.plan, tenant.keyMode, tenant.status])).toEqual([
      ["free", "shared", "active"],
      ["pro", "shared", "active"],
      ["enterprise", "byo", "active"],
      ["free", "shared", "suspended"],
      ["pro", "shared", "active"],
    ]);
    for (const { permissions } of records) expect(permissions).toEqual(["data", "refresh", "manage"]);
  });

  it("keeps known keys valid when it runs again, also under a new pepper and a new wrapping key", async () => {
    const rotated = {
      ...secrets,
      peppers: `1:${oldSecret},2:${newSecret}`,
      encryptionKeys: `1:${oldSecret},2:${newSecret}`,
    };
    const again = await seed({ ...rotated, databaseUrl: database.url, rolePassword: ROLE_PASSWORD, known: first });
    expect(again).toEqual(first);
    const records = await Promise.all(again.tenants.map(({ apiKey }) => recordOf(apiKey)));
    const pepper = await importPepper(newSecret);
    const digests = await Promise.all(again.tenants.map(({ apiKey }) => digestApiKey(apiKey, pepper)));
    expect(records.map(({ pepperVersion, digest }) => ({ pepperVersion, digest }))).toEqual(
      digests.map((digest) => ({ pepperVersion: 2, digest })),
    );
    const [sealed] = records.flatMap(({ tenant }) => tenant.upstreamKey ?? []);
    expect(sealed && (await open(sealed, new Map([[2, await importKek(newSecret)]])))).toBe(secrets.byoKey);
  });

  const erased = "wrap_iv = '', wrapped_key = '', iv = '', ciphertext = ''";
  it.each([
    {
      became: "invalid",
      acts: `UPDATE app.upstream_keys SET status = 'invalid', ${erased} WHERE tenant_id = $1;
        UPDATE app.tenants SET key_mode = 'shared', active_upstream_key_id = NULL, tiklive_key_last4 = NULL, fell_back_at = now()
        WHERE id = $1`,
      mode: "shared",
      versions: ["invalid"],
      because: "a tenant that fell back is on the platform's keys",
    },
    {
      became: "replaced",
      acts: `INSERT INTO app.upstream_keys SELECT tenant_id, uuidv7(), 2, 'pending', last4, download_tier, kek_version, wrap_iv, wrapped_key,
          iv, ciphertext FROM app.upstream_keys WHERE tenant_id = $1;
        UPDATE app.upstream_keys SET status = 'retired', ${erased} WHERE tenant_id = $1 AND version = 1;
        UPDATE app.upstream_keys SET status = 'active' WHERE tenant_id = $1 AND version = 2;
        UPDATE app.tenants SET active_upstream_key_id = k.id FROM app.upstream_keys k WHERE k.tenant_id = $1 AND k.version = 2
          AND tenants.id = $1`,
      mode: "byo",
      versions: ["retired", "active"],
      because: "a version that has ended keeps no secret",
    },
  ])("runs again after the tenant's own key was $became: $because", async ({ acts, mode, versions }) => {
    const used = await freshDatabase();
    const client = new Client({ connectionString: used.url });
    await client.connect();
    try {
      const known = await seed({ ...secrets, databaseUrl: used.url, rolePassword: ROLE_PASSWORD });
      const owner = known.tenants.find(({ keyMode }) => keyMode === "byo");
      await client.query(acts.replaceAll("$1", `'${owner?.id}'`));
      await seed({ ...secrets, databaseUrl: used.url, rolePassword: ROLE_PASSWORD, known });
      const { rows } = await client.query(
        `SELECT key_mode, (SELECT json_agg(status ORDER BY version) FROM app.upstream_keys WHERE tenant_id = t.id) AS versions
         FROM app.tenants t WHERE id = $1`,
        [owner?.id],
      );
      expect(rows).toEqual([{ key_mode: mode, versions }]);
    } finally {
      await client.end();
      await used.drop();
    }
  });

  it("leaves no key in clear in any row", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query(
      "SELECT (SELECT json_agg(k) FROM app.api_keys k), (SELECT json_agg(u) FROM app.upstream_keys u)",
    );
    await client.end();
    const text = JSON.stringify(rows);
    for (const { apiKey } of first.tenants) expect(text).not.toContain(apiKey.slice(22, -7));
    expect(text).not.toContain(Buffer.from(secrets.byoKey).toString("hex"));
  });
});

import { Client } from "pg";
import { digestApiKey, formatApiKey, importPepper, parseApiKey, randomBase62 } from "../src/core/api-key.ts";
import { importKek, seal } from "../src/core/sealed-key.ts";
import { currentVersion, parseVersioned } from "../src/core/versioned.ts";
import { openRoles } from "./database-roles.ts";
import type { RoleUrls } from "./database-roles.ts";

export type SeededTenant = {
  readonly id: string;
  readonly name: string;
  readonly plan: "free" | "pro" | "enterprise";
  readonly keyMode: "shared" | "byo";
  readonly status: "active" | "suspended";
  /** In clear: the database holds its digest alone. */
  readonly apiKey: string;
};

export type Seeded = { readonly tenants: readonly SeededTenant[]; readonly databaseUrls: RoleUrls };
export type SeedSettings = {
  /** A superuser's URL of a migrated database. */
  readonly databaseUrl: string;
  /** The Worker's KEY_PEPPERS, `1:<base64>,2:<base64>`; the highest version is used. */
  readonly peppers: string;
  /** The Worker's KEY_ENCRYPTION_KEYS, of the same form. */
  readonly encryptionKeys: string;
  /** The upstream key that the BYO tenant brings; one with download links. */
  readonly byoKey: string;
  readonly rolePassword: string;
  /** What an earlier run returned: its gateway keys stay valid. Without it, new ones are made beside those in the database. */
  readonly known?: Pick<Seeded, "tenants"> | undefined;
};

/** The tenant whose credits keep the pools warm. */
export const PUBLIC_TENANT = "0199c0de-0000-7000-8000-000000000005";

type Cast = Omit<SeededTenant, "apiKey">;

const cast: readonly Cast[] = [
  { id: "0199c0de-0000-7000-8000-000000000001", name: "Acme Trial", plan: "free", keyMode: "shared", status: "active" },
  { id: "0199c0de-0000-7000-8000-000000000002", name: "Brightside", plan: "pro", keyMode: "shared", status: "active" },
  {
    id: "0199c0de-0000-7000-8000-000000000003",
    name: "Northwind",
    plan: "enterprise",
    keyMode: "byo",
    status: "active",
  },
  { id: "0199c0de-0000-7000-8000-000000000004", name: "Lapsed", plan: "free", keyMode: "shared", status: "suspended" },
  { id: PUBLIC_TENANT, name: "Public", plan: "pro", keyMode: "shared", status: "active" },
];

const byoKeyId = "0199c0de-0000-7000-8000-00000000b100";

/** Fills a local database with a tenant of each kind and opens the Worker's roles. Running it again changes nothing but what it is given. */
export async function seed({ databaseUrl, rolePassword, known, ...secrets }: SeedSettings): Promise<Seeded> {
  const databaseUrls = await openRoles(databaseUrl, rolePassword);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("BEGIN");
    const tenants: SeededTenant[] = [];
    for (const tenant of cast) {
      await insertTenant(client, tenant);
      if (tenant.keyMode === "byo") await storeUpstreamKey(client, tenant.id, secrets);
      const apiKey = known?.tenants.find(({ id }) => id === tenant.id)?.apiKey ?? newApiKey();
      await storeApiKey(client, { tenantId: tenant.id, apiKey, peppers: secrets.peppers });
      tenants.push({ ...tenant, apiKey });
    }
    await client.query("COMMIT");
    return { tenants, databaseUrls };
  } finally {
    await client.end();
  }
}

/** As a tenant on the platform's keys: a BYO tenant cannot be written before its key, nor the key before its tenant. */
async function insertTenant(client: Client, { id, name, plan, status }: Cast): Promise<void> {
  await client.query(
    "INSERT INTO app.tenants (id, name, plan, status, key_mode) VALUES ($1, $2, $3, $4, 'shared') ON CONFLICT DO NOTHING",
    [id, name, plan, status],
  );
}

type UpstreamSecrets = Pick<SeedSettings, "encryptionKeys" | "byoKey">;

/** Seals the key that was made here again while it is in use. A tenant that has replaced, given up or lost it stays as it is. */
async function storeUpstreamKey(client: Client, tenantId: string, { encryptionKeys, byoKey }: UpstreamSecrets) {
  const kek = currentVersion(parseVersioned(encryptionKeys));
  const sealed = await seal({
    clear: byoKey,
    id: byoKeyId,
    tenantId,
    version: 1,
    downloadTier: true,
    kekVersion: kek.version,
    kek: await importKek(kek.value),
    random,
  });
  const { kekVersion, wrapIv, wrappedKey, iv, ciphertext } = sealed;
  const { rowCount } = await client.query(
    `INSERT INTO app.upstream_keys
       (tenant_id, id, version, status, last4, download_tier, kek_version, wrap_iv, wrapped_key, iv, ciphertext)
     VALUES ($1, $2, 1, 'active', $3, true, $4, decode($5, 'base64'), decode($6, 'base64'), decode($7, 'base64'), decode($8, 'base64'))
     ON CONFLICT (tenant_id, id) DO UPDATE SET last4 = excluded.last4, kek_version = excluded.kek_version,
       wrap_iv = excluded.wrap_iv, wrapped_key = excluded.wrapped_key, iv = excluded.iv, ciphertext = excluded.ciphertext
       WHERE upstream_keys.status = 'active'`,
    [tenantId, byoKeyId, byoKey.slice(-4), kekVersion, wrapIv, wrappedKey, iv, ciphertext],
  );
  if (rowCount === 0) return;
  await client.query(
    `UPDATE app.tenants SET key_mode = 'byo', active_upstream_key_id = $2, tiklive_key_last4 = $3
     WHERE id = $1`,
    [tenantId, byoKeyId, byoKey.slice(-4)],
  );
}

type StoredApiKey = { readonly tenantId: string; readonly apiKey: string; readonly peppers: string };

async function storeApiKey(client: Client, { tenantId, apiKey, peppers }: StoredApiKey): Promise<void> {
  const keyId = parseApiKey(apiKey)?.keyId;
  if (keyId === undefined) throw new Error(`the known API key of tenant ${tenantId} is not one`);
  const pepper = currentVersion(parseVersioned(peppers));
  const digest = await digestApiKey(apiKey, await importPepper(pepper.value));
  await client.query(
    `INSERT INTO app.api_keys (id, tenant_id, digest, pepper_version, permissions, last4)
     VALUES ($1, $2, decode($3, 'hex'), $4, '{data,refresh,manage}', $5)
     ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, pepper_version = excluded.pepper_version`,
    [keyId, tenantId, digest, pepper.version, apiKey.slice(-4)],
  );
}

function newApiKey(): string {
  return formatApiKey(randomBase62(random(24), 12), randomBase62(random(64), 32));
}

function random(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

import { randomUUID } from "node:crypto";
import { digestApiKey, formatApiKey, importPepper, parseApiKey, randomBase62 } from "../../src/core/api-key.ts";
import type { KeyKind } from "../../src/core/api-key.ts";
import { importKek, seal } from "../../src/core/sealed-key.ts";
import type { Permission } from "../../src/core/tenant.ts";
import { currentVersion, parseVersioned } from "../../src/core/versioned.ts";
import { books } from "./books.ts";
import type { Stack } from "./gateway.ts";

/** What tenants are written into: a migrated database, and the Worker's settings by which keys are digested and sealed. */
export type Home = Pick<Stack, "settings"> & { readonly database: { readonly url: string } };

export type KeyRow = {
  readonly tenantId: string;
  readonly permissions?: readonly Permission[];
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  readonly pepperVersion?: number;
  readonly kind?: KeyKind;
  /** What the key itself says that it is, if that is not what its row says. */
  readonly says?: KeyKind;
  readonly endpoints?: readonly string[];
  readonly origins?: readonly string[];
  readonly dailyRequests?: number;
};

/** A gateway key that looks like one: with its checksum, and nobody's. */
export function madeUpKey(keyId = randomBase62(random(48), 12), kind: KeyKind = "secret"): string {
  return formatApiKey(keyId, randomBase62(random(128), 32), kind);
}

/** Writes a gateway key as its superuser, in any state that a key can be in, and returns it in clear. */
export async function storeKey(stack: Home, { tenantId, permissions = ["data"], ...row }: KeyRow): Promise<string> {
  const { kind = "secret", says = kind } = row;
  const apiKey = madeUpKey(undefined, says);
  const pepper = currentVersion(parseVersioned(stack.settings["KEY_PEPPERS"] ?? ""));
  const digest = await digestApiKey(apiKey, await importPepper(pepper.value));
  await books(stack.database.url).query(
    `INSERT INTO app.api_keys (id, tenant_id, digest, pepper_version, permissions, last4, expires_at, revoked_at,
       kind, endpoints, origins, daily_requests)
     VALUES ($1, $2, decode($3, 'hex'), $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      parseApiKey(apiKey)?.keyId,
      tenantId,
      digest,
      row.pepperVersion ?? pepper.version,
      permissions,
      apiKey.slice(-4),
      row.expiresAt ?? null,
      row.revokedAt ?? null,
      kind,
      row.endpoints ?? null,
      row.origins ?? [],
      row.dailyRequests ?? null,
    ],
  );
  return apiKey;
}

export type StoredTenant = { readonly id: string; readonly apiKey: string };

/** Writes an active tenant on the platform's upstream key. */
export async function storeSharedTenant(stack: Home, plan: string): Promise<StoredTenant> {
  const id = randomUUID();
  await books(stack.database.url).query(
    "INSERT INTO app.tenants (id, name, plan, key_mode) VALUES ($1, 'Added', $2, 'shared')",
    [id, plan],
  );
  return { id, apiKey: await storeKey(stack, { tenantId: id }) };
}

export type UpstreamKeyRow = { readonly clear: string; readonly status: "active" | "invalid" };

/** Writes an active tenant with an upstream key of its own, which has not said whether it shares its answers. */
export async function storeByoTenant(
  stack: Home,
  { clear, status }: UpstreamKeyRow,
): Promise<StoredTenant & { readonly upstreamKeyId: string }> {
  const { id, apiKey } = await storeSharedTenant(stack, "enterprise");
  const upstreamKeyId = randomUUID();
  const kek = currentVersion(parseVersioned(stack.settings["KEY_ENCRYPTION_KEYS"] ?? ""));
  const sealed = await seal({
    clear,
    id: upstreamKeyId,
    tenantId: id,
    version: 1,
    downloadTier: true,
    kekVersion: kek.version,
    kek: await importKek(kek.value),
    random,
  });
  const { query } = books(stack.database.url);
  await query(
    `INSERT INTO app.upstream_keys
       (tenant_id, id, version, status, last4, download_tier, kek_version, wrap_iv, wrapped_key, iv, ciphertext)
     VALUES ($1, $2, 1, $3, 'last', true, $4, decode($5, 'base64'), decode($6, 'base64'), decode($7, 'base64'), decode($8, 'base64'))`,
    [id, upstreamKeyId, status, kek.version, sealed.wrapIv, sealed.wrappedKey, sealed.iv, sealed.ciphertext],
  );
  await query(
    `UPDATE app.tenants SET key_mode = 'byo', active_upstream_key_id = $2, tiklive_key_last4 = 'last'
     WHERE id = $1`,
    [id, upstreamKeyId],
  );
  return { id, apiKey, upstreamKeyId };
}

function random(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

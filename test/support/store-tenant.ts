import type { Client } from "pg";
import type { SealedUpstreamKey, Tenant } from "../../src/core/tenant.ts";

/** Makes a tenant that is in the database what the data plane is to know of it; the key before its own has ended. */
export async function storeTenant(owner: Client, tenant: Tenant): Promise<void> {
  const windows = Object.entries(tenant.windows).map(([name, { freshMs, staleMs }]) => [
    name,
    { fresh_seconds: freshMs / 1_000, stale_seconds: staleMs / 1_000 },
  ]);
  await owner.query("UPDATE app.tenants SET trial_ends_at = $2, purged_at = $3, windows = $4 WHERE id = $1", [
    tenant.id,
    date(tenant.trialEndsAtMs),
    date(tenant.purgedAtMs),
    Object.fromEntries(windows),
  ]);
  const sealed = tenant.upstreamKey;
  if (sealed === null) return;
  await owner.query(
    `INSERT INTO app.upstream_keys VALUES ($1, $2, $3, 'active', 'last', $4, $5,
       decode($6, 'base64'), decode($7, 'base64'), decode($8, 'base64'), decode($9, 'base64')),
       ($1, gen_random_uuid(), $3 - 1, 'retired', 'last', false, 1, '', '', '', '')`,
    [sealed.tenantId, sealed.id, sealed.version, sealed.downloadTier, sealed.kekVersion, ...binary(sealed)],
  );
  await owner.query(
    `UPDATE app.tenants SET key_mode = 'byo', active_upstream_key_id = $2, tiklive_key_last4 = 'last',
       status = $3, cache_scope = $4 WHERE id = $1`,
    [tenant.id, sealed.id, tenant.status, tenant.cacheScope],
  );
}

/** As Postgres takes it. */
export function date(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function binary({ wrapIv, wrappedKey, iv, ciphertext }: SealedUpstreamKey): string[] {
  return [wrapIv, wrappedKey, iv, ciphertext];
}

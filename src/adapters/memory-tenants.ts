import { LRUCache } from "lru-cache";
import type { TenantDirectory, TenantLookup } from "../core/tenant-directory.ts";

const MOST = 1_000;

type Found = Extract<TenantLookup, { kind: "found" }>;

export type TrustSettings = {
  /** How long a reading counts, milliseconds: the bound on suspension. */
  readonly freshMs: number;
  /** How long it counts while Postgres does not answer. */
  readonly outageMs: number;
  readonly clock: () => number;
};

/**
 * Remembers tenants in the isolate: of the messages of a busy minute one reads Postgres for all that its tenant pays for. A suspended tenant
 * stops as fast as everywhere, since the ledger asks for its status too.
 */
export function memoryTenants(
  directory: TenantDirectory,
  { freshMs, outageMs, clock }: TrustSettings,
): TenantDirectory {
  const remembered = new LRUCache<string, Found>({ max: MOST });
  return {
    async find(tenantId) {
      const kept = remembered.get(tenantId);
      const ageMs = kept === undefined ? Infinity : clock() - kept.readAtMs;
      if (kept !== undefined && ageMs < freshMs) return kept;
      const looked = await directory.find(tenantId);
      if (looked.kind === "found") remembered.set(tenantId, looked);
      if (looked.kind === "absent") remembered.delete(tenantId);
      return looked.kind === "unavailable" && kept !== undefined && ageMs < outageMs ? kept : looked;
    },
  };
}

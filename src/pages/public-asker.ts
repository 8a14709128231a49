import type { Payer } from "../answer/answer.ts";
import { payerOf, poolOf, type PoolSettings } from "../answer/payer.ts";
import { NO_DEMAND, type Demand } from "../core/directives.ts";
import { isTrialOver } from "../core/key-rights.ts";
import type { Log } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { TenantDirectory } from "../core/tenant-directory.ts";

export type PublicAskerPorts = PoolSettings & {
  /** Pays for what anybody may ask, out of a monthly quota of its own. */
  readonly publicTenantId: string | undefined;
  readonly tenantDirectory: TenantDirectory;
  readonly clock: () => number;
  readonly log: Log;
};

type Asker = { readonly payer: Payer; readonly demand: Demand };

/**
 * On whose behalf the public asks. Its answers are the pool's of its region, whatever its own are. While Postgres does not say who it is, what
 * is cached in the usual region's pool is served, and nobody pays for anything. Fails closed where nobody is to pay.
 */
export async function publicAsker(ports: PublicAskerPorts): Promise<Asker> {
  const { publicTenantId, tenantDirectory, platformDownloadTier, clock, log } = ports;
  if (publicTenantId === undefined) throw problems.publicNotSetUp();
  const found = await tenantDirectory.find(publicTenantId);
  if (found.kind === "unavailable") return { payer: readerOf(ports, publicTenantId), demand: CACHED_ONLY };
  if (found.kind === "absent" || found.tenant.status === "suspended" || isTrialOver(found.tenant, clock())) {
    log.error("public-tenant-may-not-ask", { tenantId: publicTenantId, publicTenant: found.kind });
    throw problems.publicNotSetUp();
  }
  const payer = { ...payerOf(found.tenant, platformDownloadTier), scope: poolOf(found.tenant.region) };
  return { payer, demand: NO_DEMAND };
}

const CACHED_ONLY: Demand = { ...NO_DEMAND, onlyIfCached: true };

/** Of whom nothing is known but the id. */
function readerOf({ platformDownloadTier }: PoolSettings, tenantId: string): Payer {
  return {
    tenantId,
    scope: poolOf("default"),
    tier: platformDownloadTier ? "download" : "standard",
    upstreamKey: { kind: "none" },
    quotas: { daily: 0, monthly: 0 },
    windows: {},
    purgedAtMs: null,
  };
}

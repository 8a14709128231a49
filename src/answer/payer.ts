import { answerKey } from "../core/answer-key.ts";
import type { Call } from "../core/catalogue.ts";
import type { AnswerKey, UpstreamKeyRef } from "../core/ports.ts";
import { ownView } from "../core/purge.ts";
import type { Tenant } from "../core/tenant.ts";
import type { Payer } from "./answer.ts";

export type PoolSettings = {
  /** Whether the platform's keys get download links: all keys of a pool have one tier. */
  readonly platformDownloadTier: boolean;
};

/**
 * A tenant with a key of its own pays with it; the scope of its answers is its own choice, private unless it said otherwise
 * (`app.tenants.cache_scope`).
 */
export function payerOf(tenant: Tenant, platformDownloadTier: boolean): Payer {
  const { id, upstreamKey } = tenant;
  const downloads = tenant.keyMode === "byo" ? upstreamKey?.downloadTier === true : platformDownloadTier;
  return {
    tenantId: id,
    scope: scopeOf(tenant),
    tier: downloads ? "download" : "standard",
    upstreamKey: upstreamKeyOf(tenant),
    quotas: tenant.quotas,
    windows: tenant.windows,
    purgedAtMs: tenant.purgedAtMs,
  };
}

/** Whose answers a tenant reads: its region's, or its own. */
export function scopeOf({ id, cacheScope, region }: Pick<Tenant, "id" | "cacheScope" | "region">): string {
  return cacheScope === "pool" ? poolOf(region) : ownView(id);
}

/** The answers that the tenants of a region share. */
export function poolOf(region: string): string {
  return `pool:${region}`;
}

/** Where the answer to this call is kept for this payer. */
export function keyOf(
  { namespaceVersion }: { readonly namespaceVersion: string },
  { call, payer }: { readonly call: Call; readonly payer: Pick<Payer, "scope" | "tier"> },
): AnswerKey {
  return answerKey({ call, scope: payer.scope, tier: payer.tier, namespaceVersion });
}

/** Never the platform's for a tenant that brings its own, even when that one is gone: it would spend what it did not buy. */
function upstreamKeyOf({ keyMode, upstreamKey }: Tenant): UpstreamKeyRef {
  if (keyMode === "shared") return { kind: "platform" };
  return upstreamKey === null ? { kind: "none" } : { kind: "byo", sealed: upstreamKey };
}

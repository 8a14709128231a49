import { createMiddleware } from "hono/factory";
import { answer, type AnswerPorts, type Payer } from "../answer/answer.ts";
import type { UpstreamKeyRef } from "../core/ports.ts";
import type { Tenant } from "../core/tenant.ts";
import type { ProxyEnv } from "./request.ts";

export type PoolSettings = {
  /** Whether the platform's keys get download links: all keys of a pool have one tier. */
  readonly platformDownloadTier: boolean;
};

/** Asks the one use case that spends, on behalf of the tenant. */
export const answerCall = (ports: AnswerPorts & PoolSettings) =>
  createMiddleware<ProxyEnv>(async function answerCall(c, next) {
    const { call, wait, requestId, identity } = c.var;
    const payer = payerOf(identity.tenant, ports.platformDownloadTier);
    const background = (promise: Promise<unknown>) => c.executionCtx.waitUntil(promise);
    c.set("answer", await answer(ports, { call, payer, requestId, wait, background }));
    return next();
  });

/**
 * A tenant with a key of its own pays with it; the scope of its answers is its own choice, private unless it said otherwise
 * (`app.tenants.cache_scope`).
 */
export function payerOf(tenant: Tenant, platformDownloadTier: boolean): Payer {
  const { id, upstreamKey } = tenant;
  const scope = tenant.cacheScope === "pool" ? `pool:${tenant.region}` : `tenant:${id}`;
  const downloads = tenant.keyMode === "byo" ? upstreamKey?.downloadTier === true : platformDownloadTier;
  return {
    tenantId: id,
    scope,
    tier: downloads ? "download" : "standard",
    upstreamKey: upstreamKeyOf(tenant),
    quotas: tenant.quotas,
  };
}

/** Never the platform's for a tenant that brings its own, even when that one is gone: it would spend what it did not buy. */
function upstreamKeyOf({ keyMode, upstreamKey }: Tenant): UpstreamKeyRef {
  if (keyMode === "shared") return { kind: "platform" };
  return upstreamKey === null ? { kind: "none" } : { kind: "byo", sealed: upstreamKey };
}

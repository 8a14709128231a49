import { describe, expect, it } from "vitest";
import type { SealedUpstreamKey, Tenant } from "../../src/core/tenant.ts";
import { payerOf } from "../../src/answer/payer.ts";

function upstreamKey(downloadTier: boolean): SealedUpstreamKey {
  const sealed = { kekVersion: 1, wrapIv: "", wrappedKey: "", iv: "", ciphertext: "" };
  return { id: "key", tenantId: "a", version: 1, downloadTier, ...sealed };
}

const shared: Tenant = {
  id: "a",
  name: "A",
  plan: "free",
  status: "active",
  keyMode: "shared",
  region: "eu",
  cacheScope: "pool",
  burst: { capacity: 1, refillPerSecond: 1 },
  quotas: { daily: null, monthly: null },
  trialEndsAtMs: null,
  windows: {},
  purgedAtMs: null,
  upstreamKey: null,
};
const byo: Tenant = { ...shared, keyMode: "byo", cacheScope: "tenant", upstreamKey: upstreamKey(true) };

describe("whose answers a tenant reads and writes", () => {
  it.each([
    { tenant: shared, scope: "pool:eu", because: "the tenants of a region share" },
    { tenant: { ...shared, id: "b" }, scope: "pool:eu", because: "a pool is the same for all of them" },
    { tenant: { ...shared, region: "us" }, scope: "pool:us", because: "regions are apart" },
    { tenant: byo, scope: "tenant:a", because: "what a tenant paid for itself is its own" },
    { tenant: { ...byo, id: "b" }, scope: "tenant:b", because: "no tenant sees another's answers" },
    { tenant: { ...byo, region: "us" }, scope: "tenant:a", because: "a tenant is one wherever it is" },
    { tenant: { ...byo, cacheScope: "pool" as const }, scope: "pool:eu", because: "it chose to share" },
    { tenant: { ...shared, cacheScope: "tenant" as const }, scope: "tenant:a", because: "it chose not to share" },
  ])("$tenant.keyMode $tenant.cacheScope of $tenant.id in $tenant.region: $scope, for $because", ({ tenant, scope }) =>
    expect(payerOf(tenant, true)).toMatchObject({ tenantId: tenant.id, scope }),
  );
});

describe("what the paying key gets to see", () => {
  it.each([
    { tenant: shared, platform: true, tier: "download", because: "the platform's keys have links" },
    { tenant: shared, platform: false, tier: "standard", because: "the platform's keys have none" },
    { tenant: byo, platform: false, tier: "download", because: "its own key has links, whatever the platform's have" },
    {
      tenant: { ...byo, upstreamKey: upstreamKey(false) },
      platform: true,
      tier: "standard",
      because: "its own key has none, whatever the platform's have",
    },
    {
      tenant: { ...byo, upstreamKey: null },
      platform: true,
      tier: "standard",
      because: "without a key there is nothing to see",
    },
  ])("$tenant.keyMode with a platform that has links ($platform): $tier, for $because", ({ tenant, platform, tier }) =>
    expect(payerOf(tenant, platform).tier).toBe(tier),
  );
});

describe("which upstream key pays", () => {
  it.each([
    { tenant: shared, pays: { kind: "platform" }, because: "it brings none" },
    { tenant: byo, pays: { kind: "byo", sealed: upstreamKey(true) }, because: "it brings its own" },
    { tenant: { ...byo, upstreamKey: null }, pays: { kind: "none" }, because: "the platform's would spend for it" },
    { tenant: { ...shared, upstreamKey: upstreamKey(true) }, pays: { kind: "platform" }, because: "it left BYO" },
  ])("$tenant.keyMode: $pays.kind, because $because", ({ tenant, pays }) =>
    expect(payerOf(tenant, true).upstreamKey).toEqual(pays),
  );
});

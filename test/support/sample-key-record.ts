import type { KeyRecord, Tenant } from "../../src/core/tenant.ts";

export const sampleTenant: Tenant = {
  id: "00000000-0000-4000-8000-000000000001",
  name: "Acme",
  plan: "free",
  status: "active",
  keyMode: "shared",
  region: "default",
  cacheScope: "pool",
  burst: { capacity: 600, refillPerSecond: 10 },
  quotas: { daily: null, monthly: null },
  trialEndsAtMs: null,
  windows: {},
  purgedAtMs: null,
  upstreamKey: null,
};

/** A secret key for data, of a tenant on the platform's upstream keys. */
export const sampleKeyRecord: KeyRecord = {
  keyId: "abcdefghijkl",
  kind: "secret",
  digest: "00",
  pepperVersion: 1,
  permissions: ["data"],
  endpoints: null,
  origins: [],
  dailyRequests: null,
  lastUsedOn: null,
  expiresAtMs: null,
  revokedAtMs: null,
  readAtMs: 1_700_000_000_000,
  tenant: sampleTenant,
};

import { expect, it } from "vitest";
import type { KeyDirectory } from "../../src/core/ports.ts";
import type { KeyRecord, Tenant } from "../../src/core/tenant.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

export type KnownKey = Omit<KeyRecord, "readAtMs">;

const burst = { capacity: 600, refillPerSecond: 10 };
const region = "default";

const tenantA = {
  id: TENANT_A,
  name: "A",
  plan: "free",
  status: "active",
  keyMode: "shared",
  region,
  cacheScope: "pool",
  burst,
  quotas: { daily: 5_000, monthly: 10_000 },
  trialEndsAtMs: Date.UTC(2026, 11, 24, 12),
  windows: { userinfo: { freshMs: 600_000, staleMs: 0 }, "not-found": { freshMs: 0, staleMs: 0 } },
  purgedAtMs: Date.UTC(2026, 10, 19, 8, 30, 0, 7),
  upstreamKey: null,
} as const;

const tenantB = {
  id: TENANT_B,
  name: "B",
  plan: "pro",
  status: "suspended",
  keyMode: "byo",
  region,
  cacheScope: "tenant",
  burst,
  quotas: { daily: null, monthly: null },
  trialEndsAtMs: null,
  windows: {},
  purgedAtMs: null,
  upstreamKey: {
    id: "0199c0de-0000-7000-8000-00000000b100",
    tenantId: TENANT_B,
    version: 2,
    downloadTier: true,
    kekVersion: 3,
    wrapIv: "AAECAwQFBgcICQoL",
    wrappedKey: "/+7dzLuqmYh3ZlVEMyIRAA==",
    iv: "CwoJCAcGBQQDAgEA",
    // Longer than the 76 characters after which PostgreSQL breaks base64 into lines.
    ciphertext: btoa("x".repeat(200)),
  },
} as const;

/** One on the platform's keys, and a suspended one with its own. */
export const knownTenants: readonly Tenant[] = [tenantA, tenantB];

/**
 * A key on the platform's upstream key, an expired and revoked one of a suspended tenant with its own, and three of pages, of which one
 * is good.
 */
export const knownKeys = [
  {
    keyId: "SharedTenant",
    kind: "secret",
    digest: "00".repeat(31) + "ff",
    pepperVersion: 2,
    permissions: ["data"],
    endpoints: null,
    origins: [],
    dailyRequests: null,
    lastUsedOn: null,
    expiresAtMs: null,
    revokedAtMs: null,
    tenant: tenantA,
  },
  {
    keyId: "ByoTenant000",
    kind: "secret",
    digest: "ab".repeat(32),
    pepperVersion: 1,
    permissions: ["data", "refresh", "manage"],
    endpoints: [],
    origins: ["https://of-a-secret-key.example.com"],
    dailyRequests: null,
    lastUsedOn: "2026-10-31",
    expiresAtMs: Date.UTC(2026, 11, 31, 23, 59, 59, 999),
    revokedAtMs: Date.UTC(2026, 10, 1, 0, 0, 0, 1),
    tenant: tenantB,
  },
  pageKey({ keyId: "PageKey00000", origins: ["https://app.example.com", "http://localhost:5173"] }),
  pageKey({ keyId: "PageKeyGone0", origins: ["https://gone.example.com"], revokedAtMs: Date.UTC(2026, 0, 1) }),
  pageKey({ keyId: "PageKeyOver0", origins: ["https://over.example.com"], expiresAtMs: Date.UTC(2026, 0, 1) }),
] as const satisfies readonly KnownKey[];

function pageKey(differs: Partial<KnownKey>): KnownKey {
  return {
    keyId: "",
    kind: "publishable",
    digest: "cd".repeat(32),
    pepperVersion: 1,
    permissions: ["data"],
    endpoints: ["/userid/", "/region-list/"],
    origins: [],
    dailyRequests: 250,
    lastUsedOn: "2026-11-19",
    expiresAtMs: null,
    revokedAtMs: null,
    tenant: tenantA,
    ...differs,
  };
}

/** `nowMs` is what the directory's clock shows. */
export type KeyDirectoryUnderTest = { readonly directory: KeyDirectory; readonly nowMs: number };

/** What every key directory promises, whatever it is made of. `make` gives one that holds `knownKeys`. */
export function keyDirectoryContract(make: () => Promise<KeyDirectoryUnderTest>): void {
  it.each(knownKeys)("finds $keyId whole, with the time it was read", async (key) => {
    const { directory, nowMs } = await make();
    expect(await directory.find(key.keyId)).toEqual({ kind: "found", record: { ...key, readAtMs: nowMs } });
  });

  it.each(["unknown00000", "", "sharedtenant", "SharedTenant' OR '1'='1"])("knows no %j", async (keyId) => {
    const { directory } = await make();
    expect(await directory.find(keyId)).toEqual({ kind: "absent" });
  });

  it.each(["https://app.example.com", "http://localhost:5173"])(
    "knows the origin %s, for a page key names it",
    async (origin) => {
      const { directory } = await make();
      expect(await directory.knowsOrigin(origin)).toBe("known");
    },
  );

  it.each([
    { origin: "https://other.example.com", because: "no key names it" },
    { origin: "https://gone.example.com", because: "its key was revoked" },
    { origin: "https://over.example.com", because: "its key expired" },
    { origin: "https://of-a-secret-key.example.com", because: "only a secret key names it" },
    { origin: "https://app.example.com,http://localhost:5173", because: "it is two" },
    { origin: "{https://app.example.com}", because: "it is a list in SQL" },
    { origin: "", because: "it is none" },
  ])("does not know the origin $origin: $because", async ({ origin }) => {
    const { directory } = await make();
    expect(await directory.knowsOrigin(origin)).toBe("unknown");
  });
}

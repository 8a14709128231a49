import { expect, it } from "vitest";
import type { KeyDirectory } from "../../src/core/ports.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

export type KnownKey = Omit<KeyRecord, "readAtMs">;

const burst = { capacity: 600, refillPerSecond: 10 };
const region = "default";

/** A key on the platform's upstream key, and an expired and revoked one of a suspended tenant with its own. */
export const knownKeys = [
  {
    keyId: "SharedTenant",
    digest: "00".repeat(31) + "ff",
    pepperVersion: 2,
    permissions: ["data"],
    expiresAtMs: null,
    revokedAtMs: null,
    tenant: {
      id: TENANT_A,
      name: "A",
      plan: "free",
      status: "active",
      keyMode: "shared",
      region,
      cacheScope: "pool",
      burst,
      upstreamKey: null,
    },
  },
  {
    keyId: "ByoTenant000",
    digest: "ab".repeat(32),
    pepperVersion: 1,
    permissions: ["data", "refresh", "manage"],
    expiresAtMs: Date.UTC(2026, 11, 31, 23, 59, 59, 999),
    revokedAtMs: Date.UTC(2026, 10, 1, 0, 0, 0, 1),
    tenant: {
      id: TENANT_B,
      name: "B",
      plan: "pro",
      status: "suspended",
      keyMode: "byo",
      region,
      cacheScope: "tenant",
      burst,
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
    },
  },
] as const satisfies readonly KnownKey[];

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
}

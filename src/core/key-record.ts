import * as v from "valibot";
import type { KeyRecord } from "./tenant.ts";

const SealedUpstreamKey = v.object({
  id: v.string(),
  tenantId: v.string(),
  version: v.number(),
  downloadTier: v.boolean(),
  kekVersion: v.number(),
  wrapIv: v.string(),
  wrappedKey: v.string(),
  iv: v.string(),
  ciphertext: v.string(),
});

const Tenant = v.object({
  id: v.string(),
  name: v.string(),
  plan: v.string(),
  status: v.picklist(["active", "suspended"]),
  keyMode: v.picklist(["shared", "byo"]),
  region: v.string(),
  cacheScope: v.picklist(["pool", "tenant"]),
  burst: v.object({ capacity: v.number(), refillPerSecond: v.number() }),
  upstreamKey: v.nullable(SealedUpstreamKey),
});

const Record = v.object({
  keyId: v.string(),
  digest: v.string(),
  pepperVersion: v.number(),
  permissions: v.array(v.picklist(["data", "refresh", "manage"])),
  expiresAtMs: v.nullable(v.number()),
  revokedAtMs: v.nullable(v.number()),
  tenant: Tenant,
  readAtMs: v.number(),
});

/** The key record in `json`, or nothing when another version wrote it: then it is read from Postgres again. */
export function parseKeyRecord(json: string): KeyRecord | undefined {
  try {
    const record = v.safeParse(Record, JSON.parse(json));
    return record.success ? record.output : undefined;
  } catch {
    return undefined;
  }
}

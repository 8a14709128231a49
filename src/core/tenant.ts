import * as v from "valibot";
import { CacheScope, Permission as PermissionName } from "./resources.ts";
import { windowNames } from "./windows.ts";

/** An upstream key encrypted with a data key of its own, which is encrypted with a versioned wrapping key. Binary fields are base64. */
const SealedUpstreamKey = readonlyObject({
  id: v.string(),
  tenantId: v.string(),
  version: v.number(),
  /** Whether the key's answers carry download links: `post-detail` with `play`, `wmplay` and `hdplay`. */
  downloadTier: v.boolean(),
  kekVersion: v.number(),
  wrapIv: v.string(),
  wrappedKey: v.string(),
  iv: v.string(),
  ciphertext: v.string(),
});

/** What the data plane knows of a tenant. Everything here may stand in Redis: the upstream key is sealed. */
const Tenant = readonlyObject({
  id: v.string(),
  name: v.string(),
  plan: v.string(),
  status: v.picklist(["active", "suspended"]),
  keyMode: v.picklist(["shared", "byo"]),
  region: v.string(),
  /** Whether answers are shared with the tenants of the region or kept apart. */
  cacheScope: CacheScope,
  burst: readonlyObject({ capacity: v.number(), refillPerSecond: v.number() }),
  /** In effect. Credits of a UTC day and month; null is no quota. */
  quotas: readonlyObject({ daily: v.nullable(v.number()), monthly: v.nullable(v.number()) }),
  /** Unix milliseconds; null is no trial. */
  trialEndsAtMs: v.nullable(v.number()),
  /** What the tenant tightened of the freshness windows, by class: never wider than the deployment's when it was chosen. */
  windows: v.pipe(
    v.record(v.picklist(windowNames), readonlyObject({ freshMs: v.number(), staleMs: v.number() })),
    v.readonly(),
  ),
  /** When the tenant last purged what it reads of a pool, for itself, by the ledger's clock. Unix milliseconds; null is never. */
  purgedAtMs: v.nullable(v.number()),
  /** The active upstream key of a BYO tenant; null for one on the platform's. */
  upstreamKey: v.nullable(SealedUpstreamKey),
});

/** A gateway key and its tenant, as read from Postgres at `readAtMs`; that time goes through every cache unchanged. */
const KeyRecord = readonlyObject({
  keyId: v.string(),
  kind: v.picklist(["secret", "publishable"]),
  /** Hex HMAC-SHA-256 of the whole key under pepper `pepperVersion`. */
  digest: v.string(),
  pepperVersion: v.number(),
  /** As stored. What the key may do is for `rightsOf` to say. */
  permissions: readonlyArray(PermissionName),
  /** The paths that the key may ask; null is all of them. */
  endpoints: v.nullable(readonlyArray(v.string())),
  /** Of a publishable key: the web origins whose pages may use it. */
  origins: readonlyArray(v.string()),
  /** Of a publishable key: requests a day; null is the usual number. */
  dailyRequests: v.nullable(v.number()),
  /** The UTC day of its last use, `2026-01-31`. */
  lastUsedOn: v.nullable(v.string()),
  /** Unix milliseconds. */
  expiresAtMs: v.nullable(v.number()),
  revokedAtMs: v.nullable(v.number()),
  tenant: Tenant,
  readAtMs: v.number(),
});

export type SealedUpstreamKey = v.InferOutput<typeof SealedUpstreamKey>;
export type Tenant = v.InferOutput<typeof Tenant>;
export type Permission = v.InferOutput<typeof PermissionName>;
export type KeyRecord = v.InferOutput<typeof KeyRecord>;

/** The key record in `json`, or nothing when another version wrote it: then it is read from Postgres again. */
export function parseKeyRecord(json: string): KeyRecord | undefined {
  try {
    const record = v.safeParse(KeyRecord, JSON.parse(json));
    return record.success ? record.output : undefined;
  } catch {
    return undefined;
  }
}

function readonlyObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(v.object(entries), v.readonly());
}

function readonlyArray<const Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item), v.readonly());
}

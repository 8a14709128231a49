/** What the data plane knows of a tenant. Everything here may stand in Redis: the upstream key is sealed. */
export type Tenant = {
  readonly id: string;
  readonly name: string;
  readonly plan: string;
  readonly status: "active" | "suspended";
  readonly keyMode: "shared" | "byo";
  readonly region: string;
  /** Whether answers are shared with the tenants of the region or kept apart. */
  readonly cacheScope: "pool" | "tenant";
  readonly burst: { readonly capacity: number; readonly refillPerSecond: number };
  /** The active upstream key of a BYO tenant; null for one on the platform's. */
  readonly upstreamKey: SealedUpstreamKey | null;
};

/** An upstream key encrypted with a data key of its own, which is encrypted with a versioned wrapping key. Binary fields are base64. */
export type SealedUpstreamKey = {
  readonly id: string;
  readonly tenantId: string;
  readonly version: number;
  /** Whether the key's answers carry download links: `post-detail` with `play`, `wmplay` and `hdplay`. */
  readonly downloadTier: boolean;
  readonly kekVersion: number;
  readonly wrapIv: string;
  readonly wrappedKey: string;
  readonly iv: string;
  readonly ciphertext: string;
};

export type Permission = "data" | "refresh" | "manage";

/** A gateway key and its tenant, as read from Postgres at `readAtMs`; that time goes through every cache unchanged. */
export type KeyRecord = {
  readonly keyId: string;
  /** Hex HMAC-SHA-256 of the whole key under pepper `pepperVersion`. */
  readonly digest: string;
  readonly pepperVersion: number;
  readonly permissions: readonly Permission[];
  /** Unix milliseconds. */
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly tenant: Tenant;
  readonly readAtMs: number;
};

import type { Bucket, Limit } from "./ports.ts";
import type { KeyRecord, Permission, Tenant } from "./tenant.ts";

/** What a gateway key may do on the data plane. */
export type Rights = {
  readonly permissions: readonly Permission[];
  /** The paths that it may ask; null is all of them. */
  readonly endpoints: readonly string[] | null;
  /** Requests a day of its own, beside the tenant's; null is no such limit. */
  readonly dailyRequests: number | null;
};

const DAY_MS = 86_400_000;

/** Of a publishable key whose row names none. */
const DAILY_REQUESTS = 1_000;

/** Reading is all that a publishable key is for, whatever its row says: everybody who sees the page has the key. */
export function rightsOf({ kind, permissions, endpoints, dailyRequests }: KeyRecord): Rights {
  if (kind === "secret") return { permissions, endpoints, dailyRequests: null };
  const reading = permissions.filter((permission) => permission === "data");
  return { permissions: reading, endpoints, dailyRequests: dailyRequests ?? DAILY_REQUESTS };
}

/** Whether the key's list of endpoints, if it has one, names this path. */
export function mayAsk({ endpoints }: Rights, path: string): boolean {
  return endpoints === null || endpoints.includes(path);
}

/**
 * Whether `text` is a web origin written as browsers send it: scheme, host and a port that is not the scheme's own, in lower case. Only
 * such texts are compared, so that equal texts and equal origins are the same; `null` is no origin, for every sandboxed page has it.
 */
export function isWebOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Whether pages of this origin may use a publishable key. */
export function servesOrigin({ origins }: Pick<KeyRecord, "origins">, origin: string | undefined): origin is string {
  return origin !== undefined && isWebOrigin(origin) && origins.includes(origin);
}

/** By the clock alone: nothing has to run at the moment when a trial ends. */
export function isTrialOver({ trialEndsAtMs }: Tenant, nowMs: number): boolean {
  return trialEndsAtMs !== null && trialEndsAtMs <= nowMs;
}

/** The buckets that a request takes a token of: the tenant's, and its key's where it has one. */
export function limitsOf(key: Rights & Pick<KeyRecord, "keyId" | "tenant">): readonly Limit[] {
  const { id, burst } = key.tenant;
  const ofTenant: Limit = { policy: "burst", name: id, bucket: burstBucket(burst) };
  if (key.dailyRequests === null) return [ofTenant];
  return [ofTenant, { policy: "key", name: `key:${key.keyId}`, bucket: perDay(key.dailyRequests) }];
}

/** The bucket of all requests of a tenant, which stands under the tenant's id. */
export function burstBucket({ capacity, refillPerSecond }: Tenant["burst"]): Bucket {
  return { capacity, refill: refillPerSecond, everyMs: 1_000 };
}

/** Refilled one by one over the day, so that a budget that is used up comes back bit by bit and not at midnight. */
function perDay(capacity: number) {
  return { capacity, refill: 1, everyMs: Math.max(1, Math.floor(DAY_MS / Math.max(1, capacity))) };
}

/** The day that was asked for last, which is the one that is asked for next: each request notes the day of its key's use. */
let lastDay = { count: Number.NaN, text: "" };

/** The UTC day of a time in Unix milliseconds, `2026-01-31`. */
export function utcDay(atMs: number): string {
  const count = Math.floor(atMs / DAY_MS);
  if (count !== lastDay.count) lastDay = { count, text: new Date(atMs).toISOString().slice(0, 10) };
  return lastDay.text;
}

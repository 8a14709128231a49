import * as v from "valibot";
import { TenantWindows } from "./tenant-windows.ts";
import { isUuid } from "./uuid7.ts";

/** What `/v1` says of each thing it keeps: the one description of it, for the handlers, the typed client and the OpenAPI document. */

export const Uuid = v.pipe(v.string(), v.check(isUuid, "is not a UUID in lower case"), v.metadata({ format: "uuid" }));
export const KeyId = v.pipe(v.string(), v.regex(/^[0-9A-Za-z]{12}$/, "is not 12 characters of base62"));
const Instant = v.pipe(v.string(), v.isoTimestamp("is not a time such as 2026-01-31T12:00:00Z"));
const Day = v.pipe(v.string(), v.isoDate());

/** A plan's name. Which plans there are is data: `app.plans`. */
export const PlanName = v.picklist(["free", "pro", "enterprise"]);
export const CacheScope = v.picklist(["pool", "tenant"]);
/** What happens to a tenant whose own upstream key is found invalid: it goes on with the platform's, or is refused. */
export const OnInvalidKey = v.picklist(["shared", "refuse"]);
export const Permission = v.picklist(["data", "refresh", "manage"]);
export const UserRole = v.picklist(["owner", "admin", "member"]);

export const PlanView = v.object({
  name: PlanName,
  burst_capacity: v.number(),
  burst_refill_per_second: v.number(),
  /** Credits; null is no quota. */
  daily_quota: v.nullable(v.number()),
  monthly_quota: v.nullable(v.number()),
  monthly_price_cents: v.number(),
  overage_cents_per_thousand_credits: v.number(),
  /** Whether tenants of this plan may bring an upstream key of their own. */
  own_key: v.boolean(),
});

export const TenantView = v.object({
  id: Uuid,
  name: v.string(),
  plan: PlanName,
  status: v.picklist(["active", "suspended"]),
  key_mode: v.picklist(["shared", "byo"]),
  region: v.string(),
  /** In effect, chosen or by the key mode. */
  cache_scope: CacheScope,
  /** The freshness windows that it tightened; of every other class they are the deployment's. */
  windows: TenantWindows,
  on_invalid_key: OnInvalidKey,
  /** After it, data is refused until the plan is changed; null is no trial. */
  trial_ends_at: v.nullable(Instant),
  /** Since when the tenant is on the platform's keys because its own were found invalid: its quotas are the free plan's. */
  fell_back_at: v.nullable(Instant),
  /** In effect. Credits; null is no quota. */
  daily_quota: v.nullable(v.number()),
  monthly_quota: v.nullable(v.number()),
  tiklive_key_last4: v.nullable(v.string()),
  created_at: Instant,
  deleted_at: v.nullable(Instant),
});

export const KeyView = v.object({
  id: KeyId,
  kind: v.picklist(["secret", "publishable"]),
  name: v.string(),
  last4: v.string(),
  permissions: v.array(Permission),
  /** The paths it may ask; null is all of them. */
  endpoints: v.nullable(v.array(v.string())),
  /** Of a publishable key: the web origins whose pages may use it. */
  origins: v.array(v.string()),
  /** Of a publishable key: requests a day. */
  daily_requests: v.nullable(v.number()),
  expires_at: v.nullable(Instant),
  revoked_at: v.nullable(Instant),
  /** The UTC day of its last use. */
  last_used_on: v.nullable(Day),
  created_at: Instant,
});

export const UpstreamKeyVersion = v.object({
  version: v.number(),
  status: v.picklist(["pending", "active", "retired", "invalid"]),
  last4: v.string(),
  download_tier: v.boolean(),
  created_at: Instant,
  /** Until then requests that began on it may still use it. */
  retires_at: v.nullable(Instant),
  /** Why it is not in use: `replaced`, `removed`, `rejected`, `not-probed`, `overtaken`, `failed`. */
  reason: v.nullable(v.string()),
});

export const UpstreamKeyView = v.object({
  mode: v.picklist(["shared", "byo"]),
  /** Whether the tenant's plan lets it bring a key. */
  allowed: v.boolean(),
  /** Null on the platform's keys, and while the tenant's own is invalid. */
  active: v.nullable(UpstreamKeyVersion),
  /** Newest first. */
  versions: v.array(UpstreamKeyVersion),
});

/** One call that was made to learn of a key, and what it cost. */
export const ProbeView = v.object({
  endpoint: v.string(),
  outcome: v.string(),
  credits_charged: v.number(),
  /** What the upstream may have taken besides. */
  credits_in_doubt: v.number(),
});

export const UpstreamKeySwap = v.object({
  active: UpstreamKeyVersion,
  /** The version that was replaced. */
  previous: v.nullable(UpstreamKeyVersion),
  probes: v.array(ProbeView),
  /** Of all probes together. */
  credits_charged: v.number(),
});

export const WrappingRotation = v.object({
  /** Of the wrapping key that everything is to be wrapped with. */
  version: v.number(),
  /** Secrets that this call wrapped anew. */
  rewrapped: v.number(),
  /** Secrets whose old wrapping did not open, for the operator to look at: their wrapping key is not configured any more. */
  unreadable: v.number(),
  /** Secrets under older wrapping keys that are left, unreadable ones among them. */
  remaining: v.number(),
});

export const UserView = v.object({
  user_id: Uuid,
  /** The identity provider's name for the person: `sub` of its tokens. */
  subject: v.string(),
  role: UserRole,
  created_at: Instant,
});

export const AuditView = v.object({
  id: Uuid,
  at: Instant,
  actor_kind: v.picklist(["operator", "key", "user", "system"]),
  actor_id: v.string(),
  action: v.string(),
  /** The id of what it was done on. */
  subject: v.string(),
  request_id: v.string(),
  detail: v.record(v.string(), v.unknown()),
});

export const EventType = v.picklist([
  "upstream_key.invalid",
  "quota.threshold",
  "platform_key.out",
  "platform_key.balance_low",
  "ledger.drift",
  "ledger.partitions",
]);
/** Events of the platform's own, which no tenant hears of. */
export const PLATFORM_EVENTS: readonly string[] = [
  "platform_key.out",
  "platform_key.balance_low",
  "ledger.drift",
  "ledger.partitions",
];

export const WebhookView = v.object({
  id: Uuid,
  url: v.string(),
  events: v.array(EventType),
  created_at: Instant,
});

export const DeliveryView = v.object({
  id: Uuid,
  webhook_id: Uuid,
  /** Whose event it is: to the platform's own webhooks, any tenant's. */
  tenant_id: Uuid,
  event_id: Uuid,
  event: EventType,
  status: v.picklist(["pending", "delivered", "dead"]),
  attempts: v.number(),
  /** Of the last reply; null when none came. */
  last_status: v.nullable(v.number()),
  created_at: Instant,
  delivered_at: v.nullable(Instant),
});

/** Something that happened to a tenant, whether or not a webhook wants to hear of it; without a tenant, to the platform. */
export const AlertView = v.object({
  id: Uuid,
  at: Instant,
  event: EventType,
  /** What a webhook's body says under this name. */
  data: v.record(v.string(), v.unknown()),
});

export const PlatformKeyView = v.object({
  id: v.string(),
  /** Dispatches in the last minute. */
  load: v.number(),
  /** Dispatches a minute. */
  cap: v.number(),
  /** `cooling`: the upstream said 429. `failing`: it failed so often in a row that one request at a time tries it. */
  state: v.picklist(["in-use", "out", "cooling", "failing"]),
  reason: v.nullable(v.string()),
  /** When it is asked again. */
  until: v.nullable(Instant),
});

export type PlanView = v.InferOutput<typeof PlanView>;
export type TenantView = v.InferOutput<typeof TenantView>;
export type KeyView = v.InferOutput<typeof KeyView>;
export type UpstreamKeyVersion = v.InferOutput<typeof UpstreamKeyVersion>;
export type ProbeView = v.InferOutput<typeof ProbeView>;
export type UpstreamKeySwap = v.InferOutput<typeof UpstreamKeySwap>;
export type UpstreamKeyView = v.InferOutput<typeof UpstreamKeyView>;
export type WrappingRotation = v.InferOutput<typeof WrappingRotation>;
export type UserView = v.InferOutput<typeof UserView>;
export type AuditView = v.InferOutput<typeof AuditView>;
export type WebhookView = v.InferOutput<typeof WebhookView>;
export type AlertView = v.InferOutput<typeof AlertView>;
export type DeliveryView = v.InferOutput<typeof DeliveryView>;
export type PlatformKeyView = v.InferOutput<typeof PlatformKeyView>;
export type EventType = v.InferOutput<typeof EventType>;
export type UserRole = v.InferOutput<typeof UserRole>;
export type PlanName = v.InferOutput<typeof PlanName>;

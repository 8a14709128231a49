/**
 * What the database looks like from TypeScript. What drizzle cannot say stands in the migrations alone, and the catalogue lint in the
 * tests holds it: partitions, forced row-level security, policies, roles and grants.
 */
export { app } from "./columns.ts";
export { auditLog, idempotencyKeys, webhookEvents } from "./act-schema.ts";
export { apiKeys } from "./gateway-key-schema.ts";
export { hashtagHistory } from "./hashtag-schema.ts";
export { plans } from "./plan-schema.ts";
export { invoices, keyReadings, pastTerms } from "./statement-schema.ts";
export { tenants, tenantUsers, upstreamKeys } from "./tenancy-schema.ts";
export {
  deadMessages,
  keyUsageDaily,
  latencyDaily,
  tiktokUserSnapshots,
  usageDailyRollup,
  usageEvents,
  usageHits,
} from "./usage-schema.ts";
export { webhookDeliveries, webhooks } from "./webhook-schema.ts";

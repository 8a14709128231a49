import type { Tenant } from "./tenant.ts";

export type TenantLookup =
  /** As read from Postgres at `readAtMs`. */
  | { readonly kind: "found"; readonly tenant: Tenant; readonly readAtMs: number }
  /** Deleted, or never was. */
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable" };

/**
 * Finds tenants by their id, for what is done without one of their keys at hand. Never throws; `absent` only
 * when Postgres said so. A suspended tenant is found: whether it may ask is the caller's to look at.
 */
export type TenantDirectory = { find(tenantId: string): Promise<TenantLookup> };

import type { TenantDirectory } from "../../src/core/tenant-directory.ts";
import type { Tenant } from "../../src/core/tenant.ts";

/** A tenant directory in memory that passes the contract of the real one. */
export function memoryTenantDirectory(tenants: readonly Tenant[], clock: () => number): TenantDirectory {
  return {
    async find(tenantId) {
      const tenant = tenants.find(({ id }) => id === tenantId);
      return tenant === undefined ? { kind: "absent" } : { kind: "found", tenant, readAtMs: clock() };
    },
  };
}

import { expect, it } from "vitest";
import type { TenantDirectory } from "../../src/core/tenant-directory.ts";
import { knownTenants } from "./key-directory.contract.ts";

/** `nowMs` is what the directory's clock shows. */
export type TenantDirectoryUnderTest = { readonly directory: TenantDirectory; readonly nowMs: number };

/** What every tenant directory promises, whatever it is made of. `make` gives one that holds `knownTenants`. */
export function tenantDirectoryContract(make: () => Promise<TenantDirectoryUnderTest>): void {
  it.each(knownTenants)("finds tenant $name whole, as keys find it, with the time it was read", async (tenant) => {
    const { directory, nowMs } = await make();
    expect(await directory.find(tenant.id)).toEqual({ kind: "found", tenant, readAtMs: nowMs });
  });

  it("knows no other tenant", async () => {
    const { directory } = await make();
    expect(await directory.find("0199c0de-0000-7000-8000-0000000000ff")).toEqual({ kind: "absent" });
  });
}

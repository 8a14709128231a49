import { expect, it } from "vitest";
import { memoryTenants } from "../../src/adapters/memory-tenants.ts";
import type { TenantLookup } from "../../src/core/tenant-directory.ts";
import { sampleTenant } from "../support/sample-key-record.ts";

/** A directory that counts its readings and says what `says` is told to. */
function remembering() {
  let nowMs = 1_000_000;
  let reads = 0;
  let says: TenantLookup["kind"] = "found";
  const find = async (): Promise<TenantLookup> => {
    reads += 1;
    return says === "found"
      ? { kind: says, tenant: { ...sampleTenant, name: `read ${reads}` }, readAtMs: nowMs }
      : { kind: says };
  };
  const tenants = memoryTenants({ find }, { freshMs: 10_000, outageMs: 600_000, clock: () => nowMs });
  const name = async () => {
    const found = await tenants.find(sampleTenant.id);
    return found.kind === "found" ? found.tenant.name : found.kind;
  };
  return { name, advance: (ms: number) => void (nowMs += ms), say: (kind: TenantLookup["kind"]) => void (says = kind) };
}

it("reads a tenant once in ten seconds, because a busy minute refreshes much on behalf of one", async () => {
  const t = remembering();
  expect(await t.name()).toBe("read 1");
  t.advance(9_999);
  expect(await t.name()).toBe("read 1");
  t.advance(1);
  expect(await t.name()).toBe("read 2");
});

it("goes on with what it knows for ten minutes while Postgres does not answer, and not longer", async () => {
  const t = remembering();
  await t.name();
  t.say("unavailable");
  t.advance(599_999);
  expect(await t.name()).toBe("read 1");
  t.advance(1);
  expect(await t.name()).toBe("unavailable");
});

it("forgets a tenant that Postgres does not know any more, so that an outage does not bring it back", async () => {
  const t = remembering();
  await t.name();
  t.say("absent");
  t.advance(10_000);
  expect(await t.name()).toBe("absent");
  t.say("unavailable");
  expect(await t.name()).toBe("unavailable");
});

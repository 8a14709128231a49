import { describe, expect, it } from "vitest";
import type { IdentityTokens } from "../../src/core/control-ports.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { madeUpKey } from "../support/cast.ts";
import { controlPlane } from "../support/control-plane.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";

const TOKEN = "header.claims.signature";

const withToken = (verified: Awaited<ReturnType<IdentityTokens["verify"]>>) =>
  controlPlane({ identityTokens: { verify: async () => verified } })("GET", "/v1/me", { credential: TOKEN });

const withKey = (record: Partial<KeyRecord>) =>
  controlPlane({ identifyKey: async () => ({ ...sampleKeyRecord, ...record }) })("GET", "/v1/me", {
    credential: madeUpKey(),
  });

describe("a person's token", () => {
  it("that cannot be checked is nobody's fault but ours: 503, for 401 would throw people out", async () => {
    expect(await withToken({ kind: "unavailable" })).toMatchObject({ status: 503, problem: "identity-unavailable" });
  });

  it("that is refused is 401, and one that is verified says who it is", async () => {
    expect((await withToken({ kind: "refused" })).status).toBe(401);
    const verified = await withToken({ kind: "verified", issuer: "https://id.example", subject: "ann" });
    expect(verified.body).toMatchObject({ kind: "person", subject: "ann" });
  });
});

describe("a key", () => {
  it.each([
    { permissions: ["data", "refresh"], kind: "secret", role: "data-key" },
    { permissions: ["data", "manage"], kind: "secret", role: "manage-key" },
    { permissions: ["manage"], kind: "publishable", role: "publishable-key" },
  ] as const)("that is $kind and may $permissions is a $role", async ({ role, ...record }) => {
    expect((await withKey(record)).body).toMatchObject({ kind: "key", role });
  });

  it("of a suspended tenant manages nothing, or its holder would go on preparing what is forbidden", async () => {
    const tenant = { ...sampleTenant, status: "suspended" as const };
    expect(await withKey({ tenant, permissions: ["manage"] })).toMatchObject({
      status: 403,
      problem: "tenant-suspended",
    });
  });
});

describe("the admin token", () => {
  it("is known whatever its shape: one with two dots looks like a person's token", async () => {
    const ask = controlPlane({ adminToken: TOKEN });
    expect((await ask("GET", "/v1/me", { credential: TOKEN })).body).toEqual({ kind: "operator" });
  });
});

it("requests without a valid credential are bounded per address, because a guess costs a guesser nothing else", async () => {
  const ask = controlPlane({ unidentified: { allows: async () => false } });
  expect((await ask("GET", "/v1/me", { credential: "a-guess" })).status).toBe(429);
  expect((await ask("GET", "/v1/me")).status).toBe(200);
});

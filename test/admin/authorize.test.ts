import { describe, expect, it } from "vitest";
import { PLATFORM } from "../../src/core/act.ts";
import { controlPlane, TENANT } from "../support/control-plane.ts";

const verify = async () => ({ kind: "verified", issuer: "https://id.example", subject: "ann" });

/** A person who is asked about their tenant's plans. */
const asPerson = (membership: object | undefined) => {
  const ask = controlPlane({
    identityTokens: { verify },
    users: { membership: async () => membership },
    tenants: { plans: async () => [] },
  });
  return (tenant?: string) =>
    ask("GET", "/v1/plans", { credential: "a.b.c", ...(tenant === undefined ? {} : { tenant }) });
};

describe("a person", () => {
  it("acts for a tenant that they name and are of", async () => {
    const ask = asPerson({ role: "member", status: "active" });
    expect((await ask(TENANT)).status).toBe(200);
    expect((await ask()).problem).toBe("tenant-required");
  });

  it("of a suspended tenant does nothing for it", async () => {
    expect(await asPerson({ role: "owner", status: "suspended" })(TENANT)).toMatchObject({
      status: 403,
      problem: "tenant-suspended",
    });
  });

  it("is not asked which tenant they mean for what is the platform's: naming one would not help", async () => {
    const ask = controlPlane({ identityTokens: { verify } });
    expect((await ask("GET", "/v1/tenants", { credential: "a.b.c" })).problem).toBe("forbidden");
  });

  it("is told of a tenant that they are not of what they are told of none", async () => {
    expect((await asPerson(undefined)(TENANT)).status).toBe(404);
  });
});

describe("the operator", () => {
  it.each(["7", TENANT.toUpperCase(), ` ${TENANT}, ${TENANT}`, PLATFORM])(
    "names a tenant by its id, and '%s' is none: whose things it is about must not be a guess",
    async (tenant) => {
      const { status, body } = await controlPlane()("GET", "/v1/keys", { tenant });
      expect(status).toBe(400);
      expect(body["invalid_parameters"]).toEqual([{ name: "Tikedge-Tenant", reason: "is not a UUID in lower case" }]);
    },
  );

  it("gets nothing of a tenant that is deleted but its log, which outlives it", async () => {
    const ask = controlPlane({
      tenants: { find: async () => undefined, wasThere: async () => true },
      auditLog: { list: async () => ({ rows: [], next: null }) },
    });
    expect((await ask("GET", "/v1/audit", { tenant: TENANT })).status).toBe(200);
    expect((await ask("GET", "/v1/keys", { tenant: TENANT })).status).toBe(404);
  });

  it("gets no log of a tenant that never was", async () => {
    const ask = controlPlane({ tenants: { find: async () => undefined, wasThere: async () => false } });
    expect((await ask("GET", "/v1/audit", { tenant: TENANT })).status).toBe(404);
  });
});

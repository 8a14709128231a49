import { describe, expect, it } from "vitest";
import { controlPlane, TENANT } from "../support/control-plane.ts";
import { controlRoutes, type ControlRoute } from "../support/control-routes.ts";

const routes = controlRoutes();
const mutations = routes.filter(({ method }) => method !== "GET");
const ask = controlPlane();

/** What people paste into the wrong place. */
const PASTED = "4f9aK2mQ7xW1zR8b";

/** Ids of the right form. */
const ids: Readonly<Record<string, string>> = {
  tenantId: TENANT,
  keyId: "abcdefghijkl",
  month: "2026-01",
  id: "platform-01234567",
  webhookId: TENANT,
  deliveryId: TENANT,
  deadMessageId: TENANT,
  subject: "somebody",
};

const withIds = (path: string, text?: string) =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => text ?? ids[name] ?? "");
const askWithIds = ({ method, path }: ControlRoute, query = "", body?: unknown) =>
  ask(method, `${withIds(path)}${query}`, { tenant: TENANT, ...(body === undefined ? {} : { body }) });

describe("a query", () => {
  it.each(routes)("that $operation does not take is refused by name", async (route) => {
    const { status, body } = await askWithIds(route, "?tenant_id=x");
    expect(status).toBe(400);
    expect(body["invalid_parameters"]).toContainEqual({ name: "tenant_id", reason: "is not known" });
  });

  it("that gives a parameter twice is refused, also when one of the two is empty", async () => {
    for (const twice of ["limit=5&limit=5", "limit=5&limit=", "limit=&limit=5"]) {
      const { status, body } = await ask("GET", `/v1/tenants?${twice}`);
      expect(status).toBe(400);
      expect(body["invalid_parameters"]).toEqual([{ name: "limit", reason: "is not string" }]);
    }
  });

  it.each([
    { limit: "0", reason: "is below 1" },
    { limit: "101", reason: "is above 100" },
    { limit: "1e1", reason: "is not a whole number" },
    { limit: "", reason: "is not a whole number" },
  ])("that asks for a page of '$limit' is refused: it $reason", async ({ limit, reason }) => {
    const { status, body } = await ask("GET", `/v1/tenants?limit=${limit}`);
    expect([status, body["invalid_parameters"]]).toEqual([400, [{ name: "limit", reason }]]);
  });

  it("of a path that there is not does not hide that there is none", async () => {
    expect((await ask("GET", "/v1/nothing?x=1")).status).toBe(404);
  });
});

describe("a body", () => {
  it.each(mutations)("with a field that $operation does not know is refused, and the field named", async (route) => {
    const { status, body } = await askWithIds(route, "", { tenant_id: TENANT });
    expect(status).toBe(400);
    expect(body["invalid_parameters"]).toContainEqual({ name: "tenant_id", reason: "is not known" });
  });

  it.each([
    { method: "PATCH", path: `/v1/tenants/${TENANT}`, body: {}, reason: "changes nothing" },
    { method: "PATCH", path: "/v1/tenant", body: {}, reason: "changes nothing" },
    {
      method: "POST",
      path: "/v1/keys/abcdefghijkl/rotate",
      body: { overlap_minutes: 1_441 },
      reason: "is above 1440",
    },
    {
      method: "POST",
      path: "/v1/keys",
      body: { kind: "publishable", origins: ["https://a.example"], endpoints: ["/userid/"], daily_requests: 0 },
      reason: "is below 1",
    },
  ])("of $method $path that says $body is refused: it $reason", async ({ method, path, body, reason }) => {
    const refused = await ask(method, path, { tenant: TENANT, body });
    expect(refused.status).toBe(400);
    expect(refused.body["invalid_parameters"]).toEqual([expect.objectContaining({ reason })]);
  });

  it.each([
    { wrong: "as a value", body: { role: PASTED } },
    { wrong: "as a field's name", body: { role: "owner", [PASTED]: true } },
    { wrong: "as a value of the wrong kind", body: { role: [PASTED] } },
  ])("that holds a key by mistake, $wrong, is refused without repeating it", async ({ body }) => {
    const refused = await ask("PUT", "/v1/users/ann", { tenant: TENANT, body });
    expect(refused.problem).toBe("invalid-parameters");
    expect(JSON.stringify(refused.body)).not.toContain(PASTED);
  });

  it("may have 16 KiB and not a byte more", async () => {
    const empty = JSON.stringify({ name: "" }).length;
    const ofLength = (bytes: number) => ({ body: { name: "a".repeat(bytes - empty) } });
    expect((await ask("POST", "/v1/tenants", ofLength(16_384))).problem).toBe("invalid-parameters");
    expect((await ask("POST", "/v1/tenants", ofLength(16_385))).problem).toBe("body-too-large");
  });
});

it.each(routes.filter(({ path }) => /:(?!subject)/.test(path)))(
  "$operation refuses an id that is none, before anything is looked up",
  async ({ method, path }) => {
    const name = /:(\w+)/.exec(path)?.[1];
    for (const text of ["7", TENANT.toUpperCase(), "abcdefghijk%00"]) {
      const { status, body } = await ask(method, withIds(path, text), { tenant: TENANT });
      expect([status, body["invalid_parameters"]]).toEqual([400, [expect.objectContaining({ name })]]);
    }
  },
);

import { describe, expect, it } from "vitest";
import { adminRoute, type AdminPorts } from "../../src/admin/route.ts";
import { Problem } from "../../src/core/problem.ts";
import { controlRoutes } from "../support/control-routes.ts";

const TENANT = "0199c0de-0000-7000-8000-00000000000a";
const ADMIN_TOKEN = "admin-token-of-the-tests";

/** As much as it takes to know who asks and for which tenant: whoever asks for more gets no answer. */
const ports = { adminToken: ADMIN_TOKEN, tenants: { find: async () => ({}) } } as unknown as AdminPorts;

const app = adminRoute(ports).onError((error, c) =>
  error instanceof Problem ? c.json({ status: error.status, ...error.members }) : c.json({ message: error.message }),
);

const ask = async (method: string, path: string) => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "tikedge-tenant": TENANT };
  const response = await app.request(path.replace(/^\/v1/, "").replaceAll(/:\w+/g, "x"), { method, headers });
  return response.json();
};

describe("a query", () => {
  it.each(controlRoutes())("that $operation does not take is refused by name", async (route) => {
    const refused = await ask(route.method, `${route.path}?tenant_id=x`);
    expect(refused).toEqual({ status: 400, invalid_parameters: [{ name: "tenant_id", reason: "is not known" }] });
  });

  it("that gives a parameter twice is refused, also when one of the two is empty", async () => {
    for (const twice of ["limit=5&limit=5", "limit=5&limit=", "limit=&limit=5"])
      expect(await ask("GET", `/v1/tenants?${twice}`)).toEqual({
        status: 400,
        invalid_parameters: [{ name: "limit", reason: "is not string" }],
      });
  });

  it("of a path that there is not does not hide that there is none", async () => {
    expect(await ask("GET", "/v1/nothing?x=1")).toEqual({ status: 404 });
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mayDo, operations, type OperationId, type Role } from "../../src/core/roles.ts";
import { userIdOf } from "../../src/core/user-id.ts";
import { books } from "../support/books.ts";
import { storeKey } from "../support/cast.ts";
import { control, withoutRequestId } from "../support/control.ts";
import { controlRoutes, type ControlRoute } from "../support/control-routes.ts";
import { AUDIENCE, startIssuer } from "../support/issuer.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";

const roles: readonly Role[] = ["operator", "owner", "admin", "member", "manage-key", "data-key", "publishable-key"];
const people: readonly Role[] = ["owner", "admin", "member"];

const FORBIDDEN = "https://tikedge.dev/problems/forbidden";

const routes = controlRoutes();
const withRow = routes.filter(
  (route): route is ControlRoute & { operation: OperationId } => route.operation !== "me.get",
);

describe("every route, with every role", () => {
  let stack: Stack;
  let gateway: Gateway;
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  const credentials = new Map<Role, string>();
  const tenantId = () => stack.tenant("shared").id;

  beforeAll(async () => {
    [stack, issuer] = await Promise.all([startStack(), startIssuer()]);
    gateway = await startGateway(stack, {
      OIDC_ISSUER: issuer.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_JWKS_URL: issuer.jwksUrl,
    });
    credentials.set("operator", stack.settings["ADMIN_TOKEN"] ?? "");
    for (const role of people) {
      await books(stack.database.url).query(
        "INSERT INTO app.tenant_users (tenant_id, user_id, subject, role) VALUES ($1, $2, $3, $3)",
        [tenantId(), await userIdOf(issuer.issuer, role), role],
      );
      credentials.set(role, await issuer.sign({ sub: role }));
    }
    credentials.set("manage-key", await storeKey(stack, { tenantId: tenantId(), permissions: ["manage"] }));
    credentials.set("data-key", await storeKey(stack, { tenantId: tenantId(), permissions: ["data", "refresh"] }));
    const publishable = { kind: "publishable", origins: ["https://app.example"] } as const;
    credentials.set(
      "publishable-key",
      await storeKey(stack, { tenantId: tenantId(), permissions: ["data", "refresh", "manage"], ...publishable }),
    );
  });
  afterAll(async () => {
    await gateway.close();
    await issuer.close();
    await stack.close();
  });

  /** With ids that nothing has, and without a body: who may gets as far as 200, 400 or 404, and changes nothing that exists. */
  const ask = (role: Role, { method, path }: ControlRoute) => {
    const named = role === "operator" || people.includes(role) ? { tenant: tenantId() } : {};
    const concrete = path
      .replace(":tenantId", randomUUID())
      .replace(":keyId", "000000000000")
      .replace(":subject", "nobody")
      .replace(/:\w+/, randomUUID());
    return control(gateway, credentials.get(role) ?? "").call(method)(concrete, named);
  };

  it("has a row for every route, and a route for every row", () => {
    expect([...new Set(withRow.map(({ operation }) => operation))].toSorted()).toEqual(
      Object.keys(operations).toSorted(),
    );
    expect(withRow.length).toBe(Object.keys(operations).length);
  });

  it.each(withRow.flatMap((route) => roles.map((role) => ({ ...route, role }))))(
    "$role: $operation ($method $path)",
    async ({ role, ...route }) => {
      const { status, body } = await ask(role, route);
      expect(status, JSON.stringify(body)).not.toBe(401);
      expect(status).toBeLessThan(500);
      expect(status === 403 && body["type"] === FORBIDDEN, JSON.stringify(body)).toBe(!mayDo(role, route.operation));
    },
  );

  it.each(routes)("nobody: $operation is 401 without a credential, and says nothing else", async (route) => {
    const { status, body } = await control(gateway, "").call(route.method)(route.path.replaceAll(/:\w+/g, "x"));
    expect(status).toBe(401);
    expect(body["type"]).toBe("https://tikedge.dev/problems/unauthorized");
  });

  it.each(roles)("%s may ask who they are", async (role) => {
    const { status, body } = await control(gateway, credentials.get(role) ?? "").get("/v1/me");
    expect(status).toBe(200);
    expect(body["kind"]).toBe(role === "operator" ? "operator" : people.includes(role) ? "person" : "key");
  });

  it.each([
    {
      wrong: "the admin token with a letter changed",
      credential: () => `${credentials.get("operator")?.slice(0, -1)}~`,
    },
    { wrong: "the beginning of the admin token", credential: () => credentials.get("operator")?.slice(0, -1) ?? "" },
    { wrong: "the admin token with more behind it", credential: () => `${credentials.get("operator")}0` },
    { wrong: "a token for another audience", credential: () => issuer.sign({ sub: "owner", aud: "else" }) },
    {
      wrong: "a token of another issuer",
      credential: () => issuer.sign({ sub: "owner", iss: "https://else.example" }),
    },
  ])("401 for $wrong", async ({ credential }) => {
    const { status } = await control(gateway, await credential()).get("/v1/me");
    expect(status).toBe(401);
  });

  it("the admin token is nothing on the data plane", async () => {
    const response = await gateway.get("/userid/?username=tiktok", { key: credentials.get("operator") ?? "" });
    expect(response.status).toBe(401);
  });

  it("a person without a membership gets the same answer for a tenant that is there and for one that is not", async () => {
    const stranger = control(gateway, await issuer.sign({ sub: "stranger" }));
    const foreign = withoutRequestId(await stranger.get("/v1/tenant", { tenant: tenantId() }));
    expect(foreign.status).toBe(404);
    expect(withoutRequestId(await stranger.get("/v1/tenant", { tenant: randomUUID() }))).toEqual(foreign);
  });

  it("a key that names a tenant is refused, its own and another's alike: it could only be a mistake", async () => {
    const key = control(gateway, credentials.get("manage-key") ?? "");
    for (const tenant of [tenantId(), stack.tenant("byo").id, randomUUID()]) {
      const { status, body } = await key.get("/v1/keys", { tenant });
      expect(status).toBe(400);
      expect(body["type"]).toBe("https://tikedge.dev/problems/tenant-not-allowed");
    }
  });

  it("an owner of one tenant is nobody in another", async () => {
    const owner = control(gateway, credentials.get("owner") ?? "");
    expect((await owner.get("/v1/keys", { tenant: tenantId() })).status).toBe(200);
    expect((await owner.get("/v1/keys", { tenant: stack.tenant("byo").id })).status).toBe(404);
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { madeUpKey, storeByoTenant, storeSharedTenant } from "../support/cast.ts";
import { control, type Answered } from "../support/control.ts";
import { controlRoutes } from "../support/control-routes.ts";
import { BYO_KEY, startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { AUDIENCE, startIssuer } from "../support/issuer.ts";
import { startSqlRecorder } from "../support/sql-recorder.ts";

/** Whatever a body says: as much as gets past the schema. */
const bodies: Readonly<Record<string, unknown>> = {
  "keys.rotate": {},
  "users.set": { role: "member" },
};

/** Routes whose path names a thing of a tenant's. */
const routes = controlRoutes().filter(
  ({ path, operation }) => /:\w+/.test(path) && !/^(tenants|platform-keys|dead-messages)\./.test(operation),
);

describe("what is another tenant's is as absent as what is nobody's", () => {
  let stack: Stack;
  let gateway: Gateway;
  let recorder: Awaited<ReturnType<typeof startSqlRecorder>>;
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let owner: (path: string, method: string, body: unknown) => Promise<Answered>;
  /** By parameter: an id that belongs to the other tenant. */
  const foreign: Record<string, string> = {};
  let other: { readonly id: string; readonly apiKey: string };

  beforeAll(async () => {
    [stack, issuer] = await Promise.all([startStack(), startIssuer()]);
    recorder = await startSqlRecorder(stack.neon.url);
    gateway = await startGateway(stack, {
      NEON_SQL_ENDPOINT: recorder.url,
      OIDC_ISSUER: issuer.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_JWKS_URL: issuer.jwksUrl,
      WEBHOOK_TARGETS: "any",
    });
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const own = await storeSharedTenant(stack, "pro");
    other = await storeByoTenant(stack, { clear: BYO_KEY, status: "active" });
    for (const [subject, tenant] of [
      ["owner", own.id],
      ["other-owner", other.id],
      ["other-admin", other.id],
    ] as const)
      await operator.put(`/v1/users/${subject}`, { tenant, body: { role: "owner" } });
    const issued = await operator.post("/v1/keys", { tenant: other.id, body: { name: "canary-of-the-other-tenant" } });
    const hook = await operator.post("/v1/webhooks", {
      tenant: other.id,
      body: { url: "https://hooks.example/canary-of-the-other-tenant", events: ["upstream_key.invalid"] },
    });
    await books(stack.database.url).query("UPDATE app.tenants SET created_at = '2021-01-01T00:00:00Z' WHERE id = $1", [
      other.id,
    ]);
    const deliveryId = randomUUID();
    await books(stack.database.url).query(
      `INSERT INTO app.webhook_deliveries (tenant_id, id, webhook_id, event_id, event, event_tenant_id, status)
       VALUES ($1, $2, $3, $4, 'upstream_key.invalid', $1, 'dead')`,
      [other.id, deliveryId, hook.body["id"], randomUUID()],
    );
    Object.assign(foreign, {
      keyId: issued.body["id"],
      webhookId: hook.body["id"],
      deliveryId,
      month: "2021-03",
      subject: "other-owner",
    });
    const credential = await issuer.sign({ sub: "owner" });
    owner = (path, method, body) =>
      control(gateway, credential).call(method)(path, { tenant: own.id, ...(body === undefined ? {} : { body }) });
  });
  afterAll(async () => {
    await gateway.close();
    await Promise.all([recorder.close(), issuer.close()]);
    await stack.close();
  });

  const absent: Readonly<Record<string, () => string>> = {
    keyId: () => madeUpKey().split("_")[2] ?? "",
    webhookId: randomUUID,
    deliveryId: randomUUID,
    month: () => "2020-03",
    subject: () => `somebody-${randomUUID()}`,
  };
  const withId = (path: string, ids: (name: string) => string) =>
    path.replaceAll(/:(\w+)/g, (_whole, name: string) => ids(name));
  /** The answer, but for the request's id and the ids that were asked for, and the statements that it took. */
  const foreignIdOf = (operation: string) => (name: string) =>
    operation === "users.set" ? "other-admin" : (foreign[name] ?? "");
  const asked = async (route: (typeof routes)[number], ids: (name: string) => string) => {
    const path = withId(route.path, ids);
    recorder.take();
    const { status, body } = await owner(path, route.method, bodies[route.operation]);
    const { request_id: _, created_at: __, ...rest } = body;
    const text = JSON.stringify(rest).replaceAll(/"(?:user_id|subject)":"[^"]*"/g, "");
    return { status, text, statements: recorder.take() };
  };

  it("there are such routes", () => {
    expect(routes.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining([
        "keys.get",
        "keys.rotate",
        "keys.revoke",
        "users.remove",
        "webhooks.get",
        "webhooks.delete",
      ]),
    );
    for (const { path } of routes)
      for (const [, name = ""] of path.matchAll(/:(\w+)/g)) expect(foreign[name]).toBeDefined();
  });

  it.each(routes)("$operation: the same answer, and the same statements in the same order", async (route) => {
    const ofNobody = await asked(route, (name) => absent[name]?.() ?? "");
    const ofOther = await asked(route, foreignIdOf(route.operation));
    expect(ofNobody.statements.length).toBeGreaterThan(0);
    // Anybody may be made a member, also who is one elsewhere.
    expect(ofNobody.status).toBe(route.operation === "users.set" ? 200 : 404);
    expect(ofOther).toEqual(ofNobody);
  });

  it("no list of one tenant's shows anything of another's", async () => {
    for (const path of [
      "/v1/keys",
      "/v1/users",
      "/v1/audit",
      "/v1/webhooks",
      "/v1/webhook-deliveries",
      "/v1/upstream-key",
      "/v1/usage",
      "/v1/quota",
      "/v1/invoices",
      "/v1/tenant",
    ]) {
      const { status, body } = await owner(path, "GET", undefined);
      expect(status, path).toBe(200);
      const text = JSON.stringify(body);
      expect(text, path).not.toContain("canary-of-the-other-tenant");
      expect(text, path).not.toContain(other.id);
    }
  });

  it("and the other tenant still has all of it", async () => {
    const key = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const { body } = await key.get("/v1/keys", { tenant: other.id });
    const kept = (body["data"] as { id: string; revoked_at: string | null }[]).find(
      ({ id }) => id === foreign["keyId"],
    );
    expect(kept).toMatchObject({ revoked_at: null });
  });
});

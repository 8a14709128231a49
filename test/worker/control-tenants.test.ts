import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { TenantView } from "../../src/core/resources.ts";
import { books } from "../support/books.ts";
import { control, withoutRequestId, type Answered } from "../support/control.ts";
import { useGateway } from "../support/use-gateway.ts";

/** Far above what it takes: how soon is for other tests to say. */
const WITHIN = { timeout: 20_000 };

describe("tenants, as the operator keeps them", () => {
  const running = useGateway({ CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50" });
  let operator: ReturnType<typeof control>;
  beforeAll(() => {
    operator = control(running().gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");
  });

  const create = async (body: object = {}) => {
    const created = await operator.post("/v1/tenants", { body: { name: "Acme", ...body } });
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    return v.parse(TenantView, created.body);
  };
  const keyOf = async (tenant: string, body: object = {}) => {
    const issued = await operator.post("/v1/keys", { tenant, body });
    expect(issued.status, JSON.stringify(issued.body)).toBe(201);
    return { id: String(issued.body["id"]), key: String(issued.body["key"]) };
  };
  const audit = (tenantId: string) =>
    books(running().stack.database.url).query<{
      action: string;
      actor_kind: string;
      request_id: string;
      detail: object;
    }>("SELECT action, actor_kind, request_id, detail FROM app.audit_log WHERE tenant_id = $1 ORDER BY id", [tenantId]);

  it("begin on the platform's keys with the free plan's quotas", async () => {
    const tenant = await create();
    expect(tenant).toMatchObject({ plan: "free", key_mode: "shared", status: "active", cache_scope: "pool" });
    expect(tenant).toMatchObject({ daily_quota: 5_000, monthly_quota: 10_000, tiklive_key_last4: null });
    expect(v.parse(TenantView, (await operator.get(`/v1/tenants/${tenant.id}`)).body)).toEqual(tenant);
  });

  it("are listed in pages that miss none and repeat none, also when some are added in between", async () => {
    const made = [await create(), await create(), await create()].map(({ id }) => id);
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/tenants?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`;
      const page: Answered = await operator.get(path);
      expect(page.status).toBe(200);
      const data = v.parse(v.array(TenantView), page.body["data"]);
      expect(data.length).toBeLessThanOrEqual(2);
      listed.push(...data.map(({ id }) => id));
      cursor = page.body["next_cursor"] as string | null;
    } while (cursor !== null);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(expect.arrayContaining(made));
  });

  it("change their plan, and a trial ends with it", async () => {
    const { id } = await create({ trial_ends_at: "2030-01-01T00:00:00Z" });
    const { status, body } = await operator.patch(`/v1/tenants/${id}`, { body: { plan: "pro" } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      plan: "pro",
      trial_ends_at: null,
      monthly_quota: 250_000,
      daily_quota: null,
      pending: false,
    });
    const [, changed] = await audit(id);
    expect(changed).toMatchObject({ action: "tenant.update", actor_kind: "operator", detail: { plan: "pro" } });
  });

  it("whose trial is over get no data, and get it again with a plan", async () => {
    const { gateway } = running();
    const { id } = await create({ trial_ends_at: "2020-01-01T00:00:00Z" });
    const { key } = await keyOf(id);
    const refused = await gateway.get("/userid/?username=trial", { key });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: "https://tikedge.dev/problems/trial-ended" });
    await operator.patch(`/v1/tenants/${id}`, { body: { plan: "pro" } });
    await expect.poll(async () => (await gateway.get("/userid/?username=trial", { key })).status, WITHIN).toBe(200);
  });

  it("are suspended and resumed; what they asked for before is theirs", async () => {
    const { gateway } = running();
    const { id } = await create();
    const { key } = await keyOf(id);
    expect((await gateway.get("/userid/?username=held", { key })).status).toBe(200);
    expect((await operator.post(`/v1/tenants/${id}/suspend`)).body).toMatchObject({
      status: "suspended",
      pending: false,
    });
    await expect.poll(async () => (await gateway.get("/userid/?username=held", { key })).status, WITHIN).toBe(403);
    expect((await operator.post(`/v1/tenants/${id}/resume`)).body).toMatchObject({ status: "active" });
    await expect.poll(async () => (await gateway.get("/userid/?username=held", { key })).status, WITHIN).toBe(200);
    expect((await audit(id)).map(({ action }) => action)).toEqual([
      "tenant.create",
      "key.issue",
      "tenant.suspend",
      "tenant.resume",
    ]);
  });

  it("are deleted softly: their keys end, their snapshots go, their usage stays", async () => {
    const { gateway, stack } = running();
    const { query, events } = books(stack.database.url);
    const { id } = await create();
    const { key } = await keyOf(id);
    expect((await gateway.get("/userid/?username=leaving", { key })).status).toBe(200);
    await query(
      "INSERT INTO app.tiktok_user_snapshots (tenant_id, sec_uid, unique_id, follower_count) VALUES ($1, 's', 'u', 1)",
      [id],
    );
    await expect.poll(() => events(id), WITHIN).toHaveLength(1);
    const deleted = await operator.delete(`/v1/tenants/${id}`);
    expect(deleted.status).toBe(200);
    await expect.poll(async () => (await gateway.get("/userid/?username=leaving", { key })).status, WITHIN).toBe(401);
    expect(await query("SELECT FROM app.tiktok_user_snapshots WHERE tenant_id = $1", [id])).toEqual([]);
    expect(await events(id)).toHaveLength(1);
    expect((await operator.get(`/v1/tenants/${id}`)).status).toBe(404);
    expect((await operator.delete(`/v1/tenants/${id}`)).status).toBe(404);
    expect((await operator.get("/v1/keys", { tenant: id })).status).toBe(404);
    const log = await operator.get("/v1/audit?limit=1", { tenant: id });
    expect(log.body["data"], "who deleted it is told after it").toMatchObject([
      { action: "tenant.delete", subject: id },
    ]);
  });

  it.each([
    { wrong: "no body", body: undefined, named: "body" },
    { wrong: "no name", body: { plan: "free" }, named: "name" },
    { wrong: "an empty name", body: { name: "  " }, named: "name" },
    { wrong: "a name with a line break", body: { name: "a\nb" }, named: "name" },
    { wrong: "a plan that there is not", body: { name: "A", plan: "gold" }, named: "plan" },
    { wrong: "an id of the client's choice", body: { name: "A", id: randomUUID() }, named: "id" },
    { wrong: "a tenant of the client's choice", body: { name: "A", tenant_id: randomUUID() }, named: "tenant_id" },
    { wrong: "a status", body: { name: "A", status: "active" }, named: "status" },
    { wrong: "a prototype", body: '{"name":"A","__proto__":{"plan":"pro"}}', named: "__proto__" },
    { wrong: "a quota below zero", body: { name: "A", monthly_quota: -1 }, named: "monthly_quota" },
    { wrong: "a trial that ends some day", body: { name: "A", trial_ends_at: "soon" }, named: "trial_ends_at" },
  ])("are not created with $wrong, and the refusal names $named", async ({ body, named }) => {
    const { status, body: problem } = await operator.post("/v1/tenants", body === undefined ? {} : { body });
    expect(status).toBe(400);
    const names = (problem["invalid_parameters"] as { name: string }[]).map(({ name }) => name);
    expect(names).toContain(named);
  });

  it("a tenant cannot make itself more than it is", async () => {
    const { id } = await create();
    const { key } = await keyOf(id, { permissions: ["manage"] });
    const tenant = control(running().gateway, key);
    for (const body of [{ plan: "enterprise" }, { monthly_quota: 9 }, { status: "active" }, { region: "eu" }]) {
      const { status, body: problem } = await tenant.patch("/v1/tenant", { body });
      expect(status).toBe(400);
      expect(problem["invalid_parameters"]).toMatchObject([{ name: Object.keys(body)[0], reason: "is not known" }]);
    }
    expect((await tenant.patch("/v1/tenant", { body: { name: "Renamed" } })).body).toMatchObject({ name: "Renamed" });
  });

  it.each([
    { wrong: "a list", init: { body: [] }, status: 400 },
    { wrong: "no JSON", init: { body: "{", headers: { "content-type": "application/json" } }, status: 400 },
    { wrong: "another type", init: { body: "name=A", headers: { "content-type": "text/plain" } }, status: 415 },
    { wrong: "more than 16 KiB", init: { body: { name: "A".repeat(17_000) } }, status: 413 },
  ])("a body of $wrong is $status", async ({ init, status }) => {
    expect((await operator.post("/v1/tenants", init)).status).toBe(status);
  });

  it("an id that is none is 400, one that nothing has 404, a path that is none 404, another method 405", async () => {
    expect((await operator.get("/v1/tenants/7")).status).toBe(400);
    expect((await operator.get(`/v1/tenants/${randomUUID().toUpperCase()}`)).status).toBe(400);
    expect((await operator.get(`/v1/tenants/${randomUUID()}`)).status).toBe(404);
    expect((await operator.get("/v1/nothing")).status).toBe(404);
    const { status, headers } = await operator.put("/v1/tenants");
    expect(status).toBe(405);
    expect(headers.get("allow")).toBe("POST, GET");
  });

  describe("with an Idempotency-Key", () => {
    it("are created once, and a repeat gets the first outcome, marked", async () => {
      const headers = { "idempotency-key": randomUUID() };
      const first = await operator.post("/v1/tenants", { body: { name: "Once" }, headers });
      const second = await operator.post("/v1/tenants", { body: { name: "Once" }, headers });
      expect(first.status).toBe(201);
      expect(second.status).toBe(201);
      expect(second.body).toEqual({ ...first.body, replayed: true });
      expect(await audit(String(first.body["id"]))).toHaveLength(1);
    });

    it("another body under the same key is refused, and nothing is done", async () => {
      const headers = { "idempotency-key": randomUUID() };
      const first = await operator.post("/v1/tenants", { body: { name: "One" }, headers });
      const other = await operator.post("/v1/tenants", { body: { name: "Two" }, headers });
      expect(other.status).toBe(422);
      const path = `/v1/tenants/${String(first.body["id"])}`;
      expect((await operator.patch(path, { body: { name: "One" }, headers })).status, "another path").toBe(422);
    });

    it("eight requests at once act once", async () => {
      const headers = { "idempotency-key": randomUUID() };
      const all = await Promise.all(
        Array.from({ length: 8 }, () => operator.post("/v1/tenants", { body: { name: "Eight" }, headers })),
      );
      expect(all.map(({ status }) => status)).toEqual(Array(8).fill(201));
      expect(new Set(all.map(({ body }) => body["id"])).size).toBe(1);
      expect(all.filter(({ body }) => body["replayed"] !== true)).toHaveLength(1);
      expect(running().gateway.logs().join("\n"), "nobody is alarmed").not.toContain("unhandled");
    });

    it("a key is never shown a second time", async () => {
      const { id } = await create();
      const headers = { "idempotency-key": randomUUID() };
      const first = await operator.post("/v1/keys", { tenant: id, body: {}, headers });
      const second = await operator.post("/v1/keys", { tenant: id, body: {}, headers });
      const { key: _, ...withoutKey } = first.body;
      expect(second.body).toEqual({ ...withoutKey, replayed: true });
      const again = await operator.post("/v1/keys", { tenant: (await create()).id, body: {}, headers });
      expect(again.body["replayed"], "a key of another tenant's scope").toBeUndefined();
    });

    it("that is no key is refused", async () => {
      const { status } = await operator.post("/v1/tenants", {
        body: { name: "A" },
        headers: { "idempotency-key": "a b" },
      });
      expect(status).toBe(400);
    });
  });

  it("a mutation and its entry in the audit log are one: who, what, on what, and in which request", async () => {
    const created = await operator.post("/v1/tenants", { body: { name: "Noted" } });
    expect(await audit(String(created.body["id"]))).toMatchObject([
      { action: "tenant.create", actor_kind: "operator", request_id: created.headers.get("x-request-id") },
    ]);
    const read = await operator.get("/v1/audit", { tenant: String(created.body["id"]) });
    expect(read.body["data"]).toMatchObject([
      { action: "tenant.create", actor_kind: "operator", actor_id: "operator" },
    ]);
  });

  it("what the control plane says is kept by nobody", async () => {
    const { headers } = await operator.get("/v1/tenants");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(withoutRequestId(await operator.get("/v1/me"))).toEqual({ status: 200, body: { kind: "operator" } });
  });
});

import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/api-key.ts";
import { KeyView } from "../../src/core/resources.ts";
import { books } from "../support/books.ts";
import { storeSharedTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { useGateway } from "../support/use-gateway.ts";

const CALL = "/userid/?username=keys";
const ORIGIN = "https://app.example";

/** Far above what it takes: how soon is for other tests to say. */
const WITHIN = { timeout: 20_000 };

describe("gateway keys, as their tenant keeps them", () => {
  const running = useGateway({ CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50" });
  let operator: ReturnType<typeof control>;
  beforeAll(() => {
    operator = control(running().gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");
  });

  /** A tenant of its own with a key that manages. */
  const tenant = async () => {
    const { id } = await storeSharedTenant(running().stack, "pro");
    const issued = await operator.post("/v1/keys", { tenant: id, body: { permissions: ["manage"] } });
    expect(issued.status).toBe(201);
    return {
      id,
      manager: control(running().gateway, String(issued.body["key"])),
      managerId: String(issued.body["id"]),
    };
  };
  const status = async (key: string, call = CALL) => (await running().gateway.get(call, { key })).status;

  it("are shown once, and kept as a digest", async () => {
    const { id, manager } = await tenant();
    const { status: issued, body } = await manager.post("/v1/keys", { body: { name: "Server" } });
    expect(issued).toBe(201);
    const { key, ...view } = body;
    expect(v.parse(KeyView, view)).toMatchObject({
      kind: "secret",
      name: "Server",
      permissions: ["data"],
      endpoints: null,
    });
    expect(parseApiKey(String(key))).toEqual({ keyId: view["id"], kind: "secret" });
    expect(view["last4"]).toBe(String(key).slice(-4));
    expect(await status(String(key))).toBe(200);
    const secret = String(key).split("_")[3] ?? "";
    const said = [
      JSON.stringify(await manager.get("/v1/keys")),
      JSON.stringify(await manager.get(`/v1/keys/${String(view["id"])}`)),
      JSON.stringify(await operator.get("/v1/audit", { tenant: id })),
      ...(await books(running().stack.database.url).everything()),
    ].join("\n");
    expect(said).toContain(String(view["id"]));
    expect(said).not.toContain(secret);
  });

  it("say on which day they were last used", async () => {
    const { manager } = await tenant();
    const { body } = await manager.post("/v1/keys", { body: {} });
    const path = `/v1/keys/${String(body["id"])}`;
    expect((await manager.get(path)).body["last_used_on"]).toBeNull();
    const before = new Date().toISOString().slice(0, 10);
    await status(String(body["key"]));
    await expect.poll(async () => (await manager.get(path)).body["last_used_on"], WITHIN).not.toBeNull();
    const used = String((await manager.get(path)).body["last_used_on"]);
    expect(used >= before && used <= new Date().toISOString().slice(0, 10)).toBe(true);
  });

  it("are rotated with an overlap: both work, then the new one alone", async () => {
    const { manager } = await tenant();
    const first = await manager.post("/v1/keys", { body: { name: "Rotated", endpoints: ["/userid/"] } });
    const rotated = await manager.post(`/v1/keys/${String(first.body["id"])}/rotate`, { body: { overlap_minutes: 1 } });
    expect(rotated.status).toBe(201);
    expect(rotated.body).toMatchObject({ name: "Rotated", endpoints: ["/userid/"], pending: false });
    expect(rotated.body["id"]).not.toBe(first.body["id"]);
    expect(await status(String(first.body["key"]))).toBe(200);
    expect(await status(String(rotated.body["key"]))).toBe(200);
    const old = await manager.get(`/v1/keys/${String(first.body["id"])}`);
    const minutes = (Date.parse(String(old.body["expires_at"])) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(0);
    expect(minutes).toBeLessThanOrEqual(1);
    const again = await manager.post(`/v1/keys/${String(rotated.body["id"])}/rotate`, { body: { overlap_minutes: 0 } });
    expect(again.status).toBe(201);
    await expect.poll(() => status(String(rotated.body["key"])), WITHIN).toBe(401);
    expect(await status(String(again.body["key"]))).toBe(200);
    const ended = await manager.post(`/v1/keys/${String(rotated.body["id"])}/rotate`, { body: {} });
    expect(ended.status, "an ended key has nothing to hand on").toBe(409);
  });

  it("are revoked, and revoking again changes nothing", async () => {
    const { id, manager } = await tenant();
    const { body } = await manager.post("/v1/keys", { body: {} });
    expect(await status(String(body["key"]))).toBe(200);
    const revoked = await manager.delete(`/v1/keys/${String(body["id"])}`);
    expect(revoked.body).toMatchObject({ id: body["id"], pending: false });
    expect(revoked.body["revoked_at"]).not.toBeNull();
    await expect.poll(() => status(String(body["key"])), WITHIN).toBe(401);
    const again = await manager.delete(`/v1/keys/${String(body["id"])}`);
    expect(again.status).toBe(200);
    expect(again.body["revoked_at"]).toBe(revoked.body["revoked_at"]);
    const { body: log } = await operator.get("/v1/audit", { tenant: id });
    expect(log["data"]).toMatchObject([{ action: "key.revoke" }, { action: "key.revoke" }, { actor_kind: "key" }, {}]);
  });

  it("that manage can revoke themselves, and are then nobody", async () => {
    const { manager, managerId } = await tenant();
    expect((await manager.delete(`/v1/keys/${managerId}`)).status).toBe(200);
    await expect.poll(async () => (await manager.get("/v1/keys")).status, WITHIN).toBe(401);
  });

  it("reach the endpoints of their list alone", async () => {
    const { manager } = await tenant();
    const { body } = await manager.post("/v1/keys", { body: { endpoints: ["/userid/", "/region-list/"] } });
    expect(await status(String(body["key"]))).toBe(200);
    const refused = await running().gateway.get("/userinfo-by-username/?username=keys", { key: String(body["key"]) });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: "https://tikedge.dev/problems/endpoint-not-allowed" });
  });

  it("for browsers work from the pages of their origins, and from nowhere else", async () => {
    const { gateway } = running();
    const { manager } = await tenant();
    const { status: issued, body } = await manager.post("/v1/keys", {
      body: { kind: "publishable", origins: [ORIGIN], endpoints: ["/userid/"], daily_requests: 50 },
    });
    expect(issued).toBe(201);
    expect(body).toMatchObject({ kind: "publishable", permissions: ["data"], origins: [ORIGIN], daily_requests: 50 });
    const from = (origin: string) => gateway.get(CALL, { key: String(body["key"]), headers: { origin } });
    const home = await from(ORIGIN);
    expect(home.status).toBe(200);
    expect(home.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    const elsewhere = await from("https://app.example.evil");
    expect(elsewhere.status).toBe(403);
    expect(elsewhere.headers.get("access-control-allow-origin")).toBeNull();
    expect((await control(gateway, String(body["key"])).get("/v1/keys")).status).toBe(403);
    const asked = { method: "OPTIONS", headers: { origin: ORIGIN, "access-control-request-method": "POST" } };
    const preflight = await gateway.get("/v1/keys", asked);
    expect(preflight.ok, "no page manages keys").toBe(false);
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  });

  it.each([
    { wrong: "a right that there is not", body: { permissions: ["admin"] }, named: "permissions.0" },
    { wrong: "no right", body: { permissions: [] }, named: "permissions" },
    { wrong: "an endpoint that there is not", body: { endpoints: ["/v1/keys"] }, named: "endpoints.0" },
    { wrong: "no endpoint", body: { endpoints: [] }, named: "endpoints" },
    { wrong: "an id of the client's choice", body: { id: "000000000000" }, named: "id" },
    { wrong: "origins on a secret key", body: { origins: [ORIGIN] }, named: "origins" },
    {
      wrong: "an origin with a path",
      body: { kind: "publishable", endpoints: ["/userid/"], origins: [`${ORIGIN}/`] },
      named: "origins.0",
    },
    { wrong: "any origin", body: { kind: "publishable", endpoints: ["/userid/"], origins: ["*"] }, named: "origins.0" },
    {
      wrong: "rights on a publishable key",
      body: { kind: "publishable", endpoints: ["/userid/"], origins: [ORIGIN], permissions: ["manage"] },
      named: "permissions",
    },
    {
      wrong: "a publishable key for every endpoint",
      body: { kind: "publishable", origins: [ORIGIN] },
      named: "endpoints",
    },
    { wrong: "an end that is no time", body: { expires_at: "tomorrow" }, named: "expires_at" },
  ])("are not issued with $wrong, and the refusal names it", async ({ body, named }) => {
    const { manager } = await tenant();
    const { status: refused, body: problem } = await manager.post("/v1/keys", { body });
    expect(refused, JSON.stringify(problem)).toBe(400);
    expect((problem["invalid_parameters"] as { name: string }[]).map(({ name }) => name)).toContain(named);
  });

  it("of another tenant are as absent as those of nobody", async () => {
    const [{ manager }, other] = [await tenant(), await tenant()];
    for (const keyId of [other.managerId, "000000000000"]) {
      expect((await manager.get(`/v1/keys/${keyId}`)).status).toBe(404);
      expect((await manager.delete(`/v1/keys/${keyId}`)).status).toBe(404);
      expect((await manager.post(`/v1/keys/${keyId}/rotate`, { body: {} })).status).toBe(404);
    }
    expect((await other.manager.get("/v1/keys")).status).toBe(200);
    expect((await manager.get(`/v1/keys/${randomUUID()}`)).status).toBe(400);
  });

  it("are listed in pages", async () => {
    const { manager } = await tenant();
    for (let at = 0; at < 4; at += 1) await manager.post("/v1/keys", { body: { name: `Key ${at}` } });
    const first = await manager.get("/v1/keys?limit=3");
    const second = await manager.get(`/v1/keys?limit=3&cursor=${String(first.body["next_cursor"])}`);
    const ids = [...(first.body["data"] as KeyView[]), ...(second.body["data"] as KeyView[])].map(({ id }) => id);
    expect(ids).toHaveLength(6);
    expect(new Set(ids).size).toBe(6);
    expect(second.body["next_cursor"]).toBeNull();
    expect((await manager.get("/v1/keys?limit=0")).status).toBe(400);
    expect((await manager.get("/v1/keys?order=name")).status).toBe(400);
  });
});

import { beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { control } from "../support/control.ts";
import { useGateway } from "../support/use-gateway.ts";

const GOOD_KEY = "a-key-that-a-tenant-bought";
const BAD_KEY = "a-key-with-a-typo-in-it";

/** Far above what it takes: how soon is for other tests to say. */
const WITHIN = { timeout: 20_000 };

/** The three ways to hold an upstream key, as one tenant walks through them over HTTP. */
describe("a tenant signs up, upgrades, brings its key, and leaves it again", () => {
  const running = useGateway({ CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50" });
  let operator: ReturnType<typeof control>;
  let tenantId = "";
  let apiKey = "";
  let manager: ReturnType<typeof control>;

  beforeAll(async () => {
    const { stack, gateway, upstream } = running();
    operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    await upstream.setKey({ key: GOOD_KEY, state: "active", credits: null, downloadTier: true });
  });

  const payers = async () =>
    (await books(running().stack.database.url).events(tenantId)).map(({ endpoint, outcome, upstream_key_id }) => ({
      endpoint,
      outcome,
      platform: upstream_key_id.startsWith("platform-"),
    }));
  const ask = (name: string) => running().gateway.get(`/userid/?username=${name}`, { key: apiKey });

  it("signs up: one call makes the tenant, one its key, and data flows on the platform's key", async () => {
    const signedUp = await operator.post("/v1/tenants", {
      body: { name: "Agency", trial_ends_at: "2099-01-01T00:00:00Z" },
    });
    tenantId = String(signedUp.body["id"]);
    expect(signedUp.body).toMatchObject({ plan: "free", key_mode: "shared", daily_quota: 5_000 });
    const issued = await operator.post("/v1/keys", {
      tenant: tenantId,
      body: { permissions: ["data", "refresh", "manage"] },
    });
    apiKey = String(issued.body["key"]);
    manager = control(running().gateway, apiKey);
    expect((await ask("onshared")).status).toBe(200);
    await expect.poll(payers, WITHIN).toEqual([{ endpoint: "/userid/", outcome: "success", platform: true }]);
  });

  it("may not bring a key on the free plan, and is told why", async () => {
    const { calls } = running().upstream;
    const before = await calls();
    const { status, body } = await manager.put("/v1/upstream-key", { body: { key: GOOD_KEY } });
    expect(status).toBe(409);
    expect(body["detail"]).toMatch(/plan/);
    expect(await calls(), "nothing was probed").toBe(before);
  });

  it("upgrades, and still runs on the platform's key", async () => {
    const upgraded = await operator.patch(`/v1/tenants/${tenantId}`, { body: { plan: "pro" } });
    expect(upgraded.body).toMatchObject({ plan: "pro", key_mode: "shared", trial_ends_at: null });
    expect((await ask("onshared")).status).toBe(200);
  });

  it("pastes a bad key: refused with what it cost, and nothing changes", async () => {
    const { status, body } = await manager.put("/v1/upstream-key", { body: { key: BAD_KEY } });
    expect(status).toBe(422);
    expect(body["type"]).toBe("https://tikedge.dev/problems/upstream-key-rejected");
    expect(JSON.stringify(body)).not.toContain(BAD_KEY);
    const state = await manager.get("/v1/upstream-key");
    expect(state.body).toMatchObject({ mode: "shared", active: null });
    expect(state.body["versions"]).toMatchObject([{ version: 1, status: "invalid", reason: "rejected" }]);
    expect((await ask("afterbad")).status).toBe(200);
  });

  it("pastes a good one: probed, swapped, and the next call is paid with it", async () => {
    const { status, body } = await manager.put("/v1/upstream-key", { body: { key: GOOD_KEY } });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({
      active: { version: 2, status: "active", last4: GOOD_KEY.slice(-4), download_tier: true },
      previous: null,
      credits_charged: 2,
      pending: false,
    });
    expect((body["probes"] as { endpoint: string }[]).map(({ endpoint }) => endpoint)).toEqual([
      "/userid/",
      "/post-detail/",
    ]);
    await expect.poll(async () => (await manager.get("/v1/tenant")).body["key_mode"], WITHIN).toBe("byo");
    expect((await manager.get("/v1/tenant")).body).toMatchObject({
      cache_scope: "tenant",
      tiklive_key_last4: GOOD_KEY.slice(-4),
      monthly_quota: null,
    });
    await expect
      .poll(async () => {
        await ask(`own${Math.floor(performance.now())}`);
        return (await payers()).some(
          ({ platform, outcome, endpoint }) => !platform && outcome === "success" && endpoint === "/userid/",
        );
      })
      .toBe(true);
  });

  it("downgrades: back on the platform's key with the free quota, without a gap", async () => {
    const statuses: number[] = [];
    const enough = new AbortController();
    const asking = (async () => {
      for (let at = 0; !enough.signal.aborted; at += 1) statuses.push((await ask(`during${at}`)).status);
    })();
    const downgraded = await operator.patch(`/v1/tenants/${tenantId}`, { body: { plan: "free" } });
    expect(downgraded.body).toMatchObject({
      plan: "free",
      key_mode: "shared",
      tiklive_key_last4: null,
      daily_quota: 5_000,
    });
    await expect.poll(() => statuses.length, WITHIN).toBeGreaterThan(10);
    enough.abort();
    await asking;
    expect(new Set(statuses)).toEqual(new Set([200]));
    const { body } = await manager.get("/v1/upstream-key");
    expect(body).toMatchObject({ mode: "shared", allowed: false, active: null });
    expect(body["versions"]).toMatchObject([{ version: 2, status: "retired" }, { version: 1 }]);
  });

  it("leaves an account of all that behind", async () => {
    const { body } = await operator.get("/v1/audit", { tenant: tenantId });
    const actions = (body["data"] as { action: string }[]).map(({ action }) => action).toReversed();
    expect(actions[0]).toBe("tenant.create");
    expect(actions).toContain("key.issue");
    expect(actions.filter((action) => action === "tenant.update")).toHaveLength(2);
    expect(actions.some((action) => action.startsWith("upstream-key."))).toBe(true);
    const everything = (await books(running().stack.database.url).everything()).join("\n");
    for (const secret of [GOOD_KEY, BAD_KEY]) expect(everything).not.toContain(secret);
  });
});

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { redisFaults } from "../support/redis-faults.ts";
import { useGateway } from "../support/use-gateway.ts";

const CONFIRM_MS = 100;

describe("purging", () => {
  const running = useGateway({ CONFIRM_MS: String(CONFIRM_MS), CONFIRM_AFTER_MS: "50" });
  let operator: ReturnType<typeof control>;
  let tenant: ReturnType<typeof control>;
  let other: { readonly id: string; readonly apiKey: string };
  beforeAll(async () => {
    const { stack, gateway, shared } = running();
    operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    tenant = control(gateway, shared);
    other = await storeSharedTenant(stack, "enterprise");
  });

  const tenantId = () => running().stack.tenant("shared").id;
  /** Where an answer came from: `memory`, `colo`, `redis`, `swr`, `derived` or `fetched`. */
  const from = async (path: string, key = running().shared) => {
    const response = await running().gateway.get(path, { key });
    expect(response.status, await response.text()).toBe(200);
    const status = response.headers.get("cache-status") ?? "";
    return /detail=(\w+)/.exec(status)?.[1] ?? (status.includes("fwd=") ? "fetched" : status);
  };
  /** In Redis, and in memory here. */
  const kept = async (...paths: readonly string[]) => {
    for (const path of paths) {
      await from(path);
      await eventually(async () => expect(["memory", "derived"]).toContain(await from(path)));
    }
  };
  const soon = (of: () => Promise<string>, is: string) => eventually(async () => expect(await of()).toBe(is));
  const purge = async (by: ReturnType<typeof control>, body: object, named: { tenant?: string } = {}) => {
    const purged = await by.post("/v1/cache/purge", { body, ...named });
    expect(purged).toMatchObject({ status: 200, body: { pending: false } });
    return purged.body;
  };
  const acts = (of: string) =>
    books(running().stack.database.url).query(
      "SELECT actor_kind, action, subject, detail FROM app.audit_log WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1",
      [of],
    );

  it("of a tenant in a pool is for itself alone: it pays for a new answer, and the others keep theirs", async () => {
    const path = "/userinfo-by-username/?username=purged.alone";
    await kept(path);
    expect(await from(path, other.apiKey)).toBe("memory");
    expect(await purge(tenant, { path: "/userinfo-by-username/?username=@Purged.Alone" })).toMatchObject({
      purged: [path],
      mode: "hard",
      scope: `tenant:${tenantId()}`,
    });
    const { upstream } = running();
    const calls = await upstream.calls();
    for (let times = 0; times < 5; times += 1) expect(await from(path, other.apiKey)).toBe("memory");
    expect(await upstream.calls()).toBe(calls);
    expect(await from(path), "the isolate that purged knows at once").toBe("fetched");
    await soon(() => from(path), "memory");
    expect(await upstream.calls(), "the pool has gained the new one").toBe(calls + 1);
    expect(await from(path, other.apiKey)).toBe("memory");
  });

  it("is noted for the tenant, with who did it and what", async () => {
    await purge(tenant, { subject: "music:7", mode: "soft" });
    const detail = { purged: ["music:7"], mode: "soft", scope: `tenant:${tenantId()}` };
    expect(await acts(tenantId())).toMatchObject([{ actor_kind: "key", action: "cache.purge", detail }]);
  });

  it("of the operator's is for a whole pool, and noted for the platform", async () => {
    const path = "/challenge-info-name/?name=purged.for.all";
    await kept(path);
    const purged = await purge(operator, { path, region: "default" });
    expect(purged).toMatchObject({ purged: [path], scope: "pool:default" });
    await soon(() => from(path, other.apiKey), "fetched");
    await soon(() => from(path), "memory");
    expect(await acts("00000000-0000-0000-0000-000000000000")).toMatchObject([
      { actor_kind: "operator", action: "cache.purge", subject: "pool:default" },
    ]);
  });

  it("of the operator's in another region leaves this one alone", async () => {
    const path = "/challenge-info-name/?name=kept.here";
    await kept(path);
    await purge(operator, { everything: true, region: "eu" });
    await new Promise((resolve) => setTimeout(resolve, 3 * CONFIRM_MS));
    expect(await from(path)).toBe("memory");
  });

  it("of the operator's for a tenant is the tenant's own", async () => {
    const path = "/challenge-info-name/?name=on.behalf";
    await kept(path);
    await from(path, other.apiKey);
    expect(await purge(operator, { path }, { tenant: other.id })).toMatchObject({ scope: `tenant:${other.id}` });
    await soon(() => from(path, other.apiKey), "fetched");
    expect(await from(path)).toBe("memory");
  });

  it("by subject takes everything that asks about it, under both of its names, and says which", async () => {
    const byName = "/userinfo-by-username/?username=tiktok";
    const byId = "/user-posts/?userid=107955";
    const unasked = "/user-posts/?userid=42";
    await kept(byName, byId, unasked);
    const { purged } = await purge(operator, { subject: "user:107955", region: "default" });
    expect(purged).toEqual(["user:107955", "user:@tiktok"]);
    await soon(() => from(byId), "fetched");
    expect(await from(byName)).toBe("fetched");
    expect(await from(unasked)).toBe("memory");
  });

  it("of everything leaves every answer of the scope behind, and nobody else's", async () => {
    const { byo } = running();
    const paths = ["/userid/?username=left.behind", "/user-posts/?userid=43"];
    await kept(...paths);
    for (const path of paths) await from(path, byo);
    await soon(() => from(paths[0] ?? "", byo), "memory");
    await purge(operator, { everything: true, region: "default" });
    for (const path of paths) await soon(() => from(path), "fetched");
    for (const path of paths) expect(await from(path, byo)).toBe("memory");
  });

  it("of a tenant with answers of its own takes these, for all of its keys", async () => {
    const { gateway, stack, byo } = running();
    const path = "/challenge-info-name/?name=own.answers";
    const again = await storeKey(stack, { tenantId: stack.tenant("byo").id });
    await from(path, byo);
    await soon(() => from(path, again), "memory");
    const { scope } = await purge(control(gateway, byo), { subject: "challenge:#own.answers" });
    expect(scope).toBe(`tenant:${stack.tenant("byo").id}`);
    await soon(() => from(path, again), "fetched");
  });

  it("takes the answers of both tiers where bodies carry media links", async () => {
    const { stack, byo } = running();
    const path = "/post-detail/?url=https://www.tiktok.com/@a/video/7300000000000000001";
    const cacheScope = (of: string) =>
      operator.patch("/v1/tenant", { tenant: stack.tenant("byo").id, body: { cache_scope: of } });
    // In the pool a tenant whose own key gets no links has answers of its own tier.
    await books(stack.database.url).query("UPDATE app.upstream_keys SET download_tier = $1", [false]);
    await cacheScope("pool");
    await kept(path);
    await soon(() => from(path, byo), "fetched");
    await soon(() => from(path, byo), "memory");
    await purge(operator, { path, region: "default" });
    await soon(() => from(path), "fetched");
    expect(await from(path, byo)).toBe("fetched");
    await books(stack.database.url).query("UPDATE app.upstream_keys SET download_tier = $1", [true]);
    await cacheScope("tenant");
  });

  it("softly serves on what there is, once more for each who asks, while one new answer is fetched behind it", async () => {
    const { upstream } = running();
    const path = "/challenge-info-name/?name=softly";
    await kept(path);
    const calls = await upstream.calls();
    await purge(operator, { path, mode: "soft", region: "default" });
    await soon(() => from(path), "swr");
    await soon(() => from(path), "memory");
    expect(await upstream.calls()).toBe(calls + 1);
  });

  it("happens once under an Idempotency-Key, and the repeat gets the first outcome", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = { subject: "music:8" };
    const first = await tenant.post("/v1/cache/purge", { body, headers });
    const again = await tenant.post("/v1/cache/purge", { body, headers });
    expect(again).toMatchObject({ status: 200, body: { ...first.body, replayed: true } });
    const other = await tenant.post("/v1/cache/purge", { body: { subject: "music:9" }, headers });
    expect(other.status).toBe(422);
  });

  it.each([
    { body: {}, named: "body", because: "nothing is named" },
    { body: { subject: "user:1", everything: true }, named: "body", because: "two things are" },
    { body: { everything: false }, named: "everything", because: "that would be nothing" },
    { body: { path: "/userid" }, named: "path", because: "there is no such endpoint" },
    { body: { path: "/userid/?user=tiktok" }, named: "user", because: "no call has this parameter" },
    { body: { path: "/userid/" }, named: "username", because: "the call lacks its parameter" },
    {
      body: { path: "/download-music/?url=https://www.tiktok.com/@a/video/1" },
      named: "path",
      because: "downloads are never kept",
    },
    { body: { subject: "tiktok" }, named: "subject", because: "it names no kind of thing" },
    { body: { subject: "user:1", mode: "gentle" }, named: "mode", because: "there is no such mode" },
    { body: { subject: "user:1", scope: "pool:default" }, named: "scope", because: "nobody chooses whose answers" },
    { body: { subject: "user:1", region: "default" }, named: "region", because: "a tenant purges what it reads" },
  ])("is refused as $body, by name: $because", async ({ body, named }) => {
    const refused = await tenant.post("/v1/cache/purge", { body });
    expect(refused.status).toBe(400);
    const names = (refused.body["invalid_parameters"] as { name: string }[]).map(({ name }) => name);
    expect(names).toContain(named);
  });

  it("of a pool names its region", async () => {
    const refused = await operator.post("/v1/cache/purge", { body: { everything: true } });
    expect(refused).toMatchObject({ status: 400, body: { invalid_parameters: [{ name: "region" }] } });
  });

  it("while Redis is down is 503, and nothing is purged or noted", async () => {
    const { stack } = running();
    const path = "/challenge-info-name/?name=kept.through";
    await kept(path);
    const before = await acts(tenantId());
    const redis = redisFaults(stack);
    await redis.set({ kind: "down" });
    try {
      const refused = await tenant.post("/v1/cache/purge", { body: { path } });
      expect(refused.status).toBe(503);
      expect(refused.headers.get("retry-after")).not.toBeNull();
    } finally {
      await redis.heal();
    }
    expect(await acts(tenantId())).toEqual(before);
    await soon(() => from(path), "memory");
  });
});

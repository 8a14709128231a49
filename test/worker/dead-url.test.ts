import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeKey } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { redisFaults } from "../support/redis-faults.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOUR_MS = 3_600_000;
const DONE_ALREADY = { evicted: false, refetched: false, credits_charged: 0 };

describe("a report of a dead media URL", () => {
  const running = useGateway();
  let posts = 7_300_000_000_000_000_100n;
  let reporter: ReturnType<typeof control>;
  beforeAll(async () => {
    const { stack, gateway } = running();
    reporter = control(gateway, await storeKey(stack, { tenantId: stack.tenant("shared").id, permissions: ["data"] }));
  });

  const linkIn = async (path: string, key = running().shared) => {
    const response = await running().gateway.get(path, { key });
    const { play } = await response.json<{ play: string }>();
    return { play, cacheStatus: response.headers.get("cache-status") ?? "" };
  };
  /** A post with a link that the upstream has replaced by another, an hour later. */
  const withDeadLink = async () => {
    const { upstream } = running();
    for (;;) {
      posts += 1n;
      const path = `/post-detail/?url=https://www.tiktok.com/@a/video/${posts}`;
      const { play } = await linkIn(path);
      // One in eight has pictures.
      if (play === "") continue;
      await upstream.setClock({ advanceMs: HOUR_MS });
      return { path, url: play };
    }
  };
  const report = async (body: object, by = reporter, headers: Readonly<Record<string, string>> = {}) =>
    by.post("/v1/cache/report-dead-url", { body, headers });

  it("brings a new answer at the price that it says, and again it costs nothing", async () => {
    const { upstream } = running();
    const dead = await withDeadLink();
    const before = await upstream.calls();
    expect(await report(dead)).toMatchObject({
      status: 200,
      body: { evicted: true, refetched: true, credits_charged: 1 },
    });
    for (let times = 0; times < 3; times += 1)
      expect(await report(dead)).toMatchObject({ status: 200, body: DONE_ALREADY });
    expect(await upstream.calls()).toBe(before + 1);
    const { play, cacheStatus } = await linkIn(dead.path);
    expect(play).not.toBe(dead.url);
    expect(cacheStatus).toContain("hit");
  });

  it("is noted with what it cost", async () => {
    const { stack } = running();
    const dead = await withDeadLink();
    await report(dead);
    const [act] = await books(stack.database.url).query(
      "SELECT action, detail FROM app.audit_log WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1",
      [stack.tenant("shared").id],
    );
    const detail = { path: dead.path, refetched: true, credits_charged: 1 };
    expect(act).toMatchObject({ action: "cache.report-dead-url", detail });
  });

  it("gets its first outcome again under an Idempotency-Key", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const dead = await withDeadLink();
    const first = await report(dead, reporter, headers);
    expect(await report(dead, reporter, headers)).toMatchObject({ body: { ...first.body, replayed: true } });
  });

  it.each([
    { body: { path: "/userid/?username=tiktok" }, named: "path", because: "its answers carry no media" },
    {
      body: { path: "/download-video/?url=https://www.tiktok.com/@a/video/1" },
      named: "path",
      because: "it keeps none",
    },
    { body: { path: "/post-detail/?url=https://elsewhere.example" }, named: "url", because: "it is no call" },
    { body: { path: "/region-list/", tier: "download" }, named: "tier", because: "nobody chooses whose answer it is" },
  ])("is refused as $body, by name: $because", async ({ body, named }) => {
    const refused = await report({ url: "https://cdn.example/a.mp4", ...body });
    expect(refused.status).toBe(400);
    const names = (refused.body["invalid_parameters"] as { name: string }[]).map(({ name }) => name);
    expect(names).toContain(named);
  });

  it.each([
    { who: "may read no data", row: { permissions: ["refresh"] as const }, problem: "forbidden" },
    { who: "may not ask this endpoint", row: { endpoints: ["/userid/"] }, problem: "endpoint-not-allowed" },
    {
      who: "is on a page",
      row: { kind: "publishable" as const, origins: ["https://app.example"], endpoints: ["/post-detail/"] },
      problem: "forbidden",
    },
  ])("of a key that $who is refused, because it would spend", async ({ row, problem }) => {
    const { stack, gateway, upstream } = running();
    const dead = await withDeadLink();
    const before = await upstream.calls();
    const key = await storeKey(stack, { tenantId: stack.tenant("shared").id, ...row });
    const refused = await report(dead, control(gateway, key));
    expect(refused.status).toBe(403);
    expect(refused.body["type"]).toContain(problem);
    expect(await upstream.calls()).toBe(before);
  });

  it("of a tenant whose trial is over spends nothing, whoever acts for it", async () => {
    const { stack, gateway } = running();
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const tenant = stack.tenant("byo").id;
    const trial = (ends: string | null) =>
      books(stack.database.url).query("UPDATE app.tenants SET trial_ends_at = $2 WHERE id = $1", [tenant, ends]);
    await trial("2020-01-01T00:00:00Z");
    const body = { path: "/post-detail/?url=https://www.tiktok.com/@a/video/1", url: "https://cdn.example/a.mp4" };
    const refused = await operator.post("/v1/cache/report-dead-url", { body, tenant });
    expect(refused).toMatchObject({ status: 403, body: { type: expect.stringContaining("trial-ended") } });
    await trial(null);
  });

  it("while Redis is down is 503: nobody knows what the answer is", async () => {
    const dead = await withDeadLink();
    const redis = redisFaults(running().stack);
    await redis.set({ kind: "down" });
    try {
      expect((await report(dead)).status).toBe(503);
    } finally {
      await redis.heal();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

type ProblemBody = { type: string; title: string; status: number; detail?: string; request_id?: string } & Record<
  string,
  unknown
>;

describe("every refusal names what is wrong, costs nothing and reaches nobody", () => {
  const running = useGateway();

  const refused = async (path: string, init: RequestInit & { key?: string }) => {
    const { gateway, upstream } = running();
    const before = await upstream.calls();
    const response = await gateway.get(path, init);
    const body = await response.json<ProblemBody>();
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-credits-charged")).toBeNull();
    expect(body.status).toBe(response.status);
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await upstream.calls()).toBe(before);
    return { response, body };
  };

  it.each([
    { path: "/nothing/?x=1", because: "no such endpoint" },
    { path: "/userid?username=tiktok", because: "the slash is missing" },
    { path: "/USERID/?username=tiktok", because: "paths have a case" },
    { path: "/userid%2F?username=tiktok", because: "an encoded slash is no slash" },
    { path: "//userid/?username=tiktok", because: "the upstream has no such path" },
    { path: "/constructor/", because: "prototypes have no endpoints" },
  ])("404 for $path: $because", async ({ path }) => {
    const { response, body } = await refused(path, { key: running().shared });
    expect(response.status).toBe(404);
    expect(body.detail).toBeTruthy();
  });

  it("points at the slash when that is all that is missing", async () => {
    const { body } = await refused("/userid?username=tiktok", { key: running().shared });
    expect(body.detail).toContain("/userid/");
  });

  it.each([
    { path: "/userid/", name: "username", because: "it is missing" },
    { path: "/userid/?username=", name: "username", because: "empty equals missing" },
    { path: "/userid/?username=a&username=b", name: "username", because: "it is repeated" },
    { path: "/userid/?username=a&evil=1", name: "evil", because: "it is unknown" },
    { path: "/userid/?username=a%20b", name: "username", because: "no handle has a space" },
    { path: "/userid/?username=%ff", name: "username", because: "it is no UTF-8" },
    { path: "/userinfo-by-id/?userid=12x", name: "userid", because: "it is no number" },
    { path: "/userinfo-by-id/?userid=123456789012345678901", name: "userid", because: "it is too long" },
    { path: "/user-posts/?userid=1&count=-1", name: "count", because: "it is negative" },
    { path: "/user-posts/?userid=1&count=1e3", name: "count", because: "it is no whole number" },
    { path: "/search-video/?keyword=a&sort_by=7", name: "sort_by", because: "there is no such order" },
    { path: "/search-video/?keyword=a&region=usa", name: "region", because: "regions have two letters" },
    { path: "/post-detail/?url=https://evil.example/@a/video/1", name: "url", because: "it is not TikTok's" },
    {
      path: "/post-detail/?url=https://tiktok.com.evil.example/@a/video/1",
      name: "url",
      because: "it only looks like TikTok's",
    },
    { path: "/post-detail/?url=https://user@www.tiktok.com/@a/video/1", name: "url", because: "it carries a user" },
    { path: "/post-detail/?url=javascript:alert(1)", name: "url", because: "it is no web address" },
    { path: "/userid/?__proto__=1&username=a", name: "__proto__", because: "it is unknown" },
  ])("400 for $path, naming $name: $because", async ({ path, name }) => {
    const { response, body } = await refused(path, { key: running().shared });
    expect(response.status).toBe(400);
    expect(body.invalid_parameters).toContainEqual({ name, reason: expect.any(String) });
  });

  it("gives every kind of wrong key the same 401, so that nobody learns which part was right", async () => {
    const { stack, shared: key } = running();
    const flipped = key.slice(0, -1) + (key.endsWith("a") ? "b" : "a");
    const unknown = "tke_live_000000000000_00000000000000000000000000000000_000000";
    const wrong: RequestInit[] = [
      {},
      { headers: { "x-api-key": "" } },
      { headers: { "x-api-key": "nonsense" } },
      { headers: { "x-api-key": flipped } },
      { headers: { "x-api-key": unknown } },
      { headers: { "x-api-key": `${key}, ${key}` } },
      { headers: { "x-api-key": key, authorization: `Bearer ${key}` } },
      { headers: { authorization: `Basic ${key}` } },
      { headers: { "x-api-key": stack.settings["ADMIN_TOKEN"] ?? "" } },
      { headers: { authorization: `Bearer ${stack.settings["ADMIN_TOKEN"]}` } },
    ];
    const bodies = new Set<string>();
    for (const init of wrong) {
      const { response, body } = await refused("/userid/?username=tiktok", init);
      expect(response.status).toBe(401);
      const { request_id: _, ...rest } = body;
      bodies.add(JSON.stringify(rest));
    }
    expect(bodies.size).toBe(1);
  });

  it("bounds requests without a valid key by address, and goes on serving valid keys from there", async () => {
    const { gateway, shared: key } = running();
    const headers = { "cf-connecting-ip": "203.0.113.99" };
    const statuses = new Set<number>();
    // More than twice the limit: the local runtime counts by the minute, and one may end meanwhile.
    for (let round = 0; round < 26; round++) {
      const burst = Array.from({ length: 50 }, () =>
        gateway.get("/userid/?username=tiktok", { key: "nonsense", headers }),
      );
      for (const response of await Promise.all(burst)) statuses.add(response.status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
    expect((await gateway.get("/userid/?username=tiktok", { key, headers })).status).toBe(200);
  });

  it("takes the key as a bearer token too", async () => {
    const { gateway, shared: key } = running();
    const response = await gateway.get("/userid/?username=bearer", { headers: { authorization: `Bearer ${key}` } });
    expect(response.status).toBe(200);
  });

  it("refuses a suspended tenant by name of the reason", async () => {
    const { stack } = running();
    const suspended = stack.tenants.find(({ name }) => name === "Lapsed");
    const { response, body } = await refused("/userid/?username=tiktok", { key: suspended?.apiKey ?? "" });
    expect(response.status).toBe(403);
    expect(body.type).toContain("tenant-suspended");
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])("405 for %s, with what is allowed", async (method) => {
    const { response } = await refused("/userid/?username=tiktok", { method, key: running().shared });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  it("answers OPTIONS with what is allowed", async () => {
    const { gateway } = running();
    const response = await gateway.get("/userid/", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  it("414 for an over-long URL", async () => {
    const { shared: key } = running();
    const { response } = await refused(`/userid/?username=${"a".repeat(5_000)}`, { key });
    expect(response.status).toBe(414);
  });

  it("answers HEAD as GET without a body, from the same entry", async () => {
    const { gateway, shared: key } = running();
    const path = "/userid/?username=headed";
    const head = await gateway.get(path, { method: "HEAD", key });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    expect(head.headers.get("x-credits-charged")).toBe("1");
    const get = await gateway.get(path, { key });
    expect(get.headers.get("cache-status")).toContain("tikedge; hit");
    expect(get.headers.get("etag")).toBe(head.headers.get("etag"));
  });

  it("answers a refusal to HEAD without a body too", async () => {
    const { gateway, shared: key } = running();
    const response = await gateway.get("/nothing/", { method: "HEAD", key });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("");
  });

  it("304 for the validator that it gave out, with what a 304 repeats", async () => {
    const { gateway, shared: key } = running();
    const path = "/userid/?username=validated";
    const first = await gateway.get(path, { key });
    const etag = first.headers.get("etag") ?? "";
    const again = await gateway.get(path, { key, headers: { "if-none-match": `"other", W/${etag}` } });
    expect(again.status).toBe(304);
    for (const field of ["etag", "cache-control", "vary"]) expect(again.headers.get(field)).toBeTruthy();
  });
});

describe("over the rate", () => {
  let stack: Stack;
  let gateway: Gateway;

  beforeAll(async () => {
    stack = await startStack();
    const { Client } = await import("pg");
    const client = new Client({ connectionString: stack.database.url });
    await client.connect();
    await client.query("UPDATE app.plans SET burst_capacity = 3, burst_refill_per_second = 1 WHERE name = 'free'");
    await client.end();
    gateway = await startGateway(stack);
  });
  afterAll(async () => {
    await gateway.close();
    await stack.close();
  });

  it("429 with Retry-After and the policy, by the plan's figures in Postgres", async () => {
    const key = stack.tenants.find(({ plan }) => plan === "free")?.apiKey ?? "";
    const responses = await Promise.all(
      Array.from({ length: 12 }, () => gateway.get("/userid/?username=tiktok", { key })),
    );
    const refusals = responses.filter(({ status }) => status === 429);
    expect(responses.some(({ status }) => status === 200)).toBe(true);
    expect(refusals.length).toBeGreaterThan(0);
    const [refusal] = refusals;
    expect(Number(refusal?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    const body = await refusal?.json<ProblemBody>();
    expect(body?.type).toBe("https://iana.org/assignments/http-problem-types#quota-exceeded");
    expect(body?.["violated-policies"]).toEqual(["burst"]);
  });
});

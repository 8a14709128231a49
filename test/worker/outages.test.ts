import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Settings, type Stack } from "../support/gateway.ts";
import { upstreamControl } from "../support/upstream-control.ts";

const CALL = "/userid/?username=outage";

describe("hits survive, and nothing is spent blindly", () => {
  let stack: Stack;
  let gateway: Gateway;

  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(async () => {
    await gateway.close();
    await stack.close();
  });

  const start = async (settings: Settings = {}) => {
    gateway = await startGateway(stack, settings);
    return { upstream: upstreamControl(stack.upstream.url), key: stack.tenant("shared").apiKey };
  };
  const breakPart = async (url: string, fault: Readonly<Record<string, unknown>>, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(new URL("/__faults", url), {
      method: "POST",
      headers,
      body: JSON.stringify({ times: null, ...fault }),
    });
    expect(response.ok).toBe(true);
  };
  const requestsTo = async (url: string) => {
    const response = await fetch(new URL("/__stats", url));
    return (await response.json<{ requests: number }>()).requests;
  };
  const breakRedis = (fault: Readonly<Record<string, unknown>>) =>
    breakPart(stack.upstash.url, fault, stack.redisToken);

  it.each([{ kind: "down" }, { kind: "status", status: 500 }, { kind: "delay", delayMs: 60_000 }])(
    "Redis $kind: hits go on, every miss is 503, none is dispatched",
    async (fault) => {
      const { upstream, key } = await start({ REDIS_WAIT_MS: "2000", REDIS_COMMAND_MS: "3000", MEMORY_MS: "1" });
      const first = await gateway.get(CALL, { key });
      expect(first.status).toBe(200);
      const bytes = await first.text();
      const before = await upstream.calls();
      await breakRedis(fault);
      const hit = await gateway.get(CALL, { key });
      expect(hit.status).toBe(200);
      expect(await hit.text()).toBe(bytes);
      expect(hit.headers.get("cache-status")).toMatch(/^tikedge; hit; ttl=\d+; detail=outage$/);
      expect(hit.headers.get("ratelimit")).toBeNull();
      const miss = await gateway.get("/userid/?username=unseen", { key });
      expect(miss.status).toBe(503);
      expect(miss.headers.get("retry-after")).toBeTruthy();
      expect(await miss.text()).toContain("temporary-reduced-capacity");
      expect(await upstream.calls()).toBe(before);
      const health = await gateway.get("/healthz");
      expect(health.status).toBe(503);
      expect(await health.json()).toMatchObject({ parts: { redis: "down", postgres: "ok" } });
    },
  );

  const STALE = "/userinfo-by-username/?username=outlasting";
  const HOUR_MS = 3_600_000;
  const grow = (ms: number) =>
    stack.rewriteEntry("userinfo-by-username", "outlasting", (head) => ({
      ...head,
      fetchedAtMs: Number(head["fetchedAtMs"]) - ms,
    }));
  const said = async (key: string) => {
    const response = await gateway.get(STALE, { key });
    await response.text();
    const status = response.headers.get("cache-status") ?? "none";
    return `${response.status} ${status.replace(/ttl=\d+/, "ttl=fresh").replace(/ttl=-\d+/, "ttl=past")}`;
  };

  it("Redis down: what is past its time is served from memory for as long as its stale window and the outage's bound, marked", async () => {
    const { upstream, key } = await start({ MEMORY_MS: "0", OUTAGE_MS: "4000", REDIS_WAIT_MS: "2000" });
    expect(await said(key)).toContain("200 tikedge; fwd=uri-miss");
    await grow(HOUR_MS + 60_000);
    expect(await said(key), "read into memory while Redis answers").toBe("200 tikedge; hit; ttl=past; detail=swr");
    await breakRedis({ kind: "down" });
    expect(await said(key)).toBe("200 tikedge; hit; ttl=past; detail=outage");
    const before = await upstream.calls();
    await eventually(async () => expect(await said(key), "the outage has lasted too long").toContain("503 none"));
    expect(await upstream.calls(), "nothing is fetched blindly").toBe(before);
  });

  it("Postgres down: what is past its time goes on being served and refreshed, because known tenants go on paying", async () => {
    const { upstream, key } = await start({ MEMORY_MS: "0", REFRESH_AGAIN_MS: "1", KEY_FRESH_MS: "1000" });
    await said(key);
    await grow(HOUR_MS + 60_000);
    await said(key);
    // The consumer has read who pays.
    await eventually(async () => expect(await said(key)).toBe("200 tikedge; hit; ttl=fresh; detail=redis"));
    await breakPart(stack.neon.url, { kind: "down" });
    await grow(HOUR_MS + 60_000);
    const before = await upstream.calls();
    expect(await said(key)).toBe("200 tikedge; hit; ttl=past; detail=swr");
    await eventually(async () => expect(await said(key)).toBe("200 tikedge; hit; ttl=fresh; detail=redis"));
    expect(await upstream.calls()).toBe(before + 1);
    await breakPart(stack.neon.url, { kind: "delay", delayMs: 0 });
  });

  it("the upstream down: the old answer is served while it is refreshed in vain, then in place of the failure, marked, and then no more", async () => {
    const { upstream, key } = await start({ MEMORY_MS: "0", REFRESH_AGAIN_MS: "1" });
    await said(key);
    await upstream.fault({ kind: "status", status: 503, path: "/userinfo-by-username/", times: null });
    await grow(HOUR_MS + 60_000);
    const before = await upstream.calls();
    expect(await said(key)).toBe("200 tikedge; hit; ttl=past; detail=swr");
    await eventually(async () => expect(await upstream.calls(), "the refresh was tried").toBeGreaterThan(before));
    await grow(HOUR_MS);
    expect(await said(key)).toBe("200 tikedge; fwd=stale; fwd-status=503; ttl=past; detail=sie");
    await grow(22 * HOUR_MS + 30 * 60_000);
    expect(await said(key), "a day past its time, but for some minutes").toContain("detail=sie");
    await grow(30 * 60_000);
    expect(await said(key)).toBe("503 tikedge; fwd=uri-miss; fwd-status=503");
    await upstream.clearFaults();
    expect(await said(key)).toBe("200 tikedge; fwd=uri-miss; fwd-status=200; stored; ttl=fresh");
  });

  it("Postgres down: known keys go on, unknown ones are 503 and never let in", async () => {
    const { key } = await start({ KEY_FRESH_MS: "1" });
    expect((await gateway.get(CALL, { key })).status).toBe(200);
    await breakPart(stack.neon.url, { kind: "down" });
    expect((await gateway.get(CALL, { key })).status).toBe(200);
    expect((await gateway.get("/userid/?username=unseen", { key })).status).toBe(200);
    const unknown = await gateway.get(CALL, { key: stack.tenant("byo").apiKey });
    expect(unknown.status).toBe(503);
    const health = await gateway.get("/healthz");
    expect(await health.json()).toMatchObject({ parts: { redis: "ok", postgres: "down" } });
    expect((await gateway.get("/livez")).status).toBe(200);
  });

  it("Postgres hanging: one request of an isolate waits, and the others go on at once", async () => {
    const rest = { DATABASE_TIMEOUT_MS: "300", DATABASE_REST_MS: "60000", HITS_FLUSH_MS: "60000" };
    const { key } = await start({ KEY_FRESH_MS: "1", ...rest });
    expect((await gateway.get(CALL, { key })).status).toBe(200);
    await eventually(async () => {
      expect(await books(stack.database.url).events(stack.tenant("shared").id)).toHaveLength(1);
    });
    const before = await requestsTo(stack.neon.url);
    await breakPart(stack.neon.url, { kind: "delay", delayMs: 60_000 });
    for (let times = 0; times < 5; times++) expect((await gateway.get(CALL, { key })).status).toBe(200);
    expect((await requestsTo(stack.neon.url)) - before).toBe(1);
  });

  it("both up: healthy, and the check is not repeated for each probe", async () => {
    await start();
    expect((await gateway.get("/healthz")).status).toBe(200);
    await breakRedis({ kind: "down" });
    expect((await gateway.get("/healthz")).status).toBe(200);
  });

  it("a key revoked in Postgres stops when its record has aged, because every layer carries the time of the read", async () => {
    const { key } = await start({ KEY_FRESH_MS: "1" });
    expect((await gateway.get(CALL, { key })).status).toBe(200);
    await books(stack.database.url).query("UPDATE app.api_keys SET revoked_at = now() WHERE tenant_id = $1", [
      stack.tenant("shared").id,
    ]);
    expect((await gateway.get(CALL, { key })).status).toBe(401);
  });
});

import { createHash } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningEndpoint } from "../../dev/http-endpoint.ts";
import { startUpstash } from "../../dev/upstash.ts";
import { freshRedis } from "../support/databases.ts";
import type { FreshRedis } from "../support/databases.ts";

const token = "token-of-the-tests";
let server: FreshRedis;
let upstash: RunningEndpoint;
let redis: Redis;

beforeAll(async () => {
  server = await freshRedis();
  upstash = await startUpstash({ redisUrl: server.url, token });
  redis = connect({});
});

beforeEach(async () => {
  await control("DELETE", "/__faults");
  await server.flush();
});

afterAll(async () => {
  await upstash.stop();
  await server.release();
});

function connect(options: { responseEncoding?: false; automaticDeserialization?: boolean }): Redis {
  return new Redis({ url: upstash.url, token, retry: { retries: 0 }, enableAutoPipelining: false, ...options });
}

async function control(method: string, path: string, body?: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(upstash.url + path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  return response.json();
}

describe("the vendor's client", () => {
  it.each([
    { value: "plain", because: "it is what most values are" },
    { value: "OK", because: "a bare OK is the only string that is not encoded" },
    { value: "héllo ✓", because: "text is UTF-8, not Latin-1" },
    { value: '{"a":1}', because: "a body must come back as the text that was stored" },
    { value: "", because: "an empty string is not absence" },
  ])("reads back $value: $because", async ({ value }) => {
    for (const options of [{}, { responseEncoding: false as const }]) {
      const client = connect({ automaticDeserialization: false, ...options });
      await client.set("key", value);
      expect(await client.get("key")).toBe(value);
    }
  });

  it("reads numbers, absence and nested arrays as Redis has them", async () => {
    expect(await redis.incr("count")).toBe(1);
    expect(await redis.get("absent")).toBeNull();
    expect(await redis.eval('return {1, "two", {"three", "OK"}, false}', [], [])).toEqual([
      1,
      "two",
      ["three", "OK"],
      null,
    ]);
  });

  it("runs a pipeline in order and in one round trip, and gives each command its own error", async () => {
    const before = await control("GET", "/__stats");
    const results = await redis.pipeline().set("key", "text").incr("key").get("key").exec({ keepErrors: true });
    expect(results.map(({ error }) => error)).toEqual([
      undefined,
      expect.stringContaining("not an integer"),
      undefined,
    ]);
    expect(results[2]?.result).toBe("text");
    expect(before).toMatchObject({ requests: expect.any(Number) });
    const { requests, commands } = before as { requests: number; commands: number };
    expect(await control("GET", "/__stats")).toEqual({ requests: requests + 1, commands: commands + 3 });
  });

  it("runs a transaction whole, so that nobody reads between its commands", async () => {
    expect(await redis.multi().set("a", "1").incr("a").exec()).toEqual(["OK", 2]);
  });

  it("refuses a transaction with a command that Redis does not know, and runs none of it", async () => {
    const response = await fetch(`${upstash.url}/multi-exec`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify([["set", "a", "1"], ["nonsense"]]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining("EXECABORT") });
    expect(await redis.get("a")).toBeNull();
  });

  it("runs a script by its digest, and tells the client when it does not know it yet", async () => {
    const script = redis.createScript<string>("return ARGV[1]");
    expect(await script.exec([], ["first"])).toBe("first");
    await expect(redis.evalsha("0".repeat(40), [], [])).rejects.toThrow(/NOSCRIPT/);
  });

  it("throws what Redis said about a wrong command", async () => {
    await redis.set("text", "a");
    await expect(redis.lpush("text", "b")).rejects.toThrow(/WRONGTYPE/);
  });
});

describe("a script with the line that only Upstash understands", () => {
  const script = '#!lua flags=allow-key-locking\nreturn redis.call("INCR", KEYS[1])';
  const digest = createHash("sha1").update(script).digest("hex");

  it("keeps the digest of what was sent, so that one round trip is enough from the second call on", async () => {
    expect(await redis.scriptLoad(script)).toBe(digest);
    expect(await redis.evalsha(digest, ["count"], [])).toBe(1);
    expect(await redis.scriptExists(digest)).toEqual([1]);
  });

  it.each([
    { limiter: Ratelimit.tokenBucket(2, "1 h", 2), because: "it is the gateway's limiter" },
    { limiter: Ratelimit.slidingWindow(2, "1 h"), because: "it has other scripts" },
  ])("serves the vendor's limiter: $because", async ({ limiter }) => {
    const ratelimit = new Ratelimit({ redis, limiter, ephemeralCache: false, analytics: false });
    const decisions = [
      await ratelimit.limit("tenant"),
      await ratelimit.limit("tenant"),
      await ratelimit.limit("tenant"),
    ];
    expect(decisions.map(({ success }) => success)).toEqual([true, true, false]);
    const before = (await control("GET", "/__stats")) as { requests: number };
    await ratelimit.limit("tenant");
    expect(await control("GET", "/__stats")).toMatchObject({ requests: before.requests + 1 });
  });
});

describe("requests without the client", () => {
  it("refuses a wrong token as Upstash does", async () => {
    for (const authorization of ["Bearer wrong", token, ""]) {
      const response = await fetch(`${upstash.url}/get/key`, { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ error: expect.stringContaining("WRONGPASS") });
    }
  });

  it("reads a command from the path, with the query as its options", async () => {
    expect(await control("GET", "/set/a%2Fb/value?EX=100")).toEqual({ result: "OK" });
    expect(await control("GET", "/get/a%2Fb")).toEqual({ result: "value" });
    expect(await redis.ttl("a/b")).toBeGreaterThan(90);
  });

  it.each(["", "{}", "[]", '[["set"', '[{"set":1}]'])("refuses the body %s, which is no command", async (body) => {
    const response = await fetch(upstash.url, { method: "POST", headers: { authorization: `Bearer ${token}` }, body });
    expect(response.status).toBe(400);
  });
});

describe("faults", () => {
  it("loses the reply of a command that ran, which no client can tell from one that did not", async () => {
    await control("POST", "/__faults", { kind: "drop-reply", contains: "incr" });
    await expect(redis.incr("count")).rejects.toThrow(/fetch failed/);
    expect(await redis.get("count")).toBe(1);
  });

  it("breaks the connection before a command runs, as often as it was told", async () => {
    await control("POST", "/__faults", { kind: "down", times: 2 });
    await expect(redis.incr("count")).rejects.toThrow(/fetch failed/);
    await expect(redis.incr("count")).rejects.toThrow(/fetch failed/);
    expect(await redis.incr("count")).toBe(1);
  });

  it("answers a status until it is told to heal", async () => {
    await control("POST", "/__faults", { kind: "status", status: 500, times: null });
    await expect(redis.ping()).rejects.toThrow(/injected/);
    await expect(redis.ping()).rejects.toThrow(/injected/);
    await control("DELETE", "/__faults");
    expect(await redis.ping()).toBe("PONG");
  });

  it("refuses a fault that it does not know, or a test would pass for want of it", async () => {
    expect(await control("POST", "/__faults", { kind: "typo" })).toEqual({ error: expect.any(String) });
  });
});

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startUpstash } from "../../dev/upstash.ts";
import { books } from "../support/books.ts";
import { freshRedis, type FreshRedis } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { BYO_KEY, PLATFORM_KEY, startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { upstreamControl } from "../support/upstream-control.ts";

const LEDGER_TOKEN = "the-ledgers-own";

describe("a setting reaches what it is about", () => {
  let stack: Stack;
  let gateway: Gateway;
  let ledgerRedis: FreshRedis;
  let ledgerUpstash: Awaited<ReturnType<typeof startUpstash>>;
  let cache: Redis;
  let ledger: Redis;

  beforeAll(async () => {
    stack = await startStack();
    ledgerRedis = await freshRedis();
    ledgerUpstash = await startUpstash({ redisUrl: ledgerRedis.url, token: LEDGER_TOKEN });
    [cache, ledger] = [new Redis(stack.redis.url), new Redis(ledgerRedis.url)];
    gateway = await startGateway(stack, {
      NAMESPACE_VERSION: "7",
      CHARGE_NOT_FOUND: "false",
      WINDOWS: '{"userid":{"freshMs":7000,"staleMs":0}}',
      PLATFORM_DOWNLOAD_TIER: "false",
      LEDGER_REDIS_REST_URL: ledgerUpstash.url,
      LEDGER_REDIS_REST_TOKEN: LEDGER_TOKEN,
      KEY_OUTAGE_MS: "300000",
    });
  });
  afterAll(async () => {
    cache.disconnect();
    ledger.disconnect();
    await gateway.close();
    await ledgerUpstash.stop();
    await ledgerRedis.release();
    await stack.close();
  });

  const get = (path: string) => gateway.get(path, { key: stack.tenant("shared").apiKey });
  /** The one key of this form in the cache's Redis, once it is there. */
  const keyLike = (pattern: string) =>
    eventually(async () => {
      const [key, ...others] = await cache.keys(pattern);
      if (key === undefined || others.length > 0) throw new Error(`${pattern} is not one key`);
      return key;
    });

  /** What an entry says that it answers: version, scope, tier, endpoint and parameters. */
  const identityAt = async (key: string): Promise<readonly unknown[]> => {
    const [head = ""] = (await cache.get(key))?.split("\n") ?? [];
    return JSON.parse(JSON.parse(head).identity);
  };

  it("NAMESPACE_VERSION and WINDOWS: where an answer is kept, and how long", async () => {
    const fetched = await get("/userid/?username=set");
    expect(fetched.headers.get("cache-status")).toBe("tikedge; fwd=uri-miss; fwd-status=200; stored; ttl=7");
    const key = await keyLike("tla:v7:pool:default:userid:*");
    expect((await identityAt(key))[0]).toBe("7");
    const keptMs = await cache.pttl(key);
    expect(keptMs).toBeGreaterThan(0);
    expect(keptMs).toBeLessThanOrEqual(7_000);
  });

  it("PLATFORM_DOWNLOAD_TIER: whether answers with media are those of a key without links", async () => {
    await get("/post-detail/?url=https://www.tiktok.com/@tiktok/video/7300000000000000002");
    const key = await keyLike("tla:v7:pool:default:post-detail:*");
    expect((await identityAt(key))[2]).toBe("standard");
  });

  it("CHARGE_NOT_FOUND: what a missing entity costs, in the response and in the books", async () => {
    const missing = await get("/userid/?username=missing_uncharged");
    expect(missing.headers.get("x-credits-charged")).toBe("0");
    await eventually(async () => {
      const events = await books(stack.database.url).events(stack.tenant("shared").id);
      const booked = events.find((event) => event.request_id === missing.headers.get("x-request-id"));
      expect(booked).toMatchObject({ outcome: "not_found", credits_charged: 0, credits_in_doubt: 0 });
    });
  });

  it("LEDGER_REDIS_REST_URL: money stands in its own Redis alone, and answers are not there to push it out", async () => {
    await get("/userid/?username=ledgered");
    expect(await ledger.keys("tkl:ring:*")).not.toEqual([]);
    expect(await cache.keys("tkl:*")).toEqual([]);
    expect((await ledger.keys("*")).filter((key) => !key.startsWith("tkl:"))).toEqual([]);
  });

  it("KEY_OUTAGE_MS: how long a key's record waits in Redis for an outage of Postgres", async () => {
    await get("/userid/?username=set");
    const keptMs = await cache.pttl(await keyLike("tkk:*"));
    expect(keptMs).toBeGreaterThan(200_000);
    expect(keptMs).toBeLessThanOrEqual(300_000);
  });

  it("LEDGER_REDIS_REST_URL: what is known against upstream keys stands there too, where the ledger reads it and nothing evicts it", async () => {
    const body = '{"message":"Your account is suspended"}';
    for (const key of [BYO_KEY, PLATFORM_KEY])
      await upstreamControl(stack.upstream.url).fault({ kind: "status", status: 200, body, key });
    for (const mode of ["byo", "shared"] as const)
      await gateway.get(`/userid/?username=refused_${mode}`, { key: stack.tenant(mode).apiKey });
    await eventually(async () => {
      expect(await ledger.keys("tks:*")).toHaveLength(2);
      expect(await ledger.keys("tkl:marks:platform-*")).toHaveLength(1);
    });
    expect(await cache.keys("tk[ls]:*")).toEqual([]);
  });
});

import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningEndpoint } from "../../dev/http-endpoint.ts";
import { startRedis, type RunningRedis } from "../../dev/redis.ts";
import { startUpstash } from "../../dev/upstash.ts";
import { upstashHotSet } from "../../src/adapters/upstash-hot-set.ts";
import { connectRedis } from "../../src/adapters/upstash-redis.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryHotSet } from "../support/memory-hot-set.ts";
import { hotSetContract, type HotSetUnderTest } from "./hot-set.contract.ts";

type Connection = { readonly client: ReturnType<typeof connectRedis>; readonly direct: Redis };

/** Redis has a clock of its own, and it is asked how late it is. */
const overRedis = (redis: () => Connection) => (): HotSetUnderTest => ({
  make: (settings) => upstashHotSet(redis().client, settings),
  async pass(ms) {
    const nowMs = async () => {
      const [seconds, micros] = await redis().direct.time();
      return Number(seconds) * 1_000 + Number(micros) / 1_000;
    };
    const until = (await nowMs()) + ms;
    while ((await nowMs()) < until) continue;
  },
});

describe("the hot set in Redis", () => {
  const redis = useLocalRedis();
  hotSetContract(overRedis(redis));

  it("takes four commands for a flush, however many answers are in it, and three to be read", async () => {
    const hotSet = upstashHotSet(redis().client, { halfLifeMs: 1_800_000, most: 5_000 });
    const requests = new Map(Array.from({ length: 200 }, (_, at) => [`identity-${at}`, 1]));
    await hotSet.add(requests);
    await hotSet.hottest(1);
    expect(await redis().commandsOf(() => hotSet.add(requests))).toBe(4);
    expect(await redis().commandsOf(() => hotSet.hottest(200))).toBe(3);
  });

  it("throws when Redis does not answer", async () => {
    const hotSet = upstashHotSet(redis().client, { halfLifeMs: 1_800_000, most: 5_000 });
    await redis().fault({ kind: "down" });
    await expect(hotSet.add(new Map([["a", 1]]))).rejects.toThrow("Redis does not answer");
    await redis().fault({ kind: "down" });
    await expect(hotSet.hottest(1)).rejects.toThrow("Redis does not answer");
  });
});

describe("the hot set in the embedded Redis", () => {
  let server: RunningRedis;
  let upstash: RunningEndpoint;
  let connection: Connection;

  beforeAll(async () => {
    server = await startRedis({ dir: "", kind: "embedded" });
    upstash = await startUpstash({ redisUrl: server.url, token: "tests" });
    const client = connectRedis({ url: upstash.url, token: "tests", commandMs: 5_000 });
    connection = { client, direct: new Redis(server.url) };
  });
  beforeEach(async () => {
    await connection.direct.flushdb();
  });
  afterAll(async () => {
    connection.direct.disconnect();
    await upstash.stop();
    await server.stop();
  });

  hotSetContract(overRedis(() => connection));
});

describe("the hot set in memory", () => {
  let nowMs = 1_700_000_000_000;
  hotSetContract(() => ({
    make: (settings) => memoryHotSet(() => nowMs, settings),
    pass: async (ms) => void (nowMs += ms),
  }));
});

import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import type { RunningEndpoint } from "../../dev/http-endpoint.ts";
import { startRedis, type RunningRedis } from "../../dev/redis.ts";
import { startUpstash } from "../../dev/upstash.ts";
import { connectRedis } from "../../src/adapters/upstash-redis.ts";
import { upstashStrikes } from "../../src/adapters/upstash-strikes.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryStrikes } from "../support/memory-strikes.ts";
import { strikesContract, type StrikesUnderTest } from "./strikes.contract.ts";

type Connection = { readonly client: ReturnType<typeof connectRedis>; readonly direct: Redis };

/** Redis has a clock of its own, and it is asked how late it is. */
const overRedis = (redis: () => Connection) => (): StrikesUnderTest => ({
  make: (settings) => upstashStrikes(redis().client, settings),
  async pass(ms) {
    const nowMs = async () => {
      const [seconds, micros] = await redis().direct.time();
      return Number(seconds) * 1_000 + Number(micros) / 1_000;
    };
    const until = (await nowMs()) + ms;
    while ((await nowMs()) < until) continue;
  },
});

describe("strikes in Redis", () => {
  strikesContract(overRedis(useLocalRedis()));
});

describe("strikes in the embedded Redis", () => {
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

  strikesContract(overRedis(() => connection));
});

describe("strikes in memory", () => {
  let nowMs = 1_700_000_000_000;
  strikesContract(() => ({
    make: (settings) => memoryStrikes(() => nowMs, settings),
    pass: async (ms) => void (nowMs += ms),
  }));
});

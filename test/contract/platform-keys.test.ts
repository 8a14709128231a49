import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { Redis } from "ioredis";
import { startRedis, type RunningRedis } from "../../dev/redis.ts";
import { startUpstash } from "../../dev/upstash.ts";
import type { RunningEndpoint } from "../../dev/http-endpoint.ts";
import { upstashCounters } from "../../src/adapters/upstash-counters.ts";
import { upstashLedger } from "../../src/adapters/upstash-ledger.ts";
import { upstashKeyMarks } from "../../src/adapters/upstash-key-marks.ts";
import { connectRedis } from "../../src/adapters/upstash-redis.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryLedger } from "../support/memory-ledger.ts";
import { memoryKeyMarks } from "../support/memory-key-marks.ts";
import { silentLog } from "../support/silent-log.ts";
import { countFrom, emptyBooks, LEDGER_SETTINGS } from "../support/sample-order.ts";
import { BREAKER, KEYS, platformKeysContract } from "./platform-keys.contract.ts";

type Connection = { readonly client: ReturnType<typeof connectRedis>; readonly direct: Redis };

const overRedis = (redis: () => Connection) => async (outMs: number) => {
  const nowMs = async () => {
    const [seconds, micros] = await redis().direct.time();
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  };
  const tick = async () => {
    const until = (await nowMs()) + 2;
    while ((await nowMs()) < until) continue;
  };
  const { client } = redis();
  const platformKeys = upstashKeyMarks(client, { keys: async () => KEYS, outMs, ...BREAKER });
  await countFrom(upstashCounters(client), emptyBooks());
  const settings = { ...LEDGER_SETTINGS, breakerRestMs: BREAKER.breakerRestMs };
  return { ledger: upstashLedger(client, settings, silentLog), platformKeys, tick };
};

describe("the platform's keys in Redis", () => {
  platformKeysContract(overRedis(useLocalRedis()));
});

describe("the platform's keys in the embedded Redis", () => {
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

  platformKeysContract(overRedis(() => connection));
});

describe("the platform's keys in memory", () => {
  platformKeysContract(async (outMs) => {
    let nowMs = 1_700_000_000_000;
    const clock = () => nowMs;
    const platformKeys = memoryKeyMarks(clock, { keys: KEYS, outMs, ...BREAKER });
    const tick = async () => void (nowMs += 2);
    const settings = { perSecond: 10_000, breakerRestMs: BREAKER.breakerRestMs };
    return { ledger: memoryLedger(clock, platformKeys, settings), platformKeys, tick };
  });
});

import { describe } from "vitest";
import { upstashWarmTries } from "../../src/adapters/upstash-warm-tries.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryWarmTries } from "../support/memory-warm-tries.ts";
import { warmTriesContract } from "./warm-tries.contract.ts";

describe("tries in Redis", () => {
  const redis = useLocalRedis();
  warmTriesContract(() => ({
    make: (keepMs) => upstashWarmTries(redis().client, keepMs),
    // Redis has a clock of its own, and it is asked how late it is.
    async pass(ms) {
      const nowMs = async () => {
        const [seconds, micros] = await redis().direct.time();
        return Number(seconds) * 1_000 + Number(micros) / 1_000;
      };
      const until = (await nowMs()) + ms;
      while ((await nowMs()) < until) continue;
    },
  }));
});

describe("tries in memory", () => {
  let nowMs = 1_700_000_000_000;
  warmTriesContract(() => ({
    make: (keepMs) => memoryWarmTries(() => nowMs, keepMs),
    pass: async (ms) => void (nowMs += ms),
  }));
});

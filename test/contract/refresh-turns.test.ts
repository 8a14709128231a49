import { describe, expect, it } from "vitest";
import { upstashRefreshTurns } from "../../src/adapters/upstash-refresh-turns.ts";
import { connectRedis } from "../../src/adapters/upstash-redis.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryTurns } from "../support/memory-turns.ts";
import { refreshTurnsContract } from "./refresh-turns.contract.ts";

describe("turns in Redis", () => {
  const redis = useLocalRedis();
  refreshTurnsContract(() => ({
    make: (turnMs) => upstashRefreshTurns(redis().client, turnMs),
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

  it("are nobody's while Redis does not answer", async () => {
    const nowhere = connectRedis({ url: "http://127.0.0.1:9", token: "token", commandMs: 200 });
    await expect(upstashRefreshTurns(nowhere, 1_000).take("lost")).rejects.toBeInstanceOf(Unavailable);
  });
});

describe("turns in memory", () => {
  let nowMs = 1_700_000_000_000;
  refreshTurnsContract(() => ({
    make: (turnMs) => memoryTurns(() => nowMs, turnMs),
    pass: async (ms) => void (nowMs += ms),
  }));
});

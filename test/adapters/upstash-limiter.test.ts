import { describe, expect, it } from "vitest";
import { upstashLimiter } from "../../src/adapters/upstash-limiter.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { silentLog } from "../support/silent-log.ts";

describe("a tenant's bucket", () => {
  const redis = useLocalRedis();

  const limiter = (timeoutMs = 5_000) => upstashLimiter(redis().client, timeoutMs, silentLog);

  it("gives out its capacity and no more, whichever isolate asks", async () => {
    const [one, other] = [limiter(), limiter()];
    const burst = { capacity: 5, refill: 1, everyMs: 1_000 };
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : other).take("tenant-a", burst)),
    );
    const allowed = taken.filter((decision) => decision.kind === "allowed");
    // A second may pass meanwhile and add a token.
    expect(allowed.length).toBeGreaterThanOrEqual(5);
    expect(allowed.length).toBeLessThanOrEqual(7);
    const refused = taken.find((decision) => decision.kind === "refused");
    expect(refused).toMatchObject({ limit: 5, remaining: 0, resetAtMs: expect.any(Number) });
  });

  it("is one for each tenant, so that a noisy one starves nobody", async () => {
    const burst = { capacity: 1, refill: 1, everyMs: 1_000 };
    expect((await limiter().take("noisy", burst)).kind).toBe("allowed");
    expect((await limiter().take("quiet", burst)).kind).toBe("allowed");
  });

  it("gives out a budget of a day one by one over the day, and not all of it again at midnight", async () => {
    const budget = { capacity: 2, refill: 1, everyMs: 43_200_000 };
    const taken = [await limiter().take("key:a", budget), await limiter().take("key:a", budget)];
    expect(taken.map(({ kind }) => kind)).toEqual(["allowed", "allowed"]);
    const beforeMs = Date.now();
    const refused = await limiter().take("key:a", budget);
    expect(refused).toMatchObject({ kind: "refused", limit: 2, resetAtMs: expect.any(Number) });
    if (refused.kind !== "refused") return;
    expect(refused.resetAtMs).toBeGreaterThan(beforeMs + 43_000_000);
    expect(refused.resetAtMs).toBeLessThanOrEqual(beforeMs + 43_200_000);
  });

  it("is read without taking anything, as it was left and since when", async () => {
    const burst = { capacity: 5, refill: 1, everyMs: 3_600_000 };
    expect(await limiter().peek("looked-at", burst)).toMatchObject({ tokens: 5 });
    const beforeMs = Date.now();
    await limiter().take("looked-at", burst);
    const levels = [await limiter().peek("looked-at", burst), await limiter().peek("looked-at", burst)];
    expect(levels.map((level) => level?.tokens)).toEqual([4, 4]);
    expect(levels[0]?.atMs).toBeGreaterThanOrEqual(beforeMs);
    expect(levels[0]?.atMs).toBeLessThanOrEqual(Date.now());
    await redis().fault({ kind: "down", times: 1 });
    expect(await limiter().peek("looked-at", burst)).toBeUndefined();
  });

  it("states no figures when Redis does not answer in time, though the library calls that a success with zeros", async () => {
    await redis().fault({ kind: "delay", delayMs: 300, times: 1 });
    expect(await limiter(50).take("tenant-b", { capacity: 5, refill: 1, everyMs: 1_000 })).toEqual({
      kind: "unavailable",
    });
  });

  it("is unavailable, not a crash, when Redis is down", async () => {
    await redis().fault({ kind: "down", times: 1 });
    expect(await limiter().take("tenant-c", { capacity: 5, refill: 1, everyMs: 1_000 })).toEqual({
      kind: "unavailable",
    });
  });

  it("expires by itself, so that a tenant who left leaves nothing behind", async () => {
    await limiter().take("tenant-d", { capacity: 5, refill: 1, everyMs: 1_000 });
    const keys = await redis().direct.keys("tkb:*tenant-d*");
    expect(keys).toHaveLength(1);
    expect(await redis().direct.pttl(keys[0] ?? "")).toBeGreaterThan(0);
  });
});

import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis/cloudflare";
import { LRUCache } from "lru-cache";
import type { Bucket, BucketGauge, Log, RateLimiter } from "../core/ports.ts";

/** Plans have few shapes of buckets, but tenants choose the budgets of their keys. */
const MOST_SHAPES = 1_000;

/**
 * Token buckets by @upstash/ratelimit. Fails open: `unavailable` when Redis does not answer, and then nobody states figures. The
 * library's own timeout answers "success" with zeros, so it is told apart by its reason; its caches and analytics are off because they
 * grow without bound in an isolate.
 */
export function upstashLimiter(redis: Redis, timeoutMs: number, log: Log): RateLimiter & BucketGauge {
  const limiters = new LRUCache<string, Ratelimit>({ max: MOST_SHAPES });
  const limiterOf = (bucket: Bucket) => {
    const shape = `${bucket.capacity}:${bucket.refill}:${bucket.everyMs}`;
    const limiter = limiters.get(shape) ?? newLimiter(redis, bucket, timeoutMs);
    limiters.set(shape, limiter);
    return limiter;
  };
  return {
    async take(name, bucket, tokens = 1) {
      try {
        const taken = await limiterOf(bucket).limit(name, { rate: tokens });
        if (taken.reason === "timeout") return { kind: "unavailable" };
        return taken.success
          ? { kind: "allowed", limit: taken.limit, remaining: taken.remaining, resetAtMs: taken.reset }
          : { kind: "refused", limit: taken.limit, remaining: 0, resetAtMs: taken.reset };
      } catch (error) {
        log.error("limiter-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async peek(name, bucket) {
      try {
        const { remaining, reset } = await limiterOf(bucket).getRemaining(name);
        return { tokens: remaining, atMs: reset - bucket.everyMs };
      } catch (error) {
        log.error("limiter-failed", { error });
        return undefined;
      }
    },
  };
}

function newLimiter(redis: Redis, { capacity, refill, everyMs }: Bucket, timeoutMs: number): Ratelimit {
  return new Ratelimit({
    redis,
    limiter: Ratelimit.tokenBucket(refill, `${everyMs} ms`, capacity),
    prefix: "tkb",
    ephemeralCache: false,
    analytics: false,
    timeout: timeoutMs,
  });
}

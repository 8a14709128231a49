import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis/cloudflare";
import type { Log, RateLimiter } from "../core/ports.ts";

/**
 * A token bucket per tenant by @upstash/ratelimit. Fails open: `unavailable` when Redis does not answer, and then nobody states
 * figures. The library's own timeout answers "success" with zeros, so it is told apart by its reason; its caches and analytics are
 * off because they grow without bound in an isolate.
 */
export function upstashLimiter(redis: Redis, timeoutMs: number, log: Log): RateLimiter {
  const limiters = new Map<string, Ratelimit>();
  const limiterOf = (capacity: number, refillPerSecond: number) => {
    const shape = `${capacity}:${refillPerSecond}`;
    const limiter = limiters.get(shape) ?? bucket(redis, { capacity, refillPerSecond, timeoutMs });
    limiters.set(shape, limiter);
    return limiter;
  };
  return {
    async take(tenantId, { capacity, refillPerSecond }) {
      try {
        const taken = await limiterOf(capacity, refillPerSecond).limit(tenantId);
        if (taken.reason === "timeout") return { kind: "unavailable" };
        return taken.success
          ? { kind: "allowed", limit: taken.limit, remaining: taken.remaining, resetAtMs: taken.reset }
          : { kind: "refused", limit: taken.limit, remaining: 0, resetAtMs: taken.reset };
      } catch (error) {
        log.error("limiter-failed", { error });
        return { kind: "unavailable" };
      }
    },
  };
}

function bucket(
  redis: Redis,
  { capacity, refillPerSecond, timeoutMs }: { capacity: number; refillPerSecond: number; timeoutMs: number },
): Ratelimit {
  return new Ratelimit({
    redis,
    limiter: Ratelimit.tokenBucket(refillPerSecond, "1 s", capacity),
    prefix: "tkb",
    ephemeralCache: false,
    analytics: false,
    timeout: timeoutMs,
  });
}

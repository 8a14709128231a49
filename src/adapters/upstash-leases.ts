import type { Redis } from "@upstash/redis/cloudflare";
import type { Leases } from "../core/upkeep-ports.ts";

/**
 * Leases in Redis. One that nobody gives back, for its Worker was ended, is over after `leaseMs`. Until then it is whose it was, so that giving
 * it back needs no script that asks.
 */
export function upstashLeases(redis: Redis, leaseMs: number, clock: () => number): Leases {
  return {
    async free(jobs) {
      const taken = await redis.mget<(string | null)[]>(jobs.map(keyOf));
      return jobs.filter((_, at) => (taken[at] ?? null) === null);
    },
    async take(job) {
      const key = keyOf(job);
      const sinceMs = clock();
      if ((await redis.set(key, "taken", { nx: true, px: leaseMs })) !== "OK") return undefined;
      return {
        async giveBack(restMs) {
          if (clock() - sinceMs >= leaseMs) return;
          await (restMs > 0 ? redis.pexpire(key, restMs) : redis.del(key));
        },
      };
    },
  };
}

function keyOf(job: string): string {
  return `tkl:cron:${job}`;
}

import type { Redis } from "@upstash/redis/cloudflare";
import type { Leases } from "../core/upkeep-ports.ts";

/** KEYS: the lease. ARGV: its holder, the rest. A rest of 0 ends it at once. Two commands. */
const GIVE_BACK = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
`;

/** Leases in Redis. One that nobody gives back, for its Worker was ended, is over after `leaseMs`. */
export function upstashLeases(redis: Redis, leaseMs: number): Leases {
  const giveBack = redis.createScript<number>(GIVE_BACK);
  return {
    async take(job, holder) {
      return (await redis.set(keyOf(job), holder, { nx: true, px: leaseMs })) === "OK";
    },
    async giveBack(job, holder, restMs) {
      await giveBack.exec([keyOf(job)], [holder, String(restMs)]);
    },
  };
}

function keyOf(job: string): string {
  return `tkl:cron:${job}`;
}

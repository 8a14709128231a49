import type { Redis } from "@upstash/redis/cloudflare";
import type { RefreshTurns } from "../core/ports.ts";
import { answering } from "./upstash-redis.ts";

/** Turns in Redis, one command each. A turn lasts: a refresh that fails is not asked for again at once. */
export function upstashRefreshTurns(redis: Redis, turnMs: number): RefreshTurns {
  return {
    async take(name) {
      return (await answering(redis.set(`tkr:${name}`, "1", { nx: true, px: turnMs }))) === "OK";
    },
  };
}

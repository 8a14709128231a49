import type { Redis } from "@upstash/redis/cloudflare";
import type { OwnedKey, Strikes } from "../core/control-ports.ts";

export type StrikeSettings = {
  /** How long a refusal is remembered of a key: until then no other one begins a check of it, milliseconds. */
  readonly strikeMs: number;
  /** What counts as of late, milliseconds. */
  readonly recentMs: number;
};

/** The tenants' keys that were refused of late, by the time of the last refusal. */
const REFUSED = "tks:refused";

/**
 * KEYS: the strike of a key, the refused keys by time. ARGV: the key, for how long a strike is remembered, for how long a refusal is of
 * late. Returns 1 for a first strike. By Redis time, for isolates disagree about the time. 5 commands.
 */
const NOTE = `
local time = redis.call("TIME")
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call("ZADD", KEYS[2], ms, ARGV[1])
redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", ms - tonumber(ARGV[3]))
redis.call("PEXPIRE", KEYS[2], ARGV[3])
if redis.call("SET", KEYS[1], "1", "PX", ARGV[2], "NX") then return 1 end
return 0
`;

/** KEYS: the refused keys by time. ARGV: for how long a refusal is of late. Returns how many. 2 commands. */
const RECENT = `
local time = redis.call("TIME")
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call("ZCOUNT", KEYS[1], "(" .. string.format("%.0f", ms - tonumber(ARGV[1])), "+inf")
`;

/** Strikes in Redis. */
export function upstashStrikes(redis: Redis, { strikeMs, recentMs }: StrikeSettings): Strikes {
  const note = redis.createScript<number>(NOTE);
  const recent = redis.createScript<number>(RECENT);
  return {
    async note(key) {
      const args = [nameOf(key), String(strikeMs), String(recentMs)];
      return (await note.exec([strikeOf(key), REFUSED], args)) === 1 ? "first" : "known";
    },
    recent: () => recent.exec([REFUSED], [String(recentMs)]),
    async clear(key) {
      await Promise.all([redis.del(strikeOf(key)), redis.zrem(REFUSED, nameOf(key))]);
    },
  };
}

/** Ids are unique within a tenant only. */
function nameOf({ tenantId, id }: OwnedKey): string {
  return `${tenantId}:${id}`;
}

function strikeOf(key: OwnedKey): string {
  return `tks:strike:${nameOf(key)}`;
}

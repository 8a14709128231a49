import type { Redis } from "@upstash/redis/cloudflare";
import type { WarmTries } from "../core/warm-ports.ts";
import { NOW } from "./upstash-clock-script.ts";
import { answering } from "./upstash-redis.ts";

/** Names by the time that they were last noted. */
const TRIED = "tkw:tried";

/** KEYS: the names by time. ARGV: how long a name is known, then names. Forgets what is older, for it is never asked after again. 3 commands. */
const KNOWN = `
${NOW}
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", string.format("%.0f", ms - tonumber(ARGV[1])))
return redis.call("ZMSCORE", KEYS[1], unpack(ARGV, 2))
`;

/** KEYS: the names by time. ARGV: names. 2 commands. */
const NOTE = `
${NOW}
local noting = {}
for at, name in ipairs(ARGV) do
  noting[2 * at - 1] = string.format("%.0f", ms)
  noting[2 * at] = name
end
redis.call("ZADD", KEYS[1], unpack(noting))
`;

/** Tries in Redis, each known for `keepMs`. */
export function upstashWarmTries(redis: Redis, keepMs: number): WarmTries {
  const known = redis.createScript<(string | null)[]>(KNOWN);
  const note = redis.createScript<null>(NOTE);
  return {
    async known(names) {
      if (names.length === 0) return [];
      const times = await answering(known.exec([TRIED], [String(keepMs), ...names]));
      return times.map((time) => time !== null);
    },
    async note(names) {
      if (names.length > 0) await answering(note.exec([TRIED], [...names]));
    },
  };
}

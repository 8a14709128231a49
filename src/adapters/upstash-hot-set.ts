import type { Redis } from "@upstash/redis/cloudflare";
import { coldest, rateOf } from "../core/heat.ts";
import type { HotSet } from "../core/warm-ports.ts";
import { NOW } from "./upstash-clock-script.ts";
import { answering } from "./upstash-redis.ts";

export type HotSetSettings = {
  readonly halfLifeMs: number;
  /** How many answers are kept count of. */
  readonly most: number;
};

/** Answers by their heat. */
const HOT = "tkw:hot";

/**
 * KEYS: the answers by heat. ARGV: the half-life, how many are kept, then identities and their requests in turn. `heated` of `heat.ts`, here
 * because isolates disagree about the time and add at once. 4 commands, however many answers.
 */
const ADD = `
${NOW}
local half = tonumber(ARGV[1])
local identities = {}
for at = 3, #ARGV, 2 do identities[#identities + 1] = ARGV[at] end
local heats = redis.call("ZMSCORE", KEYS[1], unpack(identities))
local adding = {}
for at, identity in ipairs(identities) do
  local counted = heats[at] and 2 ^ ((tonumber(heats[at]) - ms) / half) or 0
  local heat = ms + half * math.log(counted + tonumber(ARGV[2 + 2 * at])) / math.log(2)
  adding[#adding + 1] = string.format("%.3f", heat)
  adding[#adding + 1] = identity
end
redis.call("ZADD", KEYS[1], unpack(adding))
redis.call("ZREMRANGEBYRANK", KEYS[1], 0, -1 - tonumber(ARGV[2]))
`;

/**
 * KEYS: the answers by heat. ARGV: how many are wanted, how far from now what is forgotten is. Returns Redis' time, then answers and their
 * heats in turn. 3 commands.
 */
const HOTTEST = `
${NOW}
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", string.format("%.3f", ms + tonumber(ARGV[2])))
local hottest = redis.call("ZREVRANGE", KEYS[1], 0, tonumber(ARGV[1]) - 1, "WITHSCORES")
table.insert(hottest, 1, string.format("%.0f", ms))
return hottest
`;

/** The hot set in Redis, for all isolates. */
export function upstashHotSet(redis: Redis, { halfLifeMs, most }: HotSetSettings): HotSet {
  const add = redis.createScript<null>(ADD);
  const hottest = redis.createScript<readonly string[]>(HOTTEST);
  return {
    async add(requests) {
      if (requests.size === 0) return;
      const counts = Array.from(requests, ([identity, count]) => [identity, String(count)]).flat();
      await answering(add.exec([HOT], [String(halfLifeMs), String(most), ...counts]));
    },
    async hottest(most) {
      const wanted = [String(most), String(coldest(0, halfLifeMs))];
      const [now, ...reply] = await answering(hottest.exec([HOT], wanted));
      return pairsOf(reply).map(({ identity, heat }) => ({ identity, perMs: rateOf(heat, Number(now), halfLifeMs) }));
    },
    async drop(identities) {
      if (identities.length > 0) await answering(redis.zrem(HOT, ...identities));
    },
  };
}

function pairsOf(reply: readonly string[]): readonly { readonly identity: string; readonly heat: number }[] {
  return Array.from({ length: reply.length / 2 }, (_, at) => ({
    identity: reply[2 * at] ?? "",
    heat: Number(reply[2 * at + 1]),
  }));
}

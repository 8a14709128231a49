import type { Redis } from "@upstash/redis/cloudflare";
import { Unavailable } from "../core/control-ports.ts";
import type { PlatformKeys } from "../core/ports.ts";
import type { PlatformKeyView } from "../core/resources.ts";
import { PLATFORM_KEYS } from "./upstash-ledger.ts";

/**
 * KEYS: the platform keys. ARGV: the field of a key's time out, how long it lasts in milliseconds, a reason. Returns 1 when the key had
 * served since it was last taken out. One that is out is left alone: requests that were on their way must not prolong it. At most 3
 * commands.
 */
const TAKE_OUT = `
local time = redis.call("TIME")
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local untilMs = tonumber(string.match(redis.call("HGET", KEYS[1], ARGV[1]) or "", "^%d+") or 0)
if untilMs > ms then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], string.format("%.0f", ms + tonumber(ARGV[2])) .. " " .. ARGV[3])
if untilMs > 0 then return 0 end
return 1
`;

/** KEYS: the platform keys. ARGV: fields. Returns the time in milliseconds and the fields' values, empty for none. 2 commands. */
const LIST = `
local time = redis.call("TIME")
local values = { string.format("%.0f", tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)) }
for i, value in ipairs(redis.call("HMGET", KEYS[1], unpack(ARGV))) do values[i + 1] = value or "" end
return values
`;

const MINUTE_MS = 60_000;

type Key = { readonly id: string; readonly cap: number };

export type PlatformKeysSettings = {
  readonly keys: () => Promise<readonly Key[]>;
  /** How long a key that was refused is not asked again, milliseconds. */
  readonly outMs: number;
};

/** The platform keys in the ledger's Redis, where the reservation script picks among them. */
export function upstashPlatformKeys(redis: Redis, { keys, outMs }: PlatformKeysSettings): PlatformKeys {
  const list = redis.createScript<string[]>(LIST);
  const takeOut = redis.createScript<number>(TAKE_OUT);
  return {
    async list() {
      const known = await keys();
      const fields = known.flatMap(({ id }) => [`load:${id}`, `out:${id}`]);
      const [nowMs, ...states] = await answering(list.exec([PLATFORM_KEYS], fields));
      const view = (key: Key, at: number) =>
        viewOf(key, { load: states[2 * at] ?? "", out: states[2 * at + 1] ?? "", nowMs: Number(nowMs) });
      return known.map(view);
    },
    async takeOut(id, reason) {
      return (await answering(takeOut.exec([PLATFORM_KEYS], [`out:${id}`, String(outMs), reason]))) === 1;
    },
    async restore(id) {
      const isKnown = (await keys()).some((key) => key.id === id);
      if (isKnown) await answering(redis.hdel(PLATFORM_KEYS, `out:${id}`));
      return isKnown;
    },
  };
}

async function answering<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    throw new Unavailable("Redis does not answer", { cause: error });
  }
}

type State = { readonly load: string; readonly out: string; readonly nowMs: number };

function viewOf({ id, cap }: Key, { load, out, nowMs }: State): PlatformKeyView {
  const [minute, count] = load.split(" ");
  const [, untilMs, reason] = /^(\d+) (.*)$/s.exec(out) ?? [];
  const counted = { id, load: Number(minute) === Math.floor(nowMs / MINUTE_MS) ? Number(count) : 0, cap };
  if (untilMs === undefined || reason === undefined || Number(untilMs) <= nowMs)
    return { ...counted, state: "in-use", reason: null, until: null };
  return { ...counted, state: "out", reason, until: new Date(Number(untilMs)).toISOString() };
}

import type { Redis } from "@upstash/redis/cloudflare";
import type { KeyLookup, KeyRecordCache, Log } from "../core/ports.ts";
import { parseKeyRecord } from "../core/tenant.ts";
import { mgetAlongside } from "./upstash-alongside.ts";

/**
 * How far an isolate's clock may be ahead of Redis' when it keeps a record, or behind when it takes one, milliseconds. A record says when it
 * was read: one from the future would, once that has come, pass for read after a change that it knows nothing of. More than clocks differ,
 * because a Redis whose own clock is off must not cost everybody their records.
 */
const MOST_AHEAD_MS = 5_000;

/** KEYS: a record. ARGV: the record, the isolate's time, how long it is kept, how far ahead the isolate may be, milliseconds. 2 commands. */
const PUT = `
local time = redis.call("TIME")
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if tonumber(ARGV[2]) > ms + tonumber(ARGV[4]) then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[3])
return 1
`;

export type KeyRecordsSettings = { readonly keepMs: number; readonly clock: () => number };

/** Key records in Upstash for `keepMs`: known keys keep working that long while Postgres is down. The upstream key in them is sealed. */
export function upstashKeyRecords(redis: Redis, { keepMs, clock }: KeyRecordsSettings, log: Log): KeyRecordCache {
  const put = redis.createScript<number>(PUT);
  const isBehind = (redisMs: number) => {
    const byMs = redisMs - clock();
    if (byMs > MOST_AHEAD_MS) log.error("clock-is-behind", { byMs });
    return byMs > MOST_AHEAD_MS;
  };
  const lookup = (text: string | null, redisMs: number): KeyLookup => {
    if (text === null || isBehind(redisMs)) return { kind: "absent" };
    const record = parseKeyRecord(text);
    return record === undefined ? { kind: "absent" } : { kind: "found", record };
  };
  const alongside: KeyRecordCache["alongside"] = (keyId) => {
    let told: KeyLookup | undefined;
    return {
      names: [nameOf(keyId)],
      wantsTime: true,
      heard([text = null], { redisMs = Infinity }) {
        told = lookup(text, redisMs);
      },
      told: () => told,
    };
  };
  return {
    alongside,
    async get(keyId) {
      try {
        const record = alongside(keyId);
        await mgetAlongside(redis, [], { alongside: [record], clock });
        return record.told() ?? { kind: "unavailable" };
      } catch (error) {
        log.error("key-records-get-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async drop(keyId) {
      try {
        await redis.del(nameOf(keyId));
      } catch (error) {
        log.error("key-records-drop-failed", { error });
      }
    },
    async put(record) {
      const args = [JSON.stringify(record), clock(), keepMs, MOST_AHEAD_MS].map(String);
      try {
        if ((await put.exec([nameOf(record.keyId)], args)) === 0) log.error("key-record-from-the-future", {});
      } catch (error) {
        log.error("key-records-put-failed", { error });
      }
    },
  };
}

function nameOf(keyId: string): string {
  return `tkk:${keyId}`;
}

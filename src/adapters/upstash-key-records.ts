import type { Redis } from "@upstash/redis/cloudflare";
import type { KeyRecordCache, Log } from "../core/ports.ts";
import { parseKeyRecord } from "../core/tenant.ts";

/** Key records in Upstash for `keepMs`: known keys keep working that long while Postgres is down. The upstream key in them is sealed. */
export function upstashKeyRecords(redis: Redis, keepMs: number, log: Log): KeyRecordCache {
  return {
    async get(keyId) {
      try {
        const text = await redis.get<string>(`tkk:${keyId}`);
        const record = text === null ? undefined : parseKeyRecord(text);
        return record === undefined ? { kind: "absent" } : { kind: "found", record };
      } catch (error) {
        log.error("key-records-get-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async drop(keyId) {
      try {
        await redis.del(`tkk:${keyId}`);
      } catch (error) {
        log.error("key-records-drop-failed", { error });
      }
    },
    async put(record) {
      try {
        await redis.set(`tkk:${record.keyId}`, JSON.stringify(record), { px: keepMs });
      } catch (error) {
        log.error("key-records-put-failed", { error });
      }
    },
  };
}

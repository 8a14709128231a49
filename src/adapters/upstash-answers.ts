import type { Redis } from "@upstash/redis/cloudflare";
import { redisKey } from "../core/answer-key.ts";
import { decodeEntry, encodeEntry } from "../core/entry.ts";
import type { AnswerStore, Log } from "../core/ports.ts";
import { retainedMs } from "../core/windows.ts";

/** Answers in Upstash, shared by all colos. Fails open for writes (logged, the entry is fetched again) and `unavailable` for reads. */
export function upstashAnswers(redis: Redis, clock: () => number, log: Log): AnswerStore {
  return {
    async get(key) {
      try {
        const text = await redis.get<string>(redisKey(key, await key.digest()));
        if (text === null) return { kind: "absent" };
        const entry = decodeEntry(text);
        if (entry === undefined) log.error("answer-unreadable", { endpoint: key.endpoint });
        return entry?.identity === key.identity
          ? { kind: "found", stored: { entry, confirmedAtMs: clock() } }
          : { kind: "absent" };
      } catch (error) {
        log.error("answers-get-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async put(key, { entry }) {
      const keepMs = retainedMs(entry, clock());
      if (keepMs <= 0) return;
      try {
        await redis.set(redisKey(key, await key.digest()), encodeEntry(entry), { px: keepMs });
      } catch (error) {
        log.error("answers-put-failed", { error });
      }
    },
  };
}

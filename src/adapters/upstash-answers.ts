import type { Redis } from "@upstash/redis/cloudflare";
import { redisKey } from "../core/answer-key.ts";
import { decodeEntry, encodeEntry } from "../core/entry.ts";
import type { AnswerKey, Log, SharedAnswers } from "../core/ports.ts";
import { latest, NEVER_PURGED } from "../core/purge.ts";
import { retainedMs } from "../core/windows.ts";
import { markKeys, parseMark } from "./upstash-purge-marks.ts";
import { answering } from "./upstash-redis.ts";

/** A name is the same thing for days; a link is made again with every answer that proves it. */
const LINK_MS = 3 * 86_400_000;

/**
 * KEYS: the entry. ARGV: the entry as text, when it was fetched, how long it is kept. Keeps it unless there is one that was fetched no
 * earlier. 2 commands.
 */
const PUT_UNLESS_NEWER = `
local there = redis.call("GETRANGE", KEYS[1], 0, 4096)
local fetched = string.match(there, '^[^\\n]*"fetchedAtMs":(%d+)')
if fetched and tonumber(fetched) >= tonumber(ARGV[2]) then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[3])
return 1
`;

/** Answers in Upstash, shared by all colos. Fails open for writes (logged, the entry is fetched again) and `unavailable` for reads. */
export function upstashAnswers(redis: Redis, clock: () => number, log: Log): SharedAnswers {
  const putUnlessNewer = redis.createScript<number>(PUT_UNLESS_NEWER);
  return {
    async get(key, views) {
      try {
        const digest = await key.digest();
        const keys = [redisKey(key, digest), ...markKeys(views, { digest, subjects: key.subjects })];
        const [text, ...marks] = await redis.mget<(string | null)[]>(keys);
        if (text === undefined || text === null) return { kind: "absent" };
        const entry = decodeEntry(text);
        if (entry === undefined) log.error("answer-unreadable", { endpoint: key.endpoint });
        if (entry?.identity !== key.identity) return { kind: "absent" };
        const purged = marks.map(parseMark).reduce(latest, NEVER_PURGED);
        return { kind: "found", stored: { entry, confirmedAtMs: clock() }, purged };
      } catch (error) {
        log.error("answers-get-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async put(key, { entry }) {
      const keepMs = retainedMs(entry, clock());
      if (keepMs <= 0) return;
      await heard(log, async () => redis.set(redisKey(key, await key.digest()), encodeEntry(entry), { px: keepMs }));
    },
    async putUnlessNewer(key, { entry }) {
      const keepMs = retainedMs(entry, clock());
      if (keepMs <= 0) return;
      const given = [encodeEntry(entry), String(entry.fetchedAtMs), String(keepMs)];
      await heard(log, async () => putUnlessNewer.exec([redisKey(key, await key.digest())], given));
    },
    async link(scope, [one, other]) {
      const linking = redis
        .pipeline()
        .set(linkOf(scope, one), other, { px: LINK_MS })
        .set(linkOf(scope, other), one, { px: LINK_MS });
      await heard(log, () => linking.exec());
    },
    async linked(scope, subject) {
      return (await answering(redis.get<string>(linkOf(scope, subject)))) ?? undefined;
    },
  };
}

async function heard(log: Log, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    log.error("answers-put-failed", { error });
  }
}

function linkOf(scope: AnswerKey["scope"], subject: string): string {
  return `tla:link:${scope}:${subject}`;
}

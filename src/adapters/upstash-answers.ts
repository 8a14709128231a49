import type { Redis } from "@upstash/redis/cloudflare";
import { redisKey } from "../core/answer-key.ts";
import { decodeEntry, encodeEntry, type Entry } from "../core/entry.ts";
import type { AnswerKey, Log, SharedAnswers } from "../core/ports.ts";
import { latest, NEVER_PURGED } from "../core/purge.ts";
import { retainedMs } from "../core/windows.ts";
import { mgetAlongside } from "./upstash-alongside.ts";
import { markKeys, parseMark } from "./upstash-purge-marks.ts";
import { answering } from "./upstash-redis.ts";

/**
 * A name is the same thing for days, and a link is made again when half of them are over: so after each answer that proves it there are three
 * left, longer than any of these is kept, and who purges the one finds the other.
 */
const LINK_MS = 6 * 86_400_000;

/**
 * KEYS: links, then entries. ARGV: how many links there are, and of each key the text, how long it is kept in milliseconds, and a time. A link's text is
 * `<until> <subject>`: it stays when it leads there until that time. An entry stays when it was fetched no earlier. 1 command, and one for
 * each key that is written.
 */
const PUT_BESIDE = `
for at, there in ipairs(redis.call("MGET", unpack(KEYS))) do
  local text, keepMs, ms = ARGV[3 * at - 1], ARGV[3 * at], tonumber(ARGV[3 * at + 1])
  local known
  if at <= tonumber(ARGV[1]) then
    local untilMs, subject = string.match(there or "", "^(%d+) (.*)$")
    known = subject == string.match(text, " (.*)$") and untilMs
  else
    known = string.match(there or "", '^[^\\n]*"fetchedAtMs":(%d+)')
  end
  if not known or tonumber(known) < ms then redis.call("SET", KEYS[at], text, "PX", keepMs) end
end
return 1
`;

/** What `PUT_BESIDE` writes under a key. */
type Write = { readonly key: string; readonly text: string; readonly keepMs: number; readonly ms: number };

/** Answers in Upstash, shared by all colos. Fails open for writes (logged, the entry is fetched again) and `unavailable` for reads. */
export function upstashAnswers(redis: Redis, clock: () => number, log: Log): SharedAnswers {
  const putBeside = redis.createScript<number>(PUT_BESIDE);
  return {
    async get(key, views, alongside = []) {
      try {
        const digest = await key.digest();
        const keys = [redisKey(key, digest), ...markKeys(views, { digest, subjects: key.subjects })];
        const [text, ...marks] = await mgetAlongside(redis, keys, { alongside, clock });
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
    async putBeside({ scope, answers, aliases }) {
      const links = aliases === undefined ? [] : linksOf(scope, aliases, clock());
      await heard(log, async () => {
        const entries = await Promise.all(answers.map(({ key, stored }) => entryWrite(key, stored.entry, clock())));
        const writes = [...links, ...entries].filter(({ keepMs }) => keepMs > 0);
        const given = writes.flatMap(({ text, keepMs, ms }) => [text, String(keepMs), String(ms)]);
        const keys = writes.map(({ key }) => key);
        if (keys.length > 0) await putBeside.exec(keys, [String(links.length), ...given]);
      });
    },
    async linked(scope, subject) {
      const link = await answering(redis.get<string>(linkOf(scope, subject)));
      return link?.slice(link.indexOf(" ") + 1);
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

function linksOf(scope: string, [one, other]: readonly [string, string], nowMs: number): readonly Write[] {
  const untilMs = nowMs + LINK_MS;
  const link = (from: string, to: string) => ({
    key: linkOf(scope, from),
    text: `${untilMs} ${to}`,
    keepMs: LINK_MS,
    ms: untilMs - LINK_MS / 2,
  });
  return [link(one, other), link(other, one)];
}

async function entryWrite(key: AnswerKey, entry: Entry, nowMs: number): Promise<Write> {
  const keepMs = retainedMs(entry, nowMs);
  return { key: redisKey(key, await key.digest()), text: encodeEntry(entry), keepMs, ms: entry.fetchedAtMs };
}

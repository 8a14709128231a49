import type { Redis } from "@upstash/redis/cloudflare";
import { redisKey } from "../core/answer-key.ts";
import { decodeEntry } from "../core/entry.ts";
import { latest, NEVER_PURGED } from "../core/purge.ts";
import type { AnswerHead, AnswerHeads, Glance } from "../core/warm-ports.ts";
import { markKeys, parseMark } from "./upstash-purge-marks.ts";
import { answering } from "./upstash-redis.ts";

/** Read in one command: so many bodies at once are a bearable load for Redis, which alone has to look at them. */
const AT_ONCE = 50;

/**
 * KEYS: entries, then marks of purges. ARGV: how many of them are entries. Returns the first line of each entry, which is all but its body,
 * then the marks. One command for all of them: a range of each would be billed one by one.
 */
const HEADS = `
local values = redis.call("MGET", unpack(KEYS))
for at = 1, tonumber(ARGV[1]) do
  values[at] = values[at] and string.match(values[at], "^[^\\n]*\\n") or false
end
return values
`;

type Keys = { readonly entry: string; readonly marks: readonly string[] };

/** Heads of answers in Upstash, out of the entries that `upstashAnswers` keeps. */
export function upstashAnswerHeads(redis: Redis): AnswerHeads {
  const heads = redis.createScript<(string | null)[]>(HEADS);
  const readSome = async (glances: readonly Glance[]): Promise<readonly (AnswerHead | undefined)[]> => {
    const keys = await Promise.all(glances.map(keysOf));
    const all = [...keys.map(({ entry }) => entry), ...keys.flatMap(({ marks }) => marks)];
    const values = await answering(heads.exec(all, [String(keys.length)]));
    let next = keys.length;
    return glances.map(({ key }, at) => {
      const marks = values.slice(next, (next += keys[at]?.marks.length ?? 0));
      return headOf(key.identity, values[at] ?? "", marks);
    });
  };
  return {
    async read(glances) {
      const read: (AnswerHead | undefined)[] = [];
      for (let at = 0; at < glances.length; at += AT_ONCE)
        read.push(...(await readSome(glances.slice(at, at + AT_ONCE))));
      return read;
    },
  };
}

async function keysOf({ key, views }: Glance): Promise<Keys> {
  const digest = await key.digest();
  return { entry: redisKey(key, digest), marks: markKeys(views, { digest, subjects: key.subjects }) };
}

function headOf(identity: string, line: string, marks: readonly (string | null)[]): AnswerHead | undefined {
  const entry = decodeEntry(line);
  if (entry?.identity !== identity) return undefined;
  return { entry, purged: marks.map(parseMark).reduce(latest, NEVER_PURGED) };
}

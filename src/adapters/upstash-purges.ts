import type { Redis } from "@upstash/redis/cloudflare";
import type { Purges, PurgeTarget } from "../core/purge.ts";
import { NOW } from "./upstash-clock-script.ts";
import { callMark, everythingMark, subjectMark } from "./upstash-purge-marks.ts";
import { answering } from "./upstash-redis.ts";

/**
 * KEYS: marks. ARGV: the mode, how long a mark is kept. Writes the time into each, and never an earlier one over a later one: a soft purge
 * takes no hard one back. Returns the time. 1 command, and 2 for each mark.
 */
const MARK = `${NOW}
for _, key in ipairs(KEYS) do
  local hard, soft = string.match(redis.call("GET", key) or "", "^(%d+) (%d+)$")
  hard, soft = tonumber(hard) or 0, tonumber(soft) or 0
  if ARGV[1] == "hard" then hard = math.max(hard, ms) else soft = math.max(soft, ms) end
  redis.call("SET", key, string.format("%.0f %.0f", hard, soft), "PX", ARGV[2])
end
return string.format("%.0f", ms)
`;

/** Purges as marks in Upstash, read with every entry. `keepMs` is longer than any entry lives: then nothing is left that a mark holds for. */
export function upstashPurges(redis: Redis, keepMs: number): Purges {
  const mark = redis.createScript<string>(MARK);
  return {
    async mark({ view, targets, mode }) {
      const keys = targets.map((target) => markOf(view, target));
      return { atMs: Number(await answering(mark.exec(keys, [mode, String(keepMs)]))) };
    },
  };
}

function markOf(view: string, target: PurgeTarget): string {
  switch (target.kind) {
    case "call":
      return callMark(view, target.digest);
    case "subject":
      return subjectMark(view, target.subject);
    case "everything":
      return everythingMark(view);
    default:
      return target satisfies never;
  }
}

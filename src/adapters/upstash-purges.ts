import type { Redis } from "@upstash/redis/cloudflare";
import type { Purges, PurgeTarget } from "../core/purge.ts";
import { callMark, everythingMark, subjectMark } from "./upstash-purge-marks.ts";
import { answering } from "./upstash-redis.ts";

/**
 * KEYS: marks. ARGV: the mode, the time, how long a mark is kept. Writes the time into each, and never an earlier one over a later one: a
 * soft purge takes no hard one back. 2 commands for each mark.
 */
const MARK = `
local ms = tonumber(ARGV[2])
for _, key in ipairs(KEYS) do
  local hard, soft = string.match(redis.call("GET", key) or "", "^(%d+) (%d+)$")
  hard, soft = tonumber(hard) or 0, tonumber(soft) or 0
  if ARGV[1] == "hard" then hard = math.max(hard, ms) else soft = math.max(soft, ms) end
  redis.call("SET", key, string.format("%.0f %.0f", hard, soft), "PX", ARGV[3])
end
`;

type PurgeSettings = {
  /** Longer than any entry lives: then nothing is left that a mark holds for. */
  readonly keepMs: number;
  /** The ledger's, be that in another Redis: one clock tells a purge from what was reserved before it. Unix milliseconds. */
  readonly ledgerTime: () => Promise<number>;
};

/** Purges as marks in Upstash, read with every entry. */
export function upstashPurges(redis: Redis, { keepMs, ledgerTime }: PurgeSettings): Purges {
  const mark = redis.createScript<null>(MARK);
  return {
    async mark({ view, targets, mode }) {
      const atMs = await answering(ledgerTime());
      const keys = targets.map((target) => markOf(view, target));
      await answering(mark.exec(keys, [mode, String(atMs), String(keepMs)]));
      return { atMs };
    },
  };
}

/** What time it is by a Redis, Unix milliseconds. */
export async function timeOf(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.exec<[string, string]>(["TIME"]);
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
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
